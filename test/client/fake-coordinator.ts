import { AddressList } from '../../client/address-list.js'
import { Session } from '../../client/session.js'
import { StepClock } from '../../client/step-clock.js'
import { type HoldStream, type HoldStreamHandlers, type Transport, TransportError } from '../../client/transport.js'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { fixedRandom } from '../support/virtual-random.js'

type Request<Type extends HoldRequest['type']> = Extract<HoldRequest, { type: Type }>
type Response<Type extends HoldResponse['type']> = Extract<HoldResponse, { type: Type }>

/** The coordinator's end of a Hold stream: tests read what was sent and say what comes back. */
export class FakeStream implements HoldStream {
  readonly address: string
  readonly sent: HoldRequest[] = []
  isClosed = false
  hasRoom = true
  readonly #handlers: HoldStreamHandlers
  readonly #onRequest: (stream: FakeStream, request: HoldRequest) => void

  constructor(
    address: string,
    handlers: HoldStreamHandlers,
    onRequest: (stream: FakeStream, request: HoldRequest) => void,
  ) {
    this.address = address
    this.#handlers = handlers
    this.#onRequest = onRequest
  }

  send(message: HoldRequest): void {
    if (!this.isClosed) {
      this.sent.push(message)
      this.#onRequest(this, message)
    }
  }

  close(): void {
    this.isClosed = true
  }

  /** The requests of one type so far. */
  of<Type extends HoldRequest['type']>(type: Type): Request<Type>[] {
    return this.sent.filter((request): request is Request<Type> => request.type === type)
  }

  /** The last request of one type. */
  last<Type extends HoldRequest['type']>(type: Type): Request<Type> {
    const request = this.sent.findLast((one): one is Request<Type> => one.type === type)
    if (request === undefined) throw new Error(`no ${type} was sent`)
    return request
  }

  say(message: HoldResponse): void {
    this.#handlers.onMessage(message)
  }

  drain(): void {
    this.hasRoom = true
    this.#handlers.onDrain()
  }

  /** The stream breaks. */
  end(error: TransportError | undefined = new TransportError('UNAVAILABLE', 'the stream broke')): void {
    this.isClosed = true
    this.#handlers.onEnd(error)
  }

  acquired(changes: Partial<Response<'acquired'>> = {}): void {
    const { requestId, leaseDurationMs } = this.last('acquire')
    this.say({
      type: 'acquired',
      requestId,
      handle: 1,
      fencingToken: 100,
      renewAfterMs: leaseDurationMs / 4,
      leaseDurationMs,
      resumed: false,
      unconfirmed: false,
      ...changes,
    })
  }

  /** Grants the lease to a waiter. */
  granted(changes: Partial<Response<'acquired'>> = {}): void {
    this.acquired({ requestId: 0, unconfirmed: true, renewAfterMs: 3_000, ...changes })
  }

  waiting(changes: Partial<Response<'waiting'>> = {}): void {
    const { requestId } = this.last('acquire')
    this.say({
      type: 'waiting',
      requestId,
      handle: 1,
      holderIdentity: 'other',
      ahead: 0,
      renewAfterMs: 2_000,
      ...changes,
    })
  }

  renewed(changes: Partial<Response<'renewed'>> = {}): void {
    const { requestId } = this.last('renew')
    this.say({ type: 'renewed', requestId, failures: [], renewAfterMs: 2_500, ...changes })
  }

  released(): void {
    const { requestId, handle } = this.last('release')
    this.say({ type: 'released', requestId, handle })
  }

  failed(reason: string, changes: Partial<Response<'failed'>> = {}): void {
    const { requestId } = this.last('acquire')
    this.say({
      type: 'failed',
      requestId,
      reason,
      message: '',
      handle: 0,
      holderIdentity: '',
      violations: [],
      retryAfterMs: 0,
      ...changes,
    })
  }
}

/** Addresses behind which tests stand in for the coordinator. */
export class FakeCoordinator {
  readonly streams: FakeStream[] = []
  readonly calls: { address: string; method: string; request: object }[] = []
  /** Told each request as it is sent. */
  onRequest: (stream: FakeStream, request: HoldRequest) => void = () => {}
  onCall: (method: string, request: object, address: string) => Promise<object> = async () => ({})
  onStream: (method: string, request: object, address: string) => AsyncIterable<object> = async function* () {}
  /** Refuses connections. */
  isDown = false
  /** A stream has a connection at once; otherwise when it drains. */
  isReachable = true

  /** The newest stream. */
  get stream(): FakeStream {
    const stream = this.streams.at(-1)
    if (stream === undefined) throw new Error('no stream was opened')
    return stream
  }

  connect(address: string): Transport {
    return {
      openHold: handlers => {
        const stream = new FakeStream(address, handlers, (from, request) => this.onRequest(from, request))
        stream.hasRoom = this.isReachable
        this.streams.push(stream)
        if (this.isDown) stream.end()
        return stream
      },
      call: async <Request extends object, Reply>(method: string, request: Request): Promise<Reply> => {
        this.calls.push({ address, method, request })
        // The test that answers knows what the method answers with.
        return (await this.onCall(method, request, address)) as Reply
      },
      stream: <Request extends object, Reply>(method: string, request: Request): AsyncIterable<Reply> =>
        this.onStream(method, request, address) as AsyncIterable<Reply>,
      close: () => {},
    }
  }

  /** Answers every request at once, as a coordinator does that nobody else uses. */
  answerAll(): void {
    const handles = new WeakMap<FakeStream, number>()
    this.onRequest = (stream, request) => {
      const { requestId } = request
      if (request.type === 'acquire') {
        const handle = (handles.get(stream) ?? 0) + 1
        handles.set(stream, handle)
        stream.acquired({ requestId, handle })
      } else if (request.type === 'renew') stream.renewed({ requestId })
      else stream.say({ type: 'released', requestId, handle: request.handle })
    }
  }
}

/** A session under a virtual clock against a fake coordinator, without jitter unless told. */
export function sessionFixture({ addresses = ['one:1'], random = fixedRandom(), start = 1_000_000 } = {}) {
  const clock = new VirtualClock(start)
  const coordinator = new FakeCoordinator()
  const list = new AddressList(addresses, address => coordinator.connect(address), random)
  const time = new StepClock(clock)
  const instance = '0123456789abcdef0123456789abcdef'
  const another = () => new Session({ addresses: list, clock, time, random, instance })
  return { clock, coordinator, session: another(), another, list }
}

/** An acquire as most tests want it. */
export const lease = { namespace: 'default', name: 'db', holderIdentity: 'me', leaseDurationMs: 10_000 }
