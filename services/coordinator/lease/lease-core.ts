import type { Random } from '../../../clock/random.js'
import { Batch } from './batch.js'
import type {
  AcquireCommand,
  AcquireOutcome,
  CreateCommand,
  DeleteCommand,
  Instant,
  LeaseName,
  Leases,
  ListPage,
  ListQuery,
  RenewOutcome,
  TenancyCommand,
  TokenCheck,
  UpdateCommand,
} from './commands.js'
import { Deadlines } from './deadlines.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, leaseKey, leasePath } from './lease.js'
import type { LeaseNode, LeaseTable } from './lease-table.js'
import { checkPreconditions, created, updated } from './objects.js'
import type { Cause } from './records.js'
import type { LostCause, Session } from './session.js'
import { checkLabels, createdHeld, expired, laterTime, released, resumed, taken, unheldMs } from './tenancy.js'

/** A holder renews four times in a lease duration: three answers may be lost before the lease is. */
const renewalsPerDuration = 4

/** A grant that was pushed must be confirmed within this time, or within its lease duration if that is shorter. */
const confirmWithinMs = 3_000

/** When to renew a lease of this duration next. */
export const renewAfterMs = (leaseDurationMs: number): number => leaseDurationMs / renewalsPerDuration

/** The only test of expiry. `now` and `deadline` are ms on the lease clock. */
export const isExpired = (node: { deadline: number }, now: number): boolean => now >= node.deadline

/** What metrics are made of. */
export interface TenancyObserver {
  /** A lease was renewed with so much of its time left. */
  renewed(timeLeftMs: number): void
  /** A lease was expired so long after its deadline. */
  expired(latenessMs: number): void
}

/** Where a lease goes that a session takes. */
export interface Seat {
  readonly session: Session
  readonly handle: number
}

/** Who must be asked before somebody takes a free lease, and told when somebody did. */
export interface Queues {
  /** Whether somebody waits for the lease. */
  isAwaited(key: string): boolean
  /** The lease is free: its first waiter gets it when the batch is settled. */
  freed(key: string): void
  /** The lease has a new holder. */
  taken(lease: LeaseImage): void
}

/**
 * The rules of a lease: how it is taken, renewed, given up, expires. It decides commands one at a time, in the order
 * they are given, each at its own time; what it decides is in `table` at once and in `batch` as records to store.
 *
 * Deterministic and told the time; no I/O, no clock.
 */
export class LeaseCore implements Leases {
  readonly table: LeaseTable
  readonly batch: Batch
  readonly #random: Random
  readonly #observer: TenancyObserver | undefined
  readonly #deadlines = new Deadlines<LeaseNode>()
  #queues: Queues = { isAwaited: () => false, freed: () => {}, taken: () => {} }

  constructor(table: LeaseTable, random: Random, observer?: TenancyObserver) {
    this.table = table
    this.batch = new Batch(table)
    this.#random = random
    this.#observer = observer
  }

  /** The queues look at the core and the core at them; they introduce themselves. */
  attach(queues: Queues): void {
    this.#queues = queues
  }

  get revision(): number {
    return this.table.revision
  }

  /** When the next lease is due, or earlier; Infinity when none is held. */
  get nextDeadline(): number {
    return this.#deadlines.next
  }

  /** After a start: nobody knows which renewals were missed, so every held lease gets its full duration afresh. */
  startDeadlines(now: number): void {
    for (const node of this.table.nodes()) {
      if (node.image.state === 'held') this.#setDeadline(node, now + (node.image.leaseDurationMs ?? 0))
    }
  }

  get(name: LeaseName): LeaseImage {
    return this.table.need(name).current()
  }

  list(query: ListQuery): ListPage {
    return this.table.list(query)
  }

  checkFencingToken({ fencingToken, ...name }: TenancyCommand): TokenCheck {
    const { image } = this.table.need(name)
    const isHeld = image.state === 'held'
    return {
      valid: isHeld && image.fencingToken === fencingToken,
      fencingToken: image.fencingToken,
      holderIdentity: isHeld ? (image.holderIdentity ?? '') : '',
    }
  }

  expireTime(lease: LeaseImage, time: Instant): number | undefined {
    const node = this.table.findById(lease.id)
    if (lease.state !== 'held' || node === undefined || node.image.fencingToken !== lease.fencingToken) return undefined
    return time.wallMicros + Math.round((node.deadline - time.now) * 1e3)
  }

  create(command: CreateCommand, time: Instant): LeaseImage {
    const name = command.name || this.#generateName(command)
    const lease = leasePath({ ...command, name })
    if (this.table.find(leaseKey(command.namespace, name)) !== undefined) {
      throw new LeaseError('LEASE_EXISTS', `lease ${lease} exists already: update or acquire it`, { lease })
    }
    const isAwaited = this.#queues.isAwaited(leaseKey(command.namespace, name))
    if (command.holderIdentity !== undefined && isAwaited) throw this.held({ namespace: command.namespace, name })
    const revision = this.batch.nextRevision
    const unheld = created(command, name, revision, time, this.#random)
    if (command.holderIdentity === undefined) {
      if (!command.validateOnly) this.batch.transition({ type: 'created', lease: unheld })
      return unheld
    }
    const acquire: AcquireCommand = {
      namespace: command.namespace,
      name,
      holderIdentity: command.holderIdentity,
      leaseDurationMs: command.changes.leaseDurationMs ?? 0,
    }
    const held = createdHeld(unheld, acquire, revision, time)
    if (!command.validateOnly) this.#take({ type: 'created', lease: held }, time, undefined)
    return held
  }

  update(command: UpdateCommand): LeaseImage {
    const node = this.table.need(command)
    const before = node.current()
    checkPreconditions(before, command)
    const lease = updated(before, command.changes, this.batch.nextRevision)
    if (lease === before || command.validateOnly) return lease
    const wasHeldUp = lease.deletionTimestamp !== undefined && (lease.finalizers ?? []).length === 0
    if (wasHeldUp) this.#delete(node, lease)
    else this.batch.transition({ type: 'updated', lease })
    return lease
  }

  delete(command: DeleteCommand, time: Instant): LeaseImage {
    const node = this.table.need(command)
    const lease = node.current()
    checkPreconditions(lease, command)
    const revision = this.batch.nextRevision
    if ((lease.finalizers ?? []).length > 0) {
      if (lease.deletionTimestamp !== undefined) return lease
      const terminating = { ...lease, deletionTimestamp: Math.floor(time.wallMicros / 1e6), revision }
      if (!command.validateOnly) this.batch.transition({ type: 'updated', lease: terminating })
      return terminating
    }
    const gone = { ...lease, revision }
    if (!command.validateOnly) this.#delete(node, gone)
    return gone
  }

  acquire(command: AcquireCommand, time: Instant): AcquireOutcome {
    const outcome = this.take(command, time, undefined)
    if (outcome !== undefined) return outcome
    throw this.held(command)
  }

  /**
   * Takes the lease if the command may have it now: nobody holds it or waits for it, or the command resumes or
   * supersedes. Otherwise undefined, and nothing has changed but that a lease which is due has expired.
   */
  take(command: AcquireCommand, time: Instant, seat: Seat | undefined): AcquireOutcome | undefined {
    const key = leaseKey(command.namespace, command.name)
    const node = this.table.find(key)
    if (node !== undefined) checkLabels(node.image, command)
    if (node?.image.state === 'held' && !isExpired(node, time.now)) return this.#contend(node, command, time, seat)
    if (node?.image.state === 'held' && !command.validateOnly) this.expire(node, time)
    if (this.#queues.isAwaited(key)) return undefined
    return {
      lease: this.takeFree(command, time, seat),
      renewAfterMs: renewAfterMs(command.leaseDurationMs),
      resumed: false,
    }
  }

  /** Takes a lease that is missing or free. */
  takeFree(command: AcquireCommand, time: Instant, seat: Seat | undefined): LeaseImage {
    const node = this.table.find(leaseKey(command.namespace, command.name))
    const revision = this.batch.nextRevision
    if (node === undefined) {
      const { namespace, name } = command
      const unheld = created({ namespace, name, changes: {} }, name, revision, time, this.#random)
      const lease = createdHeld(unheld, command, revision, time)
      if (!command.validateOnly) this.#take({ type: 'created', lease }, time, seat)
      return lease
    }
    const before = node.current()
    // Still held is only what is due, where the command is but validated.
    const free = before.state === 'held' ? expired(before, revision, time) : before
    const lease = taken(free, command, revision, time)
    if (command.validateOnly) return lease
    const unheld = unheldMs(free, time)
    this.#take(
      {
        type: 'acquired',
        lease,
        ...(free.holderIdentity ? { previousHolder: free.holderIdentity } : {}),
        ...(unheld === undefined ? {} : { unheldMs: unheld }),
      },
      time,
      seat,
    )
    return lease
  }

  renew(command: TenancyCommand, time: Instant): RenewOutcome {
    const node = this.#tenancy(command, time)
    if (!command.validateOnly) this.extend(node, time)
    return { lease: node.current(), renewAfterMs: renewAfterMs(node.image.leaseDurationMs ?? 0) }
  }

  /** Gives the lease its full duration again, from when the renewal was read. The hot path: nothing is copied. */
  extend(node: LeaseNode, time: Instant): void {
    this.#observer?.renewed(node.deadline - time.now)
    node.deadline = time.now + (node.image.leaseDurationMs ?? 0)
    node.isConfirmed = true
    this.batch.renewal(node, laterTime(node.renewTime, time.wallMicros))
  }

  release(command: TenancyCommand, time: Instant): LeaseImage {
    const node = this.#tenancy(command, time)
    const lease = released(node.current(), this.batch.nextRevision, time)
    if (!command.validateOnly) this.free(node, time)
    return lease
  }

  revoke(command: TenancyCommand, time: Instant): LeaseImage {
    const node = this.table.need(command)
    const lease = leasePath(command)
    if (node.image.state !== 'held' || isExpired(node, time.now)) {
      throw new LeaseError('LEASE_NOT_HELD', `lease ${lease} is not held: there is nothing to revoke`, { lease })
    }
    if (command.fencingToken !== 0 && command.fencingToken !== node.image.fencingToken) throw this.#stale(command, node)
    const image = released(node.current(), this.batch.nextRevision, time)
    if (!command.validateOnly) this.free(node, time, 'revoked')
    return image
  }

  /** Ends the tenancy by the holder's wish, or an operator's. */
  free(node: LeaseNode, time: Instant, cause?: Cause & LostCause): void {
    const previousHolder = node.image.holderIdentity ?? ''
    const lease = released(node.current(), this.batch.nextRevision, time)
    this.batch.transition({ type: 'released', lease, previousHolder, ...(cause === undefined ? {} : { cause }) })
    this.#end(node, cause)
    this.#queues.freed(leaseKey(lease.namespace, lease.name))
  }

  /** Ends the tenancy because its time ran out. */
  expire(node: LeaseNode, time: Instant): void {
    this.#observer?.expired(time.now - node.deadline)
    const lease = expired(node.current(), this.batch.nextRevision, time)
    const previousHolder = lease.holderIdentity ?? ''
    const cause = node.isConfirmed ? undefined : 'unconfirmed'
    this.batch.transition({ type: 'expired', lease, previousHolder, ...(cause === undefined ? {} : { cause }) })
    this.#end(node, cause ?? 'expired')
    this.#queues.freed(leaseKey(lease.namespace, lease.name))
  }

  /** Expires what is due, at most `limit` leases; returns how many. */
  expireDue(time: Instant, limit: number): number {
    let count = 0
    while (count < limit) {
      const node = this.#deadlines.popDue(time.now)
      if (node === undefined) break
      if (node.image.state !== 'held') continue
      this.expire(node, time)
      count++
    }
    return count
  }

  /** A lease granted by a push counts from its confirmation; until then it waits only so long. */
  awaitConfirmation(node: LeaseNode, time: Instant): number {
    const lapseAfterMs = Math.min(node.image.leaseDurationMs ?? 0, confirmWithinMs)
    node.isConfirmed = false
    this.#setDeadline(node, time.now + lapseAfterMs)
    return lapseAfterMs
  }

  /** The refusal for somebody who cannot have the lease now. */
  held(name: LeaseName): LeaseError {
    const lease = leasePath(name)
    const image = this.table.find(leaseKey(name.namespace, name.name))?.image
    if (image?.state !== 'held') {
      return new LeaseError('LEASE_HELD', `lease ${lease} is about to be granted to a waiter: wait for it`, { lease })
    }
    const holderIdentity = image.holderIdentity ?? ''
    const message = `lease ${lease} is held by ${holderIdentity}: wait for its release or expiry`
    return new LeaseError('LEASE_HELD', message, { lease, holderIdentity, fencingToken: image.fencingToken })
  }

  /** An acquire of a lease that somebody holds. */
  #contend(
    node: LeaseNode,
    command: AcquireCommand,
    time: Instant,
    seat: Seat | undefined,
  ): AcquireOutcome | undefined {
    if (node.image.holderIdentity !== command.holderIdentity) return undefined
    const cadence = renewAfterMs(command.leaseDurationMs)
    if (command.instance !== undefined && command.instance === node.image.instance) {
      const lease = resumed(node.current(), command, this.batch.nextRevision)
      if (command.validateOnly) return { lease, renewAfterMs: cadence, resumed: true }
      if (lease !== node.current()) this.batch.transition({ type: 'updated', lease })
      node.isConfirmed = true
      this.#setDeadline(node, time.now + command.leaseDurationMs)
      if (node.session === seat?.session) seat?.session.noteDuration(command.leaseDurationMs)
      else this.#attach(node, seat, 'resumed')
      return { lease: node.current(), renewAfterMs: cadence, resumed: true }
    }
    if (!command.supersede) return undefined
    const lease = taken(node.current(), command, this.batch.nextRevision, time)
    if (!command.validateOnly) {
      const previousHolder = node.image.holderIdentity ?? ''
      this.#end(node, 'superseded')
      this.#take({ type: 'transferred', lease, previousHolder, cause: 'superseded' }, time, seat)
    }
    return { lease, renewAfterMs: cadence, resumed: false }
  }

  /** Records that somebody took the lease, and starts the tenancy. */
  #take(transition: Parameters<Batch['transition']>[0], time: Instant, seat: Seat | undefined): void {
    const { lease } = transition
    this.batch.transition(transition)
    const node = this.table.need(lease)
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
    session.noteDuration(node.image.leaseDurationMs ?? 0)
  }

  #detach(node: LeaseNode, cause: LostCause | undefined): void {
    const { session, handle } = node
    if (session === undefined) return
    session.handles.delete(handle)
    if (session.handles.size === session.waiting) session.shortestDurationMs = Number.POSITIVE_INFINITY
    if (cause !== undefined) this.batch.push(session, { type: 'lost', handle, cause })
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

  #delete(node: LeaseNode, lease: LeaseImage): void {
    const previousHolder = node.image.state === 'held' ? node.image.holderIdentity : undefined
    this.batch.transition({ type: 'deleted', lease, ...(previousHolder === undefined ? {} : { previousHolder }) })
    this.#end(node, 'deleted')
    this.#queues.freed(leaseKey(lease.namespace, lease.name))
  }

  /** The lease, for the holder that has the token. */
  #tenancy(command: TenancyCommand, time: Instant): LeaseNode {
    const node = this.table.need(command)
    const { image } = node
    if (image.state !== 'held' || image.fencingToken !== command.fencingToken || isExpired(node, time.now)) {
      throw this.#stale(command, node)
    }
    return node
  }

  #stale({ fencingToken, ...name }: TenancyCommand, node: LeaseNode): LeaseError {
    const lease = leasePath(name)
    const message = `fencing token ${fencingToken} of lease ${lease} is not the present one: stop the work, then acquire anew`
    const holderIdentity = node.image.state === 'held' ? (node.image.holderIdentity ?? '') : ''
    return new LeaseError('STALE_FENCING_TOKEN', message, {
      lease,
      holderIdentity,
      fencingToken: node.image.fencingToken,
    })
  }

  #generateName({ namespace, generateName = '' }: CreateCommand): string {
    const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
    const tries = 8
    const suffixLength = 5
    const longestBase = 58
    for (let i = 0; i < tries; i++) {
      const suffix = Array.from(this.#random.bytes(suffixLength), byte => alphabet[byte % alphabet.length]).join('')
      const name = generateName.slice(0, longestBase) + suffix
      if (this.table.find(leaseKey(namespace, name)) === undefined) return name
    }
    const lease = leasePath({ namespace, name: generateName })
    throw new LeaseError('LEASE_EXISTS', `no free name was found for ${lease}: try again`, { lease })
  }
}
