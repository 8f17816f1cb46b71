import type {
  AcquiredResponse,
  FailedResponse,
  HoldResponse,
  RenewedResponse,
  WaitingResponse,
} from '../protos/hold.js'
import type { Connection } from './connection.js'
import { AcquireError, type LossCause } from './errors.js'
import type { Releases } from './releases.js'
import { localDeadline, type Renewals, type SentRenewal } from './renewals.js'
import type { SessionHold } from './session-hold.js'

/** What follows from an answer or a push, for the session to do. */
export interface Consequences {
  /** The hold must be told that something changed. */
  changed(hold: SessionHold): void
  lose(hold: SessionHold, cause: LossCause): void
  fail(hold: SessionHold, error: AcquireError): void
  /** Acquire again, not before `afterMs`. */
  retry(hold: SessionHold, afterMs: number, now: number): void
  /** Send a release of its handle. */
  release(hold: SessionHold): void
  /** The hold has a deadline at this time. */
  due(atMs: number): void
  /** The coordinator stops. */
  drain(connection: Connection, reconnectAfterMs: number, now: number): void
}

/** Refusals of the moment: try again. */
const passing: readonly string[] = [
  'QUEUE_FULL',
  'OVERLOADED',
  'DRAINING',
  'UNAVAILABLE',
  'STORAGE_FULL',
  'NOT_PRIMARY',
]

/** Losses of a place in the queue, or of a grant that was not confirmed, after which the wait goes on. */
const goesOnAfter: readonly LossCause[] = ['unconfirmed', 'expired', 'deleted', 'revoked', 'transferred', 'resumed']

/** A wait that ends this much too early was not ended by its time. */
const earlyEndMs = 1_000

/** What each message of the coordinator means for the holds of a session. */
export class Answers {
  readonly #renewals: Renewals
  readonly #releases: Releases
  readonly #session: Consequences

  constructor(renewals: Renewals, releases: Releases, session: Consequences) {
    this.#renewals = renewals
    this.#releases = releases
    this.#session = session
  }

  receive(connection: Connection, message: HoldResponse, now: number): void {
    switch (message.type) {
      case 'acquired':
        if (message.requestId === 0) this.#granted(connection, message, now)
        else this.#acquired(connection, message, now)
        break
      case 'waiting':
        this.#waiting(connection, message, now)
        break
      case 'renewed':
        this.#renewed(connection, message, now)
        break
      case 'released': {
        const sent = connection.take(message.requestId)
        if (sent?.type === 'release') this.#releases.settle(sent.hold)
        break
      }
      case 'failed':
        if (message.requestId === 0) this.#waitEnded(connection, message, now)
        else this.#failed(connection, message, now)
        break
      case 'lost':
        this.#lost(connection, message.handle, message.cause, now)
        break
      case 'holderChanged': {
        const hold = connection.holds.get(message.handle)
        if (hold?.phase === 'waiting') this.#seeHolder(hold, message.holderIdentity)
        break
      }
      case 'draining':
        this.#session.drain(connection, message.reconnectAfterMs, now)
        break
    }
  }

  /** The answer to an acquire: the lease is ours, counted from when the request was sent. */
  #acquired(connection: Connection, message: AcquiredResponse, now: number): void {
    const sent = connection.take(message.requestId)
    if (sent?.type !== 'acquire') return
    const { hold, sentMs } = sent
    if (!this.#takeHandle(connection, hold, message.handle)) return
    hold.leaseDurationMs = message.leaseDurationMs || hold.leaseDurationMs
    const deadlineMs = localDeadline(sentMs, hold.leaseDurationMs)
    if (hold.phase === 'held') {
      if (message.fencingToken !== hold.fencingToken) {
        // The tenancy is over and this is another, which nobody has asked for.
        this.#session.lose(hold, 'expired')
        hold.releasing = this.#releases.begin(hold)
        this.#session.release(hold)
        return
      }
      this.#extend(hold, deadlineMs)
    } else if (message.unconfirmed || now >= deadlineMs) {
      hold.grantedToken = message.fencingToken
      this.#renewals.sendFor(hold, connection, now)
      return
    } else this.#hold(hold, message.fencingToken, deadlineMs)
    this.#join(hold, connection, sentMs, now, message.renewAfterMs)
  }

  /** A push: no permission yet. A renewal that succeeds makes it one, counted from when it is sent. */
  #granted(connection: Connection, message: AcquiredResponse, now: number): void {
    const hold = connection.holds.get(message.handle)
    if (hold?.phase !== 'waiting') return
    hold.leaseDurationMs = message.leaseDurationMs || hold.leaseDurationMs
    hold.grantedToken = message.fencingToken
    this.#renewals.sendFor(hold, connection, now)
  }

  #waiting(connection: Connection, message: WaitingResponse, now: number): void {
    const sent = connection.take(message.requestId)
    if (sent?.type !== 'acquire') return
    const { hold } = sent
    if (!this.#takeHandle(connection, hold, message.handle)) return
    if (hold.phase === 'held') {
      this.#session.lose(hold, 'expired')
      hold.releasing = this.#releases.begin(hold)
      this.#session.release(hold)
      return
    }
    connection.places.add(hold)
    this.#renewals.hear(now, message.renewAfterMs)
    this.#seeHolder(hold, message.holderIdentity)
  }

  #renewed(connection: Connection, message: RenewedResponse, now: number): void {
    const sent = connection.take(message.requestId)
    if (sent?.type !== 'renew') return
    const failed = new Set<number>()
    for (const { handle } of message.failures) {
      failed.add(handle)
      connection.excluded.delete(handle)
    }
    for (const hold of renewedBy(sent)) {
      if (hold.handle === 0 || failed.has(hold.handle)) continue
      const deadlineMs = localDeadline(sent.sentMs, hold.leaseDurationMs)
      if (hold.phase === 'held' && hold.countsFrom <= message.requestId) this.#extend(hold, deadlineMs)
      else if (hold.phase === 'waiting' && hold.grantedToken > 0) {
        if (now >= deadlineMs) this.#renewals.sendFor(hold, connection, now)
        else {
          this.#hold(hold, hold.grantedToken, deadlineMs)
          this.#join(hold, connection, sent.sentMs, now, message.renewAfterMs)
        }
      }
    }
    for (const handle of failed) this.#lost(connection, handle, 'expired', now)
    this.#renewals.answered(sent, now, message.renewAfterMs)
  }

  #failed(connection: Connection, message: FailedResponse, now: number): void {
    const sent = connection.take(message.requestId)
    if (sent?.type === 'release') this.#releases.settle(sent.hold)
    if (sent?.type === 'renew') this.#renewals.answered(sent, now, message.retryAfterMs)
    if (sent?.type !== 'acquire') return
    const { hold } = sent
    hold.isSent = false
    if (message.reason === 'DRAINING') this.#session.drain(connection, message.retryAfterMs, now)
    if (hold.phase === 'lost') this.#releases.settle(hold)
    else if (passing.includes(message.reason)) this.#session.retry(hold, message.retryAfterMs, now)
    else if (hold.phase === 'held') this.#session.lose(hold, message.reason === 'LEASE_HELD' ? 'expired' : 'refused')
    else if (message.reason === 'LEASE_HELD' && !hold.options.noWait)
      this.#session.retry(hold, message.retryAfterMs, now)
    else this.#refuse(hold, message, now)
  }

  /** A push: the place in the queue is gone. */
  #waitEnded(connection: Connection, message: FailedResponse, now: number): void {
    const hold = connection.holds.get(message.handle)
    if (hold === undefined) return
    this.#drop(connection, hold)
    if (hold.phase !== 'waiting') return
    if (passing.includes(message.reason)) this.#session.retry(hold, message.retryAfterMs, now)
    else this.#refuse(hold, message, now)
  }

  #refuse(hold: SessionHold, message: FailedResponse, now: number): void {
    const { reason, holderIdentity, violations, retryAfterMs } = message
    if (reason === 'WAIT_TIMEOUT' && hold.waitUntilMs - now > earlyEndMs) this.#session.retry(hold, retryAfterMs, now)
    else this.#session.fail(hold, new AcquireError(hold, reason, message.message, { holderIdentity, violations }))
  }

  /** The handle is gone. */
  #lost(connection: Connection, handle: number, cause: LossCause, now: number): void {
    connection.excluded.delete(handle)
    const hold = connection.holds.get(handle)
    if (hold === undefined) return
    this.#drop(connection, hold)
    if (hold.phase === 'waiting' && goesOnAfter.includes(cause)) this.#session.retry(hold, 0, now)
    else this.#session.lose(hold, cause)
  }

  /** The acquire of a hold was answered with a handle; false when the hold is over, and the handle must go. */
  #takeHandle(connection: Connection, hold: SessionHold, handle: number): boolean {
    hold.isSent = false
    hold.handle = handle
    connection.excluded.delete(handle)
    if (hold.phase !== 'lost') {
      connection.holds.set(handle, hold)
      return true
    }
    if (this.#releases.isUnderWay(hold)) this.#session.release(hold)
    else connection.excluded.add(handle)
    return false
  }

  #drop(connection: Connection, hold: SessionHold): void {
    connection.holds.delete(hold.handle)
    connection.places.delete(hold)
    this.#renewals.leave(hold)
    hold.handle = 0
    hold.grantedToken = 0
  }

  /** The hold becomes held. */
  #hold(hold: SessionHold, fencingToken: number, deadlineMs: number): void {
    hold.phase = 'held'
    hold.fencingToken = fencingToken
    hold.grantedToken = 0
    hold.holderIdentity = hold.options.holderIdentity
    hold.deadlineMs = deadlineMs
    hold.backoff = undefined
    this.#session.due(deadlineMs)
    this.#session.changed(hold)
  }

  #extend(hold: SessionHold, deadlineMs: number): void {
    hold.deadlineMs = Math.max(hold.deadlineMs, deadlineMs)
    if (!hold.isInJeopardy) return
    hold.isInJeopardy = false
    this.#session.changed(hold)
  }

  #join(hold: SessionHold, connection: Connection, sentMs: number, now: number, renewAfterMs: number): void {
    connection.places.delete(hold)
    if (hold.isRenewing) {
      this.#renewals.join(hold, connection.nextRequestId, sentMs)
      if (hold.options.renewIntervalMs === undefined) this.#renewals.hear(now, renewAfterMs)
    } else connection.excluded.add(hold.handle)
  }

  #seeHolder(hold: SessionHold, holderIdentity: string): void {
    if (hold.holderIdentity === holderIdentity) return
    hold.holderIdentity = holderIdentity
    this.#session.changed(hold)
  }
}

/** The holds that a renewal may have renewed. */
function* renewedBy({ groups, holds }: SentRenewal): Generator<SessionHold> {
  if (holds !== 'all') yield* holds
  else for (const group of groups) yield* group.members
}
