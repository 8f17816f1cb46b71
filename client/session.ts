import type { Clock, Timer } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { AcquireRequest, HoldResponse } from '../protos/hold.js'
import type { AddressList } from './address-list.js'
import { Answers } from './answers.js'
import { Backoff, shortestDelayMs } from './backoff.js'
import { Connection, patienceMs } from './connection.js'
import { AcquireError, LeaseLostError, type LossCause } from './errors.js'
import { Fifo } from './fifo.js'
import type { AcquireOptions, Hold } from './hold.js'
import type { Log } from './log.js'
import { Releases } from './releases.js'
import { Renewals } from './renewals.js'
import { SessionHold } from './session-hold.js'
import { sleep } from './sleep.js'
import { TransportError } from './transport.js'

export interface SessionOptions {
  readonly addresses: AddressList
  readonly clock: Clock
  readonly random: Random
  /** 32 hex digits: this process among those with the same holder identity. */
  readonly instance: string
  readonly log?: Log
  readonly onClosed?: () => void
}

/** With leases at stake the clock is looked at this often, since timers do not count the time a machine sleeps. */
const longestSleepMs = 1_000

/** How far reconnects of the clients of a coordinator that stops are spread. */
const moveSpreadMs = 1_000

/** A wait for `for ever` on the wire, where the coordinator wants a number; it is renewed when it ends. */
const longestWaitMs = 7 * 24 * 3_600_000

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
  readonly #backoff: Backoff
  readonly #holds = new Map<string, SessionHold>()
  readonly #renewals: Renewals
  readonly #releases: Releases
  readonly #answers: Answers
  readonly #toAcquire = new Fifo<SessionHold>()
  readonly #toRelease = new Fifo<SessionHold>()
  #connection: Connection | undefined
  #reconnectAtMs = Number.NEGATIVE_INFINITY
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
    this.#backoff = new Backoff(options.random)
    this.#renewals = new Renewals(options.random)
    this.#releases = new Releases(options, next => this.#do(() => this.#resumeAcquires(next)))
    this.#answers = new Answers(this.#renewals, this.#releases, {
      changed: hold => this.#change(hold),
      lose: (hold, cause) => this.#lose(hold, cause),
      fail: (hold, error) => this.#end(hold, error),
      retry: (hold, afterMs, now) => this.#retry(hold, afterMs, now),
      release: hold => this.#toRelease.push(hold),
      due: atMs => this.#due(atMs),
      drain: (connection, reconnectAfterMs, now) => this.#drain(connection, reconnectAfterMs, now),
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
    const hold = new SessionHold(this.#keeper, options, instance ?? this.#options.instance, key)
    const other = this.#holds.get(key)
    if (other !== undefined && other.state !== 'lost') {
      throw new Error(`the session has lease ${namespace}/${name} already as ${holderIdentity}: use that hold`)
    }
    this.#do(() => {
      this.#holds.set(key, hold)
      if (!options.noWait) this.#due(hold.waitUntilMs)
      hold.isBlocked = this.#releases.queue(hold)
      this.#toAcquire.push(hold)
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
      this.#connection?.close()
      this.#connection = undefined
      this.#renewals.clear()
      this.#isOver = true
    })
    this.#options.onClosed?.()
  }

  readonly #keeper = {
    now: () => this.#now(),
    expire: () => this.#do(() => {}),
    release: (hold: SessionHold) => this.#release(hold),
    setRenewing: (hold: SessionHold, renewing: boolean) => this.#do(() => this.#setRenewing(hold, renewing)),
  }

  #now(): number {
    return this.#clock.sinceBootMs()
  }

  /** Every way in: what is over is over first, then the act, then what follows from it. */
  #do(act: (now: number) => void): void {
    this.#depth++
    try {
      const now = this.#now()
      if (now >= this.#nextDueMs) this.#endDue(now)
      act(now)
      this.#keepConnected(now)
      const connection = this.#connection
      if (connection !== undefined && now >= this.#renewals.nextMs) {
        this.#renewals.send(connection, now, connection.places.size > 0)
      }
      this.#pump(now)
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
        this.#toAcquire.push(hold)
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
      if (hold.handle > 0) this.#toRelease.push(hold)
      else if (!hold.isSent) this.#releases.byToken(hold)
    })
    return hold.releasing ?? Promise.resolve()
  }

  #setRenewing(hold: SessionHold, renewing: boolean): void {
    if (hold.isRenewing === renewing) return
    hold.isRenewing = renewing
    const connection = this.#connection
    if (hold.phase !== 'held' || connection === undefined) return
    if (!renewing) {
      this.#renewals.leave(hold)
      if (hold.handle > 0) connection.excluded.add(hold.handle)
    } else if (hold.handle === 0) {
      if (!hold.isSent) this.#toAcquire.push(hold)
    } else {
      connection.excluded.delete(hold.handle)
      const now = this.#now()
      this.#renewals.join(hold, connection.nextRequestId, now)
      this.#renewals.hurry(hold, now)
    }
  }

  #lose(hold: SessionHold, cause: LossCause): void {
    if (hold.phase === 'lost') return
    const connection = this.#connection
    this.#options.log?.warn({ lease: pathOf(hold), cause, fencingToken: hold.fencingToken }, 'lease lost')
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

  #resumeAcquires(holds: readonly SessionHold[]): void {
    for (const hold of holds) {
      hold.isBlocked = false
      this.#toAcquire.push(hold)
    }
  }

  #onMessage(connection: Connection, message: HoldResponse): void {
    this.#do(now => {
      connection.heardMs = now
      if (!connection.hasAnswered) {
        connection.hasAnswered = true
        this.#backoff.reset()
        this.#options.log?.info({ address: this.#options.addresses.address }, 'session connected')
      }
      this.#answers.receive(connection, message, now)
    })
  }

  /** Opens a stream when one is wanted, and acquires on it what is held, the most urgent first, and what is waited for. */
  #keepConnected(now: number): void {
    if (this.#connection !== undefined || this.#holds.size === 0 || now < this.#reconnectAtMs) return
    const connection = new Connection(this.#options.addresses.current(), now, {
      onMessage: message => this.#onMessage(connection, message),
      onDrain: () => this.#do(() => {}),
      onEnd: error => this.#do(time => this.#disconnected(connection, error, time)),
    })
    this.#connection = connection
    connection.open()
    this.#toAcquire.clear()
    const holds = [...this.#holds.values()]
    const held = holds.filter(hold => hold.phase === 'held').sort((one, other) => one.deadlineMs - other.deadlineMs)
    for (const hold of held) this.#toAcquire.push(hold)
    for (const hold of holds) if (hold.phase === 'waiting') this.#toAcquire.push(hold)
  }

  /** The stream is over: what is held is in jeopardy until it has resumed on another. */
  #disconnected(connection: Connection, error: TransportError | undefined, now: number): void {
    if (connection !== this.#connection) return
    const { addresses, log } = this.#options
    log?.warn({ address: addresses.address, err: error }, 'session disconnected')
    connection.close()
    this.#connection = undefined
    addresses.moveOn(connection.transport)
    this.#renewals.clear()
    this.#toAcquire.clear()
    this.#toRelease.clear()
    for (const hold of this.#holds.values()) {
      leaveStream(hold)
      hold.retryAtMs = Number.POSITIVE_INFINITY
      this.#endanger(hold)
    }
    for (const hold of this.#releases.holds()) {
      leaveStream(hold)
      this.#releases.byToken(hold)
    }
    const delayMs = Math.min(this.#backoff.nextMs(), Math.max(this.#shortestRemainingMs(now) / 4, shortestDelayMs))
    const notBeforeMs = connection.isDraining && addresses.size === 1 ? connection.moveAtMs : now
    this.#reconnectAtMs = Math.max(now + delayMs, notBeforeMs)
  }

  /** The coordinator stops: leave for another soon, or come back when it said, spread out, before a lease runs out. */
  #drain(connection: Connection, reconnectAfterMs: number, now: number): void {
    if (connection.isDraining) return
    const { addresses, random } = this.#options
    const delayMs = (addresses.size > 1 ? 0 : reconnectAfterMs) + random.fraction() * moveSpreadMs
    connection.moveAtMs = now + Math.min(delayMs, this.#shortestRemainingMs(now) / 3)
  }

  #move(connection: Connection, now: number): void {
    this.#disconnected(connection, undefined, now)
    this.#reconnectAtMs = now
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

  /** When to suspect the stream of being dead; not later than it is to be given up. */
  #suspectAtMs(connection: Connection): number {
    const sinceMs = connection.silentSinceMs
    if (sinceMs === Number.POSITIVE_INFINITY) return sinceMs
    return Math.max(sinceMs + patienceMs(this.#nextDueMs - sinceMs), connection.trustedUntilMs)
  }

  /**
   * Gives a silent stream up. Not before the sockets were read: after a pause of this process its timer fires before
   * the answers that wait there.
   */
  #suspect(connection: Connection): void {
    connection.trustedUntilMs = Number.POSITIVE_INFINITY
    this.#clock.afterPoll(() =>
      this.#do(now => {
        if (connection !== this.#connection) return
        const sinceMs = Math.min(connection.silentSinceMs, now)
        connection.trustedUntilMs = sinceMs + patienceMs(this.#shortestRemainingMs(sinceMs))
        if (now >= connection.trustedUntilMs) this.#disconnected(connection, silent, now)
      }),
    )
  }

  /** Sends what is to be acquired and released, as far as the window allows. */
  #pump(now: number): void {
    const connection = this.#connection
    if (connection === undefined) return
    while (connection.hasRoom) {
      const hold = this.#toRelease.shift()
      if (hold === undefined) break
      const { handle } = hold
      connection.holds.delete(handle)
      connection.places.delete(hold)
      connection.excluded.delete(handle)
      connection.send({ type: 'release', sentMs: now, hold }, requestId => ({ type: 'release', requestId, handle }))
    }
    while (connection.hasRoom && !connection.isDraining) {
      const hold = this.#toAcquire.shift()
      if (hold === undefined) break
      if (mayAcquire(hold)) this.#sendAcquire(hold, connection)
    }
  }

  #sendAcquire(hold: SessionHold, connection: Connection): void {
    const sentMs = this.#now()
    hold.isSent = true
    connection.send({ type: 'acquire', sentMs, hold }, requestId => acquireRequest(hold, requestId, sentMs))
  }

  #wake(): void {
    this.#timerMs = Number.POSITIVE_INFINITY
    this.#do(now => {
      const connection = this.#connection
      if (connection === undefined) return
      if (now >= connection.moveAtMs) this.#move(connection, now)
      else if (now >= this.#suspectAtMs(connection)) this.#suspect(connection)
      for (const { members } of this.#renewals.overdue(now)) for (const hold of members) this.#endanger(hold)
    })
  }

  /** Sets the one timer to when something is to be done next. */
  #schedule(): void {
    if (this.#isOver) {
      this.#timer?.cancel()
      return
    }
    const now = this.#now()
    const connection = this.#connection
    let nextMs = this.#nextDueMs
    if (connection !== undefined) {
      nextMs = Math.min(nextMs, connection.moveAtMs, this.#suspectAtMs(connection), this.#renewals.nextMs)
    } else if (this.#holds.size > 0) nextMs = Math.min(nextMs, this.#reconnectAtMs)
    if (this.#holds.size > 0) nextMs = Math.min(nextMs, now + longestSleepMs)
    if (nextMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = nextMs
    this.#timer = this.#clock.setTimer(nextMs - now, () => this.#wake())
  }
}

const silent = new TransportError('UNAVAILABLE', 'the coordinator did not answer in time')

const pathOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`

function leaveStream(hold: SessionHold): void {
  hold.handle = 0
  hold.isSent = false
  hold.grantedToken = 0
}

/** Whether an acquire of the lease is wanted and not under way. */
function mayAcquire(hold: SessionHold): boolean {
  if (hold.handle > 0 || hold.isSent || hold.isBlocked || hold.retryAtMs !== Number.POSITIVE_INFINITY) return false
  return hold.phase === 'waiting' || (hold.phase === 'held' && hold.isRenewing)
}

/** A held lease resumes, or nothing; a waiting one waits for what is left of its time. */
function acquireRequest(hold: SessionHold, requestId: number, now: number): AcquireRequest {
  const { namespace, name, holderIdentity, leaseDurationMs, labels, priority = 0, supersede = false } = hold.options
  const isWaiting = hold.phase === 'waiting'
  const waitTimeoutMs = Math.ceil(Math.min(Math.max(hold.waitUntilMs - now, 0), longestWaitMs))
  return {
    type: 'acquire',
    requestId,
    namespace,
    name,
    holderIdentity,
    instance: hold.instance,
    leaseDurationMs,
    ...(labels === undefined ? {} : { labels }),
    priority,
    ...(isWaiting && !hold.options.noWait ? { waitTimeoutMs } : {}),
    supersede: supersede && isWaiting,
  }
}
