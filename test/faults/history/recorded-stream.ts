import type { HoldStream, HoldStreamHandlers, Transport, TransportError } from '../../../client/index.js'
import type {
  AcquiredResponse,
  AcquireRequest,
  FailedResponse,
  HoldRequest,
  HoldResponse,
  RenewedResponse,
} from '../../../protos/hold.js'
import type { Ending, HistoryFile } from './history-file.js'

/** A lease, or a place in its queue, as the client knows it by a handle. */
interface Seat {
  readonly lease: string
  readonly holderIdentity: string
  /** Undefined while it is waited for. */
  token: number | undefined
  /** Notes what came of the acquire. */
  readonly end: (end: Ending) => void
}

interface Renewed {
  readonly handle: number
  readonly end: (end: Ending) => void
}

/** A Hold stream whose requests and answers go into a history, one operation for each lease that they touch. */
export class RecordedStream implements HoldStream {
  readonly #stream: HoldStream
  readonly #history: HistoryFile
  readonly #holders: Map<string, string>
  readonly #seats = new Map<number, Seat>()
  /** By the id of the request. */
  readonly #acquires = new Map<number, Seat>()
  readonly #renewals = new Map<number, readonly Renewed[]>()
  readonly #releases = new Map<number, (end: Ending) => void>()

  constructor(transport: Transport, handlers: HoldStreamHandlers, history: HistoryFile, holders: Map<string, string>) {
    this.#history = history
    this.#holders = holders
    this.#stream = transport.openHold({
      onMessage: message => {
        this.#receive(message)
        handlers.onMessage(message)
      },
      onDrain: () => handlers.onDrain(),
      onEnd: error => {
        this.#ended(error)
        handlers.onEnd(error)
      },
    })
  }

  get hasRoom(): boolean {
    return this.#stream.hasRoom
  }

  send(message: HoldRequest): void {
    const { requestId } = message
    if (message.type === 'acquire') this.#acquires.set(requestId, this.#acquire(message))
    else if (message.type === 'renew') this.#renewals.set(requestId, this.#renew(message.handles))
    else this.#release(requestId, message.handle)
    this.#stream.send(message)
  }

  close(): void {
    this.#ended(undefined)
    this.#stream.close()
  }

  #acquire({ namespace, name, holderIdentity, leaseDurationMs }: AcquireRequest): Seat {
    const lease = `${namespace}/${name}`
    const end = this.#history.call({ lease, kind: 'acquire', holderIdentity, leaseDurationMs })
    return { lease, holderIdentity, token: undefined, end }
  }

  #renew(handles: readonly number[] | 'all'): Renewed[] {
    return (handles === 'all' ? [...this.#seats.keys()] : handles).flatMap(handle => {
      const tenancy = this.#tenancyOf(handle)
      return tenancy?.fencingToken === undefined
        ? []
        : [{ handle, end: this.#history.call({ ...tenancy, kind: 'renew' }) }]
    })
  }

  #release(requestId: number, handle: number): void {
    const tenancy = this.#tenancyOf(handle)
    if (tenancy !== undefined) this.#releases.set(requestId, this.#history.call({ ...tenancy, kind: 'release' }))
  }

  #tenancyOf(handle: number): { lease: string; holderIdentity: string; fencingToken?: string } | undefined {
    const seat = this.#seats.get(handle)
    if (seat === undefined) return undefined
    const { lease, holderIdentity, token } = seat
    return { lease, holderIdentity, ...(token === undefined ? {} : { fencingToken: String(token) }) }
  }

  #receive(message: HoldResponse): void {
    switch (message.type) {
      case 'acquired':
        this.#acquired(message)
        break
      case 'waiting': {
        const seat = this.#acquires.get(message.requestId)
        if (seat !== undefined) this.#seats.set(message.handle, seat)
        this.#acquires.delete(message.requestId)
        break
      }
      case 'renewed':
        this.#renewed(message)
        break
      case 'released':
        this.#releases.get(message.requestId)?.({ outcome: 'ok' })
        this.#releases.delete(message.requestId)
        // A grant would have come before this answer.
        this.#seats.get(message.handle)?.end({ outcome: 'refused', reason: 'GIVEN_UP' })
        this.#seats.delete(message.handle)
        break
      case 'failed':
        this.#failed(message)
        break
      case 'lost':
        this.#seats.delete(message.handle)
        this.#lost(message.handle)
        break
    }
  }

  #acquired({ requestId, handle, fencingToken, resumed, unconfirmed }: AcquiredResponse): void {
    const seat = requestId === 0 ? this.#seats.get(handle) : this.#acquires.get(requestId)
    this.#acquires.delete(requestId)
    if (seat === undefined) return
    seat.token = fencingToken
    this.#seats.set(handle, seat)
    this.#holders.set(String(fencingToken), seat.holderIdentity)
    seat.end({ outcome: 'ok', fencingToken: String(fencingToken), resumed, unconfirmed })
  }

  #renewed({ requestId, failures }: RenewedResponse): void {
    const reasons = new Map(failures.map(({ handle, reason }) => [handle, reason]))
    for (const { handle, end } of this.#renewals.get(requestId) ?? []) {
      const reason = reasons.get(handle)
      // An unknown handle is one that the session lost, perhaps to another session of the same holder.
      end(reason === undefined ? { outcome: 'ok' } : { outcome: 'refused', reason })
    }
    this.#renewals.delete(requestId)
  }

  /** Messages come in the order of the decisions: a renewal of all leases that is answered later was not of this one. */
  #lost(handle: number): void {
    for (const [requestId, renewals] of this.#renewals) {
      for (const renewed of renewals) {
        if (renewed.handle === handle) renewed.end({ outcome: 'refused', reason: 'STALE_FENCING_TOKEN' })
      }
      this.#renewals.set(
        requestId,
        renewals.filter(renewed => renewed.handle !== handle),
      )
    }
  }

  #failed({ requestId, handle, reason, holderIdentity }: FailedResponse): void {
    const seat = requestId === 0 ? this.#seats.get(handle) : this.#acquires.get(requestId)
    seat?.end({ outcome: 'refused', reason, holderIdentity })
    this.#acquires.delete(requestId)
    for (const { end } of this.#renewals.get(requestId) ?? []) end({ outcome: 'refused', reason })
    this.#renewals.delete(requestId)
    // A release by handle names no token: its refusal says nothing of the lease.
    this.#releases.get(requestId)?.({ outcome: 'refused', reason: 'UNKNOWN_HANDLE' })
    this.#releases.delete(requestId)
    if (requestId === 0) this.#seats.delete(handle)
  }

  /** What is unanswered may have been done or not. */
  #ended(error: TransportError | undefined): void {
    const end: Ending = { outcome: 'unknown', reason: error?.status ?? 'closed' }
    for (const seat of [...this.#acquires.values(), ...this.#seats.values()]) seat.end(end)
    for (const renewed of this.#renewals.values()) for (const one of renewed) one.end(end)
    for (const release of this.#releases.values()) release(end)
    this.#acquires.clear()
    this.#seats.clear()
    this.#renewals.clear()
    this.#releases.clear()
  }
}
