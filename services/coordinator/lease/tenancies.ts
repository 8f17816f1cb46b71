import type { Random } from '../../../clock/random.js'
import type { Batch, Change } from './batch.js'
import type { AcquireCommand, AcquireOutcome, Instant, LeaseName } from './commands.js'
import { Deadlines } from './deadlines.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, leasePath } from './lease.js'
import type { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import { created } from './objects.js'
import type { Cause } from './records.js'
import type { LostCause, Session } from './session.js'
import {
  acquisition,
  checkLabels,
  createdHeld,
  expired,
  isOfHolder,
  laterTime,
  maySupersede,
  released,
  resumed,
  taken,
} from './tenancy.js'

/** A holder renews four times in a lease duration: three answers may be lost before the lease is. */
const renewalsPerDuration = 4

/** How many leases one batch finds renewed since it last looked at them, each a few µs. */
const movesPerBatch = 2_000

/** A grant that was pushed must be confirmed within this time, or within its lease duration if that is shorter. */
const confirmWithinMs = 3_000

/** The only test of expiry. `now` and `deadline` are ms on the lease clock. */
export const isExpired = (node: { deadline: number }, now: number): boolean => now >= node.deadline

/** Whether an expired lease is kept back for its last holder: its takeover delay still runs. */
export const isKeptBack = ({ state, deadline }: LeaseNode, now: number): boolean =>
  state === 'expired' && now < deadline && deadline !== Number.POSITIVE_INFINITY

/** The same, of a lease which is due and not expired since the command is but validated. */
export const willBeKeptBack = (node: LeaseNode, now: number): boolean =>
  isKeptBack(node, now) || (node.state === 'held' && node.rare.takeoverDelayMs !== undefined)

/** What metrics are made of. */
export interface TenancyObserver {
  /** A lease was renewed with so much of its time left. */
  renewed(timeLeftMs: number): void
  /** A lease was expired so long after its deadline. */
  expired(latenessMs: number): void
  /** A lease went by a rule. */
  collected(): void
}

/** Where a lease goes that a session takes. */
export interface Seat {
  readonly session: Session
  readonly handle: number
}

/** Who must be asked before somebody takes a free lease, and told when somebody did. */
export interface Queues {
  /** Whether somebody waits for the lease. */
  isAwaited(lease: LeaseName): boolean
  /** The lease is free: its first waiter gets it when the batch is settled. */
  freed(lease: LeaseName): void
  /** The lease has a new holder. */
  taken(lease: LeaseImage): void
}

/** Who holds what and until when: how a lease is taken, kept, given up and lost. */
export class Tenancies {
  /** How much further apart than usual renewals are to be: 1 as usual, 2 half as often. */
  cadenceStretch = 1
  readonly #table: LeaseTable
  readonly #batch: Batch
  readonly #random: Random
  readonly #observer: TenancyObserver | undefined
  readonly #deadlines = new Deadlines<LeaseNode>()
  #queues: Queues = { isAwaited: () => false, freed: () => {}, taken: () => {} }

  constructor(table: LeaseTable, batch: Batch, random: Random, observer: TenancyObserver | undefined) {
    this.#table = table
    this.#batch = batch
    this.#random = random
    this.#observer = observer
  }

  /** The queues look at the tenancies and these at them; they introduce themselves. */
  attach(queues: Queues): void {
    this.#queues = queues
  }

  /** When to renew a lease of this duration next. */
  renewAfterMs(leaseDurationMs: number): number {
    return (leaseDurationMs / renewalsPerDuration) * this.cadenceStretch
  }

  /** When the next lease is due, or earlier; Infinity when none is held. */
  get nextDeadline(): number {
    return this.#deadlines.next
  }

  /**
   * After a start: nobody knows which renewals were missed, so every held lease gets its full duration afresh. Nor how
   * long the coordinator was away, so every takeover delay begins afresh, too.
   */
  startDeadlines(now: number): void {
    for (const node of this.#table.nodes()) {
      const { state, leaseDurationMs = 0 } = node
      const { takeoverDelayMs } = node.rare
      if (state === 'held') this.#setDeadline(node, now + leaseDurationMs)
      if (state === 'expired' && takeoverDelayMs !== undefined) this.#setDeadline(node, now + takeoverDelayMs)
    }
  }

  /** Whether somebody waits for the lease. */
  isAwaited(name: LeaseName): boolean {
    return this.#queues.isAwaited(name)
  }

  /**
   * Takes the lease if the command may have it now: nobody holds it, waits for it or may come back to it, or the command
   * resumes, comes back or supersedes. Otherwise undefined, and nothing has changed but that a lease which is due has expired.
   */
  take(command: AcquireCommand, time: Instant, seat: Seat | undefined): AcquireOutcome | undefined {
    const node = this.#table.find(command)
    if (node !== undefined) checkLabels(node, command)
    if (node?.state === 'held' && !isExpired(node, time.now)) return this.#contend(node, command, time, seat)
    if (node?.state === 'held' && !command.validateOnly) this.expire(node, time)
    if (node !== undefined && willBeKeptBack(node, time.now)) {
      if (!isOfHolder(node, command) && !maySupersede(node, command)) return undefined
      // Its last holder comes back before those who wait.
    } else if (this.isAwaited(command)) return undefined
    return {
      lease: this.takeFree(command, time, seat),
      renewAfterMs: this.renewAfterMs(command.leaseDurationMs),
      resumed: false,
    }
  }

  /** Takes a lease that is missing or free. */
  takeFree(command: AcquireCommand, time: Instant, seat: Seat | undefined): LeaseImage {
    const node = this.#table.find(command)
    const revision = this.#batch.nextRevision
    if (node === undefined) {
      const { namespace, name } = command
      const unheld = created({ namespace, name, changes: {} }, name, revision, time, this.#random)
      const lease = createdHeld(unheld, command, revision, time)
      if (!command.validateOnly) this.begin({ type: 'created', lease }, time, seat)
      return lease
    }
    const before = node.current()
    // Still held is only what is due, where the command is but validated.
    const free = before.state === 'held' ? expired(node, revision, time) : before
    const lease = taken(free, command, revision, time)
    if (command.validateOnly) return lease
    this.begin(acquisition(free, lease, time), time, seat)
    return lease
  }

  /**
   * Gives the lease its full duration again, from when the renewal was read; no renewal takes time away. The hot path:
   * nothing is copied.
   *
   * @param renewTime as a Kubernetes client wrote it; else the coordinator's.
   */
  extend(node: LeaseNode, time: Instant, renewTime = laterTime(node.renewTime, time.wallMicros)): void {
    this.#observer?.renewed(node.deadline - time.now)
    node.deadline = Math.max(node.deadline, time.now + (node.leaseDurationMs ?? 0))
    node.isConfirmed = true
    this.#batch.renewal(node, renewTime)
  }

  /** Ends the tenancy by the holder's wish, or an operator's. */
  free(node: LeaseNode, time: Instant, cause?: Cause & LostCause): void {
    const previousHolder = node.holderIdentity ?? ''
    const lease = released(node.current(), this.#batch.nextRevision, time)
    this.end({ type: 'released', lease, previousHolder, ...(cause === undefined ? {} : { cause }) }, time, cause)
  }

  /** Records that nobody holds the lease any more, and ends the tenancy. */
  end(change: Change, time: Instant, cause?: LostCause): void {
    const { lease } = change
    const node = this.#table.need(lease)
    this.#batch.transition(change, time)
    this.#end(node, cause)
    this.#queues.freed(lease)
  }

  /** A write renews the lease beside other changes: its full duration again, from when the write was read. */
  prolong(node: LeaseNode, time: Instant, isNewDuration: boolean): void {
    this.#observer?.renewed(node.deadline - time.now)
    const deadline = time.now + (node.leaseDurationMs ?? 0)
    this.#setDeadline(node, isNewDuration ? deadline : Math.max(node.deadline, deadline))
  }

  /** Ends the tenancy because its time ran out. */
  expire(node: LeaseNode, time: Instant): void {
    this.#observer?.expired(time.now - node.deadline)
    const lease = expired(node, this.#batch.nextRevision, time)
    const previousHolder = lease.holderIdentity ?? ''
    const cause = node.isConfirmed ? undefined : 'unconfirmed'
    const change = { type: 'expired', lease, previousHolder } as const
    this.#batch.transition(cause === undefined ? change : { ...change, cause }, time, node)
    this.#end(node, cause ?? 'expired')
    // Who never confirmed a grant has begun nothing.
    if (lease.takeoverDelayMs !== undefined && cause === undefined) {
      this.#setDeadline(node, time.now + lease.takeoverDelayMs)
    } else this.#queues.freed(lease)
  }

  /**
   * Expires what is due, until it is enough for one batch; leases whose takeover delay is over become free. Returns whether
   * more may be due.
   */
  expireDue(time: Instant, isEnough: () => boolean): boolean {
    const budget = { moves: movesPerBatch }
    while (!isEnough()) {
      const node = this.#deadlines.popDue(time.now, budget)
      if (node === undefined) return budget.moves <= 0
      if (node.state === 'held') this.expire(node, time)
      else {
        node.deadline = Number.POSITIVE_INFINITY
        this.#queues.freed(node)
      }
    }
    return true
  }

  /** A lease granted by a push counts from its confirmation; until then it waits only so long. */
  awaitConfirmation(node: LeaseNode, time: Instant): number {
    const lapseAfterMs = Math.min(node.leaseDurationMs ?? 0, confirmWithinMs)
    node.isConfirmed = false
    this.#setDeadline(node, time.now + lapseAfterMs)
    return lapseAfterMs
  }

  /** The lease goes, whoever has it. */
  delete(node: LeaseNode, lease: LeaseImage, time: Instant, cause?: Cause): void {
    const previousHolder = node.state === 'held' ? node.holderIdentity : undefined
    this.#batch.transition(
      {
        type: 'deleted',
        lease,
        ...(previousHolder === undefined ? {} : { previousHolder }),
        ...(cause === undefined ? {} : { cause }),
      },
      time,
    )
    this.#end(node, 'deleted')
    this.#queues.freed(lease)
  }

  /** The refusal for somebody who cannot have the lease now. */
  held(name: LeaseName, time: Instant): LeaseError {
    const lease = leasePath(name)
    const node = this.#table.find(name)
    if (node !== undefined && isKeptBack(node, time.now)) {
      const retryAfterMs = Math.ceil(node.deadline - time.now)
      const message = `lease ${lease} has expired, and is kept for its last holder for ${retryAfterMs} ms more: wait`
      return new LeaseError('LEASE_HELD', message, { lease, retryAfterMs })
    }
    if (node?.state !== 'held') {
      return new LeaseError('LEASE_HELD', `lease ${lease} is about to be granted to a waiter: wait for it`, { lease })
    }
    const { holderIdentity = '', fencingToken } = node
    const message = `lease ${lease} is held by ${holderIdentity}: wait for its release or expiry`
    return new LeaseError('LEASE_HELD', message, { lease, holderIdentity, fencingToken })
  }

  /** An acquire of a lease that somebody holds. */
  #contend(
    node: LeaseNode,
    command: AcquireCommand,
    time: Instant,
    seat: Seat | undefined,
  ): AcquireOutcome | undefined {
    const cadence = this.renewAfterMs(command.leaseDurationMs)
    if (isOfHolder(node, command)) {
      const before = node.current()
      const lease = resumed(before, command, this.#batch.nextRevision)
      if (command.validateOnly) return { lease, renewAfterMs: cadence, resumed: true }
      if (lease !== before) this.#batch.transition({ type: 'updated', lease }, time)
      node.isConfirmed = true
      const deadline = time.now + command.leaseDurationMs
      const isHere = seat !== undefined && node.session === seat.session
      // From elsewhere never earlier: it may be an old acquire with a shorter duration, late on a way that its sender has left.
      this.#setDeadline(node, isHere ? deadline : Math.max(node.deadline, deadline))
      if (isHere) seat.session.noteDuration(command.leaseDurationMs)
      else this.#attach(node, seat, 'resumed')
      return { lease: node.current(), renewAfterMs: cadence, resumed: true }
    }
    if (!maySupersede(node, command)) return undefined
    const lease = taken(node.current(), command, this.#batch.nextRevision, time)
    if (!command.validateOnly) {
      const previousHolder = node.holderIdentity ?? ''
      this.#end(node, 'superseded')
      this.begin({ type: 'transferred', lease, previousHolder, cause: 'superseded' }, time, seat)
    }
    return { lease, renewAfterMs: cadence, resumed: false }
  }

  /** Records that somebody took the lease, and starts the tenancy. */
  begin(change: Change, time: Instant, seat: Seat | undefined): void {
    const { lease } = change
    this.#batch.transition(change, time)
    const node = this.#table.need(lease)
    node.isConfirmed = true
    this.#setDeadline(node, time.now + (lease.leaseDurationMs ?? 0))
    this.#attach(node, seat)
    this.#queues.taken(lease)
  }

  /** Ties the lease to a session; the one that had it hears why it lost it. */
  #attach(node: LeaseNode, seat: Seat | undefined, cause?: LostCause): void {
    this.#detach(node, cause)
    if (seat === undefined) return
    const { session, handle } = seat
    node.session = session
    node.handle = handle
    session.handles.set(handle, node)
    session.noteDuration(node.leaseDurationMs ?? 0)
  }

  #detach(node: LeaseNode, cause: LostCause | undefined): void {
    const { session, handle } = node
    if (session === undefined) return
    session.handles.delete(handle)
    if (session.handles.size === session.waiting) session.shortestDurationMs = Number.POSITIVE_INFINITY
    if (cause !== undefined) this.#batch.push(session, { type: 'lost', handle, cause })
    node.session = undefined
  }

  #end(node: LeaseNode, cause: LostCause | undefined): void {
    this.#deadlines.remove(node)
    node.deadline = Number.POSITIVE_INFINITY
    this.#detach(node, cause)
  }

  #setDeadline(node: LeaseNode, deadline: number): void {
    node.deadline = deadline
    this.#deadlines.schedule(node)
  }
}
