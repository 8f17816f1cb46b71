import type { AcquireRequest, HoldRequest, HoldResponse } from '../../../protos/hold.js'

/** A request that was read and is not answered yet. */
export interface Asked {
  readonly request: HoldRequest
  /** When it was read, on LeaseTime. */
  readonly atMs: number
}

/** What a handle of a stream stands for. */
export interface Place {
  readonly request: AcquireRequest
  readonly stream: Stream
  readonly handle: number
  state: 'waiting' | 'granted' | 'held'
  /** The token that was told with it; 0 while it waits. */
  fencingToken: number
  /** Its rank among all that began to wait. */
  readonly order: number
}

/** A Hold stream as its messages tell of it. */
export class Stream {
  readonly asked = new Map<number, Asked>()
  readonly places = new Map<number, Place>()
  /** When its end was read, in true time. */
  endedAtMs = Number.POSITIVE_INFINITY

  /** The request that an answer is for. */
  answered(response: HoldResponse): Asked | undefined {
    const requestId = 'requestId' in response ? response.requestId : 0
    const asked = this.asked.get(requestId)
    this.asked.delete(requestId)
    return asked
  }

  /** The leases that a renewal is for. */
  *covered(request: HoldRequest): Generator<Place> {
    if (request.type !== 'renew') return
    const handles = request.handles === 'all' ? this.places.keys() : request.handles
    for (const handle of handles) {
      const place = this.places.get(handle)
      if (place !== undefined && place.state !== 'waiting') yield place
    }
  }

  /** Whether an acquire of the lease by this client process is read, not before a time, and unanswered. */
  isAsking(name: string, who: { holderIdentity?: string; instance?: string }, sinceMs = 0): boolean {
    return this.asks(name, who, sinceMs) > 0
  }

  /** How many such acquires there are. */
  asks(name: string, who: { holderIdentity?: string; instance?: string }, sinceMs = 0): number {
    let count = 0
    for (const { request, atMs } of this.asked.values()) {
      if (atMs >= sinceMs && request.type === 'acquire' && request.name === name && isBy(request, who)) count++
    }
    return count
  }
}

/** Whether an acquire is by the very client process. */
export const isBy = (request: AcquireRequest, who: { holderIdentity?: string; instance?: string }): boolean =>
  request.holderIdentity === who.holderIdentity && request.instance === (who.instance ?? '')
