import { type HoldStream, type HoldStreamHandlers, type Transport, TransportError } from '../../client/transport.js'
import type { AcquireRequest, HoldRequest, HoldResponse } from '../../protos/hold.js'

/** A stream whose messages arrive when the test lets them, in order. */
export class ModelStream implements HoldStream {
  /** To the coordinator; 'end' is the last. */
  readonly requests: (HoldRequest | 'end')[] = []
  readonly responses: HoldResponse[] = []
  readonly #handlers: HoldStreamHandlers
  readonly hasRoom = true
  isOver = false

  constructor(handlers: HoldStreamHandlers) {
    this.#handlers = handlers
  }

  send(message: HoldRequest): void {
    if (!this.isOver) this.requests.push(message)
  }

  close(): void {
    if (this.isOver) return
    this.isOver = true
    this.requests.push('end')
  }

  /** The client hears that the stream is over; what it sent before still arrives. */
  break(): void {
    if (this.isOver) return
    this.close()
    this.#handlers.onEnd(new TransportError('UNAVAILABLE', 'the stream broke'))
  }

  /** Lets the oldest response arrive, also when the stream is over. */
  respond(): void {
    const response = this.responses.shift()
    if (response !== undefined) this.#handlers.onMessage(response)
  }
}

interface Place {
  readonly stream: ModelStream
  readonly handle: number
  readonly request: AcquireRequest
}

interface Tenancy extends Place {
  readonly token: number
  deadlineMs: number
  isAttached: boolean
}

/** The rules of one lease, in little: who has it, who waits, what lapses and expires. The test owns time and delivery. */
export class ModelCoordinator {
  readonly streams: ModelStream[] = []
  nowMs = 0
  tenancy: Tenancy | undefined
  #queue: Place[] = []
  #lastToken = 0
  #lastHandle = 0

  connect(): Transport {
    return {
      openHold: handlers => {
        const stream = new ModelStream(handlers)
        this.streams.push(stream)
        return stream
      },
      call: async () => {
        throw new TransportError('UNAVAILABLE', 'only streams here')
      },
      stream: () => {
        throw new TransportError('UNAVAILABLE', 'only streams here')
      },
      close: () => {},
    }
  }

  /** What is due expires, and a free lease goes to its first waiter. */
  pass(ms: number): void {
    this.nowMs += ms
    if (this.tenancy !== undefined && this.nowMs >= this.tenancy.deadlineMs) {
      const { stream, handle, isAttached } = this.tenancy
      this.tenancy = undefined
      if (isAttached) stream.responses.push({ type: 'lost', handle, cause: 'expired' })
    }
    this.#grant()
  }

  /** Takes the oldest request of a stream. */
  take(stream: ModelStream): void {
    const request = stream.requests.shift()
    if (request === undefined) return
    if (request === 'end') {
      this.#queue = this.#queue.filter(place => place.stream !== stream)
      if (this.tenancy?.stream === stream) this.tenancy.isAttached = false
    } else if (request.type === 'acquire') this.#acquire(stream, request)
    else if (request.type === 'renew') {
      const { tenancy } = this
      const isOurs = tenancy?.stream === stream && tenancy.isAttached
      const names = (handle: number) => request.handles === 'all' || request.handles.includes(handle)
      if (tenancy !== undefined && isOurs && names(tenancy.handle)) this.#extend(tenancy)
      const known = (handle: number) =>
        (isOurs && tenancy?.handle === handle) ||
        this.#queue.some(place => place.stream === stream && place.handle === handle)
      const failures = request.handles === 'all' ? [] : request.handles.filter(handle => !known(handle))
      stream.responses.push({
        type: 'renewed',
        requestId: request.requestId,
        failures: failures.map(handle => ({ handle, reason: 'UNKNOWN_HANDLE' })),
        renewAfterMs: 1_000,
      })
    } else {
      const { requestId, handle } = request
      this.#queue = this.#queue.filter(place => place.stream !== stream || place.handle !== handle)
      if (this.tenancy?.stream === stream && this.tenancy.handle === handle) this.tenancy = undefined
      stream.responses.push({ type: 'released', requestId, handle })
    }
    this.#grant()
  }

  #extend(tenancy: Tenancy): void {
    tenancy.deadlineMs = this.nowMs + tenancy.request.leaseDurationMs
  }

  #acquire(stream: ModelStream, request: AcquireRequest): void {
    const { requestId, holderIdentity, instance, leaseDurationMs } = request
    const { tenancy } = this
    const isResume = tenancy?.request.holderIdentity === holderIdentity && tenancy.request.instance === instance
    if (tenancy !== undefined && isResume) {
      if (tenancy.isAttached && tenancy.stream !== stream) {
        tenancy.stream.responses.push({ type: 'lost', handle: tenancy.handle, cause: 'resumed' })
      }
      this.#give({ stream, handle: ++this.#lastHandle, request }, tenancy.token)
    } else if (tenancy === undefined && this.#queue.length === 0) {
      this.#give({ stream, handle: ++this.#lastHandle, request }, ++this.#lastToken)
    } else if (request.waitTimeoutMs === undefined) {
      stream.responses.push({
        type: 'failed',
        requestId,
        reason: 'LEASE_HELD',
        message: '',
        handle: 0,
        holderIdentity: tenancy?.request.holderIdentity ?? '',
        violations: [],
        retryAfterMs: 0,
      })
      return
    } else {
      const handle = ++this.#lastHandle
      this.#queue.push({ stream, handle, request })
      const waiting = { handle, holderIdentity: '', ahead: 0, renewAfterMs: 1_000 }
      stream.responses.push({ type: 'waiting', requestId, ...waiting })
      return
    }
    const fencingToken = this.tenancy?.token ?? 0
    const times = { renewAfterMs: leaseDurationMs / 4, leaseDurationMs }
    const handle = this.tenancy?.handle ?? 0
    const told = { handle, fencingToken, ...times, resumed: isResume, unconfirmed: false }
    stream.responses.push({ type: 'acquired', requestId, ...told })
  }

  #give(place: Place, token: number): void {
    this.tenancy = { ...place, token, deadlineMs: this.nowMs + place.request.leaseDurationMs, isAttached: true }
  }

  #grant(): void {
    if (this.tenancy !== undefined) return
    const place = this.#queue.shift()
    if (place === undefined) return
    const { leaseDurationMs } = place.request
    const renewAfterMs = Math.min(leaseDurationMs, 3_000)
    this.#give(place, ++this.#lastToken)
    if (this.tenancy !== undefined) (this.tenancy as Tenancy).deadlineMs = this.nowMs + renewAfterMs
    place.stream.responses.push({
      type: 'acquired',
      requestId: 0,
      handle: place.handle,
      fencingToken: this.#lastToken,
      renewAfterMs,
      leaseDurationMs,
      resumed: false,
      unconfirmed: true,
    })
  }
}
