import type { Random } from '../clock/random.js'
import type { HoldRequest } from '../protos/hold.js'
import type { Connection } from './connection.js'
import type { SessionHold } from './session-hold.js'

/** The share of a lease duration, from the sending of the request on, in which its holder may act. */
const holderShare = 0.97

/** The most handles in one message. */
const handlesPerMessage = 5_000

/** A renewal comes up to this share later than its cadence says, so that clients which started together spread. */
const jitterShare = 0.04

/** What is due within this share of its cadence goes along with what is due now. */
const alongShare = 0.1

/** No cadence is shorter, whatever we are told. */
const shortestCadenceMs = 50

/** Until when a holder may act on a request that was sent at `sentMs`. */
export const localDeadline = (sentMs: number, leaseDurationMs: number): number => sentMs + holderShare * leaseDurationMs

/** Leases that are renewed together. */
export class RenewalGroup {
  /** The caller's interval; undefined: as often as the coordinator says. */
  readonly intervalMs: number | undefined
  readonly members = new Set<SessionHold>()
  cadenceMs: number
  /** When to renew next; Infinity while a renewal is unanswered. */
  dueMs = Number.POSITIVE_INFINITY
  /** Messages of the last renewal that are unanswered. */
  unanswered = 0
  /** When an unanswered renewal puts the members in jeopardy; Infinity when there is none. */
  jeopardyAtMs = Number.POSITIVE_INFINITY

  constructor(intervalMs: number | undefined) {
    this.intervalMs = intervalMs
    this.cadenceMs = intervalMs ?? 0
  }
}

/** A renewal on its way. */
export interface SentRenewal {
  readonly type: 'renew'
  readonly sentMs: number
  readonly groups: readonly RenewalGroup[]
  /** The leases it names; 'all': the members of its groups. */
  readonly holds: readonly SessionHold[] | 'all'
}

/** When the leases of a session are renewed: in groups, a message for all of them where they are due together. */
export class Renewals {
  readonly #random: Random
  readonly #told = new RenewalGroup(undefined)
  readonly #groups = new Map<number | undefined, RenewalGroup>([[undefined, this.#told]])

  constructor(random: Random) {
    this.#random = random
  }

  /** When something is to be done next. */
  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { dueMs, jeopardyAtMs } of this.#groups.values()) nextMs = Math.min(nextMs, dueMs, jeopardyAtMs)
    return nextMs
  }

  /** From now on the lease is renewed, and renewals of all leases count for it from `requestId` on. */
  join(hold: SessionHold, requestId: number, sentMs: number): void {
    hold.countsFrom = requestId
    const { renewIntervalMs } = hold.options
    const group = this.#groups.get(renewIntervalMs) ?? new RenewalGroup(renewIntervalMs)
    this.#groups.set(renewIntervalMs, group)
    group.members.add(hold)
    hold.group = group
    if (renewIntervalMs === undefined || group.unanswered > 0) return
    group.dueMs = Math.min(group.dueMs, sentMs + this.#jittered(renewIntervalMs))
  }

  leave(hold: SessionHold): void {
    const { group } = hold
    if (group === undefined) return
    hold.group = undefined
    group.members.delete(hold)
    if (group.members.size > 0 || group === this.#told) return
    this.#groups.delete(group.intervalMs)
  }

  /** The coordinator said when it wants to hear from the session. */
  hear(now: number, renewAfterMs: number): void {
    const cadenceMs = Math.max(renewAfterMs, shortestCadenceMs)
    this.#told.cadenceMs = cadenceMs
    if (this.#told.unanswered === 0) this.#told.dueMs = Math.min(this.#told.dueMs, now + this.#jittered(cadenceMs))
  }

  /** A lease is to be renewed at once. */
  hurry({ group }: SessionHold, now: number): void {
    if (group !== undefined && group.unanswered === 0) group.dueMs = now
  }

  /** The stream is over; leases join again when they have resumed. */
  clear(): void {
    for (const group of this.#groups.values()) for (const hold of group.members) hold.group = undefined
    this.#groups.clear()
    this.#told.members.clear()
    this.#told.dueMs = Number.POSITIVE_INFINITY
    this.#told.unanswered = 0
    this.#told.jeopardyAtMs = Number.POSITIVE_INFINITY
    this.#groups.set(undefined, this.#told)
  }

  /** The groups whose renewal went unanswered for longer than its cadence; each is told once. */
  *overdue(now: number): Generator<RenewalGroup> {
    for (const group of this.#groups.values()) {
      if (now < group.jeopardyAtMs) continue
      group.jeopardyAtMs = Number.POSITIVE_INFINITY
      yield group
    }
  }

  /** Sends what is due. `isWaiting`: the session has places in queues, whose sign of life this is. */
  send(connection: Connection, now: number, isWaiting: boolean): void {
    const live = [...this.#groups.values()].filter(group => this.#isLive(group, isWaiting))
    if (!live.some(group => group.dueMs <= now)) {
      if (!live.includes(this.#told)) this.#told.dueMs = Number.POSITIVE_INFINITY
      return
    }
    const due = live.filter(group => group.dueMs <= now + alongShare * group.cadenceMs)
    if (due.length === live.length && connection.excluded.size === 0) {
      this.#sendOne(connection, now, due, 'all')
      return
    }
    const holds = due.flatMap(group => [...group.members])
    for (let at = 0; at === 0 || at < holds.length; at += handlesPerMessage) {
      this.#sendOne(connection, now, due, holds.slice(at, at + handlesPerMessage))
    }
  }

  /** Renews one lease now, outside its cadence: to confirm a grant. */
  sendFor(hold: SessionHold, connection: Connection, now: number): void {
    this.#sendOne(connection, now, [], [hold])
  }

  /** A renewal was answered: when to send the next. */
  answered({ groups, sentMs }: SentRenewal, now: number, renewAfterMs: number): void {
    for (const group of groups) {
      group.unanswered = Math.max(group.unanswered - 1, 0)
      if (group.unanswered > 0) continue
      group.jeopardyAtMs = Number.POSITIVE_INFINITY
      if (group.intervalMs === undefined) this.hear(now, renewAfterMs)
      else group.dueMs = Math.max(sentMs + this.#jittered(group.intervalMs), now)
    }
  }

  #isLive(group: RenewalGroup, isWaiting: boolean): boolean {
    return group.members.size > 0 || (group === this.#told && isWaiting)
  }

  #sendOne(
    connection: Connection,
    now: number,
    groups: readonly RenewalGroup[],
    holds: readonly SessionHold[] | 'all',
  ): void {
    for (const group of groups) {
      group.dueMs = Number.POSITIVE_INFINITY
      group.unanswered++
      group.jeopardyAtMs = now + Math.max(group.cadenceMs, shortestCadenceMs)
    }
    const handles = holds === 'all' ? holds : holds.map(hold => hold.handle)
    connection.send({ type: 'renew', sentMs: now, groups, holds }, requestId => renewRequest(requestId, handles))
  }

  #jittered(cadenceMs: number): number {
    return cadenceMs * (1 + jitterShare * this.#random.fraction())
  }
}

const renewRequest = (requestId: number, handles: readonly number[] | 'all'): HoldRequest => ({
  type: 'renew',
  requestId,
  handles,
})
