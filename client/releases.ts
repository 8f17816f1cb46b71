import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { AddressList } from './address-list.js'
import { Backoff } from './backoff.js'
import type { SessionHold } from './session-hold.js'
import { sleep } from './sleep.js'
import { TransportError } from './transport.js'

/** Releases by token that may be under way at once. */
const maxCalls = 100

/** How long one call may take. */
const callTimeoutMs = 5_000

interface Release {
  readonly hold: SessionHold
  readonly settled: () => void
  /** Acquires of the same tenancy, which must come after. */
  readonly next: SessionHold[]
  isByToken: boolean
}

/**
 * The releases under way. One whose stream broke goes on as a call with the lease's token, which does no harm when the
 * first one arrived after all; at the local deadline it is over, since the lease then runs out by itself. But one that
 * was sent and never answered may still be on its way: whoever acquires the lease next must not resume that tenancy, which
 * it would end.
 */
export class Releases {
  readonly #addresses: AddressList
  readonly #clock: Clock
  readonly #random: Random
  readonly #onSettled: (next: readonly SessionHold[], isAnswered: boolean) => void
  readonly #underWay = new Map<string, Release>()
  readonly #toCall: SessionHold[] = []
  readonly #closing = new AbortController()
  #calls = 0

  constructor(
    { addresses, clock, random }: { addresses: AddressList; clock: Clock; random: Random },
    onSettled: (next: readonly SessionHold[], isAnswered: boolean) => void,
  ) {
    this.#addresses = addresses
    this.#clock = clock
    this.#random = random
    this.#onSettled = onSettled
  }

  /** Notes a release; the promise resolves when it is settled. */
  begin(hold: SessionHold): Promise<void> {
    return new Promise(settled => void this.#underWay.set(hold.key, { hold, settled, next: [], isByToken: false }))
  }

  isUnderWay(hold: SessionHold): boolean {
    return this.#underWay.get(hold.key)?.hold === hold
  }

  /** Puts an acquire behind a release of the same tenancy; false when there is none. */
  queue(hold: SessionHold): boolean {
    const release = this.#underWay.get(hold.key)
    release?.next.push(hold)
    return release !== undefined
  }

  settle(hold: SessionHold, isAnswered = true): void {
    const release = this.#underWay.get(hold.key)
    if (release?.hold !== hold) return
    this.#underWay.delete(hold.key)
    release.settled()
    this.#onSettled(release.next, isAnswered)
  }

  /** Every release under way. */
  holds(): SessionHold[] {
    return [...this.#underWay.values()].map(({ hold }) => hold)
  }

  /** There is no stream for this release: goes on by token, where the lease has one. */
  byToken(hold: SessionHold): void {
    const release = this.#underWay.get(hold.key)
    if (release?.hold !== hold || release.isByToken) return
    release.isByToken = true
    if (hold.fencingToken === 0 || this.#closing.signal.aborted) {
      this.settle(hold)
      return
    }
    this.#toCall.push(hold)
    this.#startCalls()
  }

  /** Gives up on what is under way. */
  close(): void {
    this.#closing.abort()
    for (const hold of this.holds()) this.settle(hold)
  }

  #startCalls(): void {
    while (this.#calls < maxCalls) {
      const hold = this.#toCall.shift()
      if (hold === undefined) return
      this.#calls++
      void this.#call(hold).then(isAnswered => {
        this.#calls--
        this.settle(hold, isAnswered)
        this.#startCalls()
      })
    }
  }

  /** @returns whether the coordinator has said that the tenancy is over, or nothing was sent. */
  async #call({ namespace, name, fencingToken, deadlineMs }: SessionHold): Promise<boolean> {
    const backoff = new Backoff(this.#random)
    const { signal } = this.#closing
    for (let tries = 0; ; tries++) {
      const leftMs = deadlineMs - this.#clock.sinceBootMs()
      if (leftMs <= 0 || signal.aborted) return tries === 0
      const transport = this.#addresses.current()
      try {
        const timeoutMs = Math.min(leftMs, callTimeoutMs)
        await transport.call('ReleaseLease', { namespace, name, fencingToken }, { signal, timeoutMs })
        return true
      } catch (error) {
        if (!(error instanceof TransportError) || isFinal(error)) return true
        if (error.status === 'UNAVAILABLE') this.#addresses.moveOn(transport)
      }
      await sleep(this.#clock, Math.min(backoff.nextMs(), leftMs), signal)
    }
  }
}

/** The coordinator's word on this tenancy: it is over already, or cannot be found. */
const isFinal = ({ status }: TransportError): boolean =>
  ['FAILED_PRECONDITION', 'NOT_FOUND', 'INVALID_ARGUMENT', 'UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(status)
