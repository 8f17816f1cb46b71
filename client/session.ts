import type { Clock, Timer } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { AddressList } from './address-list.js'
import { Answers } from './answers.js'
import { Backoff } from './backoff.js'
import { AcquireError, LeaseLostError, type LossCause } from './errors.js'
import type { AcquireOptions, Hold } from './hold.js'
import { randomInstance } from './instance.js'
import { Link } from './link.js'
import type { Log } from './log.js'
import { Releases } from './releases.js'
import { Renewals } from './renewals.js'
import { SessionHold } from './session-hold.js'
import { sleep } from './sleep.js'
import type { StepClock } from './step-clock.js'

export interface SessionOptions {
  readonly addresses: AddressList
  readonly clock: Clock
  /** Of the same clock, shared by the sessions of a client. */
  readonly time: StepClock
  readonly random: Random
  /** 32 hex digits: this process among those with the same holder identity. */
  readonly instance: string
  readonly log?: Log
  readonly onClosed?: () => void
}

/** With leases at stake the clock is looked at this often, since timers do not count the time a machine sleeps. */
const longestSleepMs = 1_000

/** How much longer than a wait's end its verdict may take to arrive. */
const verdictGraceMs = 1_000

/**
 * Holds leases over one Hold stream, which it replaces when it ends, falls silent or its coordinator stops. A state
 * machine: it acts on calls, on what the transport brings and on one timer, and asks only its clock for the time.
 *
 * A lease counts as held until the time at which the last answered request was *sent* plus 0.97 of its duration. What a
 * stream brings after its end, or an answer after a loss, revives nothing.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #clock: Clock
  readonly #time: StepClock
  readonly #holds = new Map<string, SessionHold>()
  readonly #renewals: Renewals
  readonly #releases: Releases
  readonly #answers: Answers
  readonly #link: Link
  /** Another after a release that went unanswered. */
  #instance: string
  /** Not later than the next local deadline, end of a wait, or retry. */
  #nextDueMs = Number.POSITIVE_INFINITY
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY
  /** Who must be told, once all is consistent. */
  #changed = new Set<SessionHold>()
  #depth = 0
  #closed: Promise<void> | undefined
  #isClosing = false
  #isOver = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#time = options.time
    this.#renewals = new Renewals(options.random)
    this.#instance = options.instance
    this.#releases = new Releases(options, (next, isAnswered) =>
      this.#do(() => {
        if (!isAnswered) this.#instance = randomInstance(options.random)
        this.#resumeAcquires(next, isAnswered)
      }),
    )
    this.#answers = new Answers(this.#renewals, this.#releases, {
      changed: hold => this.#change(hold),
      lose: (hold, cause) => this.#lose(hold, cause),
      fail: (hold, error) => this.#end(hold, error),
      retry: (hold, afterMs, now) => this.#retry(hold, afterMs, now),
      release: hold => this.#link.release(hold),
      due: atMs => this.#due(atMs),
      drain: (connection, reconnectAfterMs, now) => this.#link.drain(connection, reconnectAfterMs, now),
    })
    const holds = this.#holds
    this.#link = new Link(options, {
      step: act => this.#do(act),
      wanted: () => this.#wanted(),
      get wantsAnything() {
        return holds.size > 0
      },
      shortestRemainingMs: now => this.#shortestRemainingMs(now),
      received: (connection, message, now) => this.#answers.receive(connection, message, now),
      disconnected: () => this.#disconnected(),
    })
  }

  /** How many leases it holds or waits for. */
  get size(): number {
    return this.#holds.size
  }

  /**
   * Acquires a lease, waiting for it where somebody else has it, and keeps it.
   *
   * @throws RangeError for a renewal interval that cannot keep the lease.
   * @throws Error when the session is closed, or holds or waits for the lease under this identity already.
   */
  acquire(options: AcquireOptions): Hold {
    const { namespace, name, holderIdentity, leaseDurationMs, renewIntervalMs, instance } = options
    if (this.#isClosing) throw new Error('the session is closed: open another')
    if (renewIntervalMs !== undefined && !(renewIntervalMs > 0 && renewIntervalMs <= 0.9 * leaseDurationMs)) {
      const range = `more than 0 and at most 0.9 of the lease duration of ${leaseDurationMs} ms`
      throw new RangeError(`renewIntervalMs: ${renewIntervalMs} must be ${range}`)
    }
    const key = [namespace, name, holderIdentity, instance ?? this.#options.instance].join('\0')
    const hold = new SessionHold(this.#keeper, options, instance ?? this.#instance, key)
    const other = this.#holds.get(key)
    if (other !== undefined && other.state !== 'lost') {
      throw new Error(`the session has lease ${namespace}/${name} already as ${holderIdentity}: use that hold`)
    }
    this.#do(() => {
      this.#holds.set(key, hold)
      if (!options.noWait) this.#due(hold.waitUntilMs)
      hold.isBlocked = this.#releases.queue(hold)
      this.#link.acquire(hold)
    })
    return hold
  }

  /**
   * Ends the session: releases everything first, or with `release: false` leaves leases to run their time. Its holds are
   * lost from the moment of the call. Resolves at the latest after `timeoutMs`, 5 s by default.
   */
  close({ release = true, timeoutMs = 5_000 }: { release?: boolean; timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(release, timeoutMs)
    return this.#closed
  }

  async #close(release: boolean, timeoutMs: number): Promise<void> {
    this.#isClosing = true
    const holds = [...this.#holds.values()]
    if (release) {
      const stop = new AbortController()
      const released = Promise.all([...holds, ...this.#releases.holds()].map(hold => hold.release()))
      await Promise.race([released, sleep(this.#clock, timeoutMs, stop.signal)])
      stop.abort()
    }
    this.#do(() => {
      for (const hold of holds) this.#lose(hold, 'closed')
      this.#releases.close()
      this.#link.close()
      this.#renewals.clear()
      this.#isOver = true
    })
    this.#options.onClosed?.()
  }

  readonly #keeper = {
    now: () => this.#time.now(),
    expire: () => this.#do(() => {}),
    release: (hold: SessionHold) => this.#release(hold),
    setRenewing: (hold: SessionHold, renewing: boolean) => this.#do(() => this.#setRenewing(hold, renewing)),
  }

  /** Every way in: what is over is over first, then the act, then what follows from it. */
  #do(act: (now: number) => void): void {
    this.#depth++
    try {
      const now = this.#time.stepTime()
      if (now >= this.#nextDueMs) this.#endDue(now)
      act(now)
      const { connection } = this.#link
      if (connection !== undefined && now >= this.#renewals.nextMs) {
        this.#renewals.send(connection, now, connection.places.size > 0)
      }
      this.#link.keep(now)
    } finally {
      this.#depth--
    }
    if (this.#depth > 0) return
    this.#tell()
    this.#schedule()
  }

  /** Tells who must be told; what listeners do meanwhile is told in the same round. */
  #tell(): void {
    this.#depth++
    for (const hold of this.#changed) {
      this.#changed.delete(hold)
      hold.tell(error => this.#options.log?.error({ err: error, lease: pathOf(hold) }, 'a listener of a lease threw'))
    }
    this.#depth--
  }

  #change(hold: SessionHold): void {
    if (hold.isObserved) this.#changed.add(hold)
  }

  #due(atMs: number): void {
    this.#nextDueMs = Math.min(this.#nextDueMs, atMs)
  }

  /** Ends what has run out, acquires what is to be retried, and finds the next time for it. */
  #endDue(now: number): void {
    this.#nextDueMs = Number.POSITIVE_INFINITY
    for (const hold of this.#holds.values()) {
      if (hold.phase === 'held') {
        if (now >= hold.deadlineMs) {
          this.#lose(hold, 'expired')
          continue
        }
        this.#due(hold.deadlineMs)
      } else {
        const endMs = hold.waitUntilMs + (hold.handle > 0 ? verdictGraceMs : 0)
        if (now >= endMs) {
          this.#giveUp(hold)
          continue
        }
        this.#due(endMs)
      }
      if (now >= hold.retryAtMs) {
        hold.retryAtMs = Number.POSITIVE_INFINITY
        this.#link.acquire(hold)
      } else this.#due(hold.retryAtMs)
    }
  }

  /** The wait for a lease is over; its place in the queue, or what was granted meanwhile, goes back. */
  #giveUp(hold: SessionHold): void {
    this.#release(hold, new AcquireError(hold, 'WAIT_TIMEOUT', '', { holderIdentity: hold.holderIdentity }))
  }

  #release(hold: SessionHold, error?: AcquireError): Promise<void> {
    this.#do(() => {
      if (hold.phase === 'lost') return
      const wasHeld = hold.phase === 'held'
      const isKnown = hold.isSent || hold.handle > 0
      this.#end(hold, error ?? new LeaseLostError(hold, 'released', hold.fencingToken))
      if (!wasHeld && !isKnown) return
      hold.releasing = this.#releases.begin(hold)
      if (hold.handle > 0) this.#link.release(hold)
      else if (!hold.isSent) this.#releases.byToken(hold)
    })
    return hold.releasing ?? Promise.resolve()
  }

  #setRenewing(hold: SessionHold, renewing: boolean): void {
    if (hold.isRenewing === renewing) return
    hold.isRenewing = renewing
    const { connection } = this.#link
    if (hold.phase !== 'held' || connection === undefined) return
    if (!renewing) {
      this.#renewals.leave(hold)
      if (hold.handle > 0) connection.excluded.add(hold.handle)
    } else if (hold.handle === 0) {
      if (!hold.isSent) this.#link.acquire(hold)
    } else {
      connection.excluded.delete(hold.handle)
      const now = this.#time.stepTime()
      this.#renewals.join(hold, connection.nextRequestId, now)
      this.#renewals.hurry(hold, now)
    }
  }

  #lose(hold: SessionHold, cause: LossCause): void {
    if (hold.phase === 'lost') return
    const { connection } = this.#link
    // What the caller has ended itself is no news.
    if (cause !== 'closed') {
      this.#options.log?.warn({ lease: pathOf(hold), cause, fencingToken: hold.fencingToken }, 'lease lost')
    }
    this.#end(hold, new LeaseLostError(hold, cause, hold.fencingToken))
    // The coordinator may still count it as ours: let it run out there.
    if (hold.handle > 0 && connection !== undefined) {
      connection.holds.delete(hold.handle)
      connection.excluded.add(hold.handle)
    }
  }

  /** The hold is over; what the coordinator must hear is the caller's matter. */
  #end(hold: SessionHold, error: LeaseLostError | AcquireError): void {
    hold.phase = 'lost'
    hold.error = error
    hold.isInJeopardy = false
    hold.retryAtMs = Number.POSITIVE_INFINITY
    this.#renewals.leave(hold)
    this.#holds.delete(hold.key)
    this.#change(hold)
  }

  /** Acquires the lease again after a while. */
  #retry(hold: SessionHold, afterMs: number, now: number): void {
    hold.backoff ??= new Backoff(this.#options.random)
    hold.retryAtMs = now + Math.max(hold.backoff.nextMs(), afterMs)
    this.#due(hold.retryAtMs)
  }

  #resumeAcquires(holds: readonly SessionHold[], mayResume: boolean): void {
    for (const hold of holds) {
      hold.isBlocked = false
      if (!mayResume) hold.instance = this.#instance
      this.#link.acquire(hold)
    }
  }

  /** What is held, the most urgent first, and then what is waited for, in the order it was asked for. */
  *#wanted(): Generator<SessionHold> {
    const holds = [...this.#holds.values()]
    yield* holds.filter(({ phase }) => phase === 'held').sort((one, other) => one.deadlineMs - other.deadlineMs)
    yield* holds.filter(({ phase }) => phase === 'waiting')
  }

  /** The stream is over: what is held is in jeopardy until it has resumed on another. */
  #disconnected(): void {
    this.#renewals.clear()
    for (const hold of this.#holds.values()) {
      hold.leaveStream()
      this.#endanger(hold)
    }
    for (const hold of this.#releases.holds()) {
      hold.leaveStream()
      this.#releases.byToken(hold)
    }
  }

  #endanger(hold: SessionHold): void {
    if (hold.phase !== 'held' || hold.isInJeopardy) return
    hold.isInJeopardy = true
    this.#change(hold)
  }

  /** How long until the first lease runs out; Infinity when none is held. Looks at all of them. */
  #shortestRemainingMs(now: number): number {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const hold of this.#holds.values()) {
      if (hold.phase === 'held') deadlineMs = Math.min(deadlineMs, hold.deadlineMs)
    }
    return Math.max(deadlineMs - now, 0)
  }

  #wake(): void {
    this.#timerMs = Number.POSITIVE_INFINITY
    this.#do(now => {
      this.#link.wake(now, this.#nextDueMs)
      for (const { members } of this.#renewals.overdue(now)) for (const hold of members) this.#endanger(hold)
    })
  }

  /** Sets the one timer to when something is to be done next. */
  #schedule(): void {
    if (this.#isOver) {
      this.#timer?.cancel()
      return
    }
    const now = this.#time.stepTime()
    let nextMs = Math.min(this.#nextDueMs, this.#link.nextMs(this.#nextDueMs))
    if (this.#link.connection !== undefined) nextMs = Math.min(nextMs, this.#renewals.nextMs)
    if (this.#holds.size > 0) nextMs = Math.min(nextMs, now + longestSleepMs)
    if (nextMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = nextMs
    this.#timer = this.#clock.setTimer(nextMs - now, () => this.#wake())
  }
}

const pathOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`
