import type { Batch } from './batch.js'
import type { Collection } from './collection.js'
import type { AcquireCommand, AcquireOutcome, Instant, LeaseName } from './commands.js'
import { Deadlines } from './deadlines.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, leaseKey, leasePath } from './lease.js'
import type { LeaseCore } from './lease-core.js'
import { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import { type Push, Session, Waiter } from './session.js'
import { isExpired, isKeptBack, type Queues, type Tenancies } from './tenancies.js'
import { isOfHolder } from './tenancy.js'
import { WaitQueue } from './wait-queue.js'

/** How often a session that waits must be heard from. */
export const waitCadenceMs = 2_000

/** Two misses, and half a cadence for the way. */
const silentAfterMs = 2.5 * waitCadenceMs

export interface SessionLimits {
  /** Each change of holder is told to every waiter, so their number is bounded. */
  readonly maxWaitersPerLease: number
  /** Leases and places in queues together. */
  readonly maxHandlesPerSession: number
}

export const defaultSessionLimits: SessionLimits = { maxWaitersPerLease: 1_000, maxHandlesPerSession: 200_000 }

export interface SessionAcquire extends AcquireCommand {
  /** Among waiters the greater goes first. */
  readonly priority: number
  /** Absent: do not wait. */
  readonly waitTimeoutMs?: number
}

export type SessionAcquireOutcome =
  | { readonly type: 'acquired'; readonly handle: number; readonly outcome: AcquireOutcome }
  | { readonly type: 'waiting'; readonly handle: number; readonly holderIdentity: string; readonly ahead: number }

/** A renewal of many leases, which may take several batches. */
export interface SessionRenewal {
  readonly session: Session
  /** What to renew: by handles, or all that the session has, which come and go meanwhile. */
  readonly holdings: readonly number[] | Iterator<LeaseNode | Waiter>
  /** How many of a list were renewed so far. */
  renewed: number
  /** Absent: none. */
  failures?: { handle: number; reason: string }[]
}

/** Sessions, and their places in the queues of leases. */
export class Sessions implements Queues {
  readonly #table: LeaseTable
  readonly #batch: Batch
  readonly #tenancies: Tenancies
  readonly #collection: Collection
  readonly #limits: SessionLimits
  readonly #queues = new Map<string, WaitQueue>()
  /** Leases with a queue that became free since the last settling. */
  readonly #freed = new Set<string>()
  readonly #waits = new Deadlines<Waiter>()
  readonly #silences = new Deadlines<Session>()
  #open = 0
  #waiting = 0

  constructor(core: LeaseCore, limits: SessionLimits = defaultSessionLimits) {
    this.#table = core.table
    this.#batch = core.batch
    this.#tenancies = core.tenancies
    this.#collection = core.collection
    this.#limits = limits
    core.tenancies.attach(this)
  }

  /** Open sessions. */
  get open(): number {
    return this.#open
  }

  /** Places in queues. */
  get waiting(): number {
    return this.#waiting
  }

  get nextDeadline(): number {
    return Math.min(this.#waits.next, this.#silences.next, this.#freed.size > 0 ? Number.NEGATIVE_INFINITY : Infinity)
  }

  isAwaited({ namespace, name }: LeaseName): boolean {
    return this.#queues.size > 0 && this.#queues.has(leaseKey(namespace, name))
  }

  freed(lease: LeaseName): void {
    if (this.isAwaited(lease)) this.#freed.add(leaseKey(lease.namespace, lease.name))
  }

  taken(lease: LeaseImage): void {
    if (this.#queues.size === 0) return
    const key = leaseKey(lease.namespace, lease.name)
    this.#freed.delete(key)
    const holderIdentity = lease.holderIdentity ?? ''
    for (const { session, handle } of this.#queues.get(key) ?? []) {
      this.#batch.push(session, { type: 'holderChanged', handle, holderIdentity, state: lease.state })
    }
  }

  openSession(deliver: (push: Push) => void): Session {
    this.#open++
    return new Session(deliver)
  }

  /** The session is over: its places in queues die with it, its leases run their time. */
  closeSession(session: Session): void {
    if (!session.isOpen) return
    session.isOpen = false
    this.#open--
    for (const holding of session.handles.values()) {
      if (holding instanceof Waiter) this.#dequeue(holding)
      else holding.session = undefined
    }
    session.handles.clear()
    this.#silences.remove(session)
  }

  /** A message of the session was read: it lives. */
  heard(session: Session, time: Instant): void {
    session.deadline = time.now + silentAfterMs
  }

  /** Whether an acquire only keeps a lease: it comes from the very process that has it. */
  isResume(command: AcquireCommand, time: Instant): boolean {
    const node = this.#table.find(command)
    return node?.state === 'held' && !isExpired(node, time.now) && isOfHolder(node, command)
  }

  acquire(session: Session, command: SessionAcquire, time: Instant): SessionAcquireOutcome {
    if (!session.isOpen) {
      throw new LeaseError('DRAINING', 'the session is over: open another', { lease: leasePath(command) })
    }
    const key = leaseKey(command.namespace, command.name)
    const place = this.#placeOf(key, command)
    const isHere = place?.session === session || this.#table.find(command)?.session === session
    if (!isHere) this.#checkRoom(session, command)
    const handle = session.nextHandle()
    const outcome = this.#tenancies.take(command, time, { session, handle })
    if (outcome !== undefined) {
      if (place !== undefined) this.#move(place, session)
      return { type: 'acquired', handle: this.#table.need(command).handle, outcome }
    }
    if (place?.session === session) return this.#place(place)
    if (command.waitTimeoutMs === undefined) throw this.#tenancies.held(command, time)
    if (place !== undefined) this.#move(place, session)
    return this.#enqueue(session, handle, command, time)
  }

  /** Renews at most `limit` leases; true when the renewal is complete. */
  renew(renewal: SessionRenewal, time: Instant, limit: number): boolean {
    const { holdings, session } = renewal
    if ('next' in holdings) {
      for (let count = 0; count < limit; count++) {
        const next = holdings.next()
        if (next.done) return true
        this.#renew(renewal, next.value.handle, next.value, time)
      }
      return false
    }
    const end = Math.min(holdings.length, renewal.renewed + limit)
    for (; renewal.renewed < end; renewal.renewed++) {
      const handle = holdings[renewal.renewed] ?? 0
      this.#renew(renewal, handle, session.handles.get(handle), time)
    }
    return end === holdings.length
  }

  /** When the session should be heard from next. */
  cadence(session: Session): number {
    const renewal = this.#tenancies.renewAfterMs(session.shortestDurationMs)
    const cadence = session.waiting > 0 ? Math.min(renewal, waitCadenceMs) : renewal
    return Number.isFinite(cadence) ? cadence : waitCadenceMs
  }

  /** @throws LeaseError STALE_FENCING_TOKEN when the handle names nothing, or a lease whose time has run out. */
  release(session: Session, handle: number, time: Instant): void {
    const holding = session.handles.get(handle)
    if (holding instanceof Waiter) {
      this.#leave(holding)
      return
    }
    if (holding === undefined || isExpired(holding, time.now)) {
      const message = `handle ${handle} names no lease of this session: it was lost or released before`
      throw new LeaseError('STALE_FENCING_TOKEN', message)
    }
    this.#tenancies.free(holding, time)
  }

  /**
   * What a batch ends with: sessions that fell silent lose their places, waits time out, what is due expires, and what
   * is free goes to its first waiter; then rules collect. About so many changes and bytes at most; returns whether more may be due.
   */
  settle(time: Instant, limit: number, limitBytes = Number.POSITIVE_INFINITY): boolean {
    for (
      let session = this.#silences.popDue(time.now);
      session !== undefined;
      session = this.#silences.popDue(time.now)
    ) {
      for (const holding of session.handles.values()) {
        if (holding instanceof Waiter) this.#giveUp(holding, 'the session was not heard from in time: acquire again')
      }
    }
    let timedOut = 0
    for (; timedOut < limit; timedOut++) {
      const waiter = this.#waits.popDue(time.now)
      if (waiter === undefined) break
      this.#giveUp(waiter, 'the wait timed out: the lease is still held')
    }
    const endChanges = this.#batch.changes + limit
    const endBytes = this.#batch.transitionBytes + limitBytes
    const isFull = (): boolean => this.#batch.changes >= endChanges || this.#batch.transitionBytes >= endBytes
    const isMoreToExpire = this.#tenancies.expireDue(time, isFull)
    for (const key of this.#freed) {
      if (isFull()) return true
      this.#freed.delete(key)
      this.#grant(key, time)
    }
    const isMoreToCollect = !isFull() && this.#collection.run(time, endChanges - this.#batch.changes)
    return isMoreToExpire || isMoreToCollect || isFull() || timedOut === limit
  }

  /** Gives a free lease to its first waiter; what it gets is unconfirmed. */
  #grant(key: string, time: Instant): void {
    const waiter = this.#queues.get(key)?.first
    if (waiter === undefined) return
    const node = this.#table.find(waiter.command)
    if (node?.state === 'held' || (node && isKeptBack(node, time.now))) return
    const { session, handle, command } = waiter
    this.#dequeue(waiter)
    const lease = this.#tenancies.takeFree(command, time, { session, handle })
    const lapseAfterMs = this.#tenancies.awaitConfirmation(this.#table.need(lease), time)
    const { fencingToken, leaseDurationMs = 0 } = lease
    this.#batch.push(session, { type: 'granted', handle, fencingToken, leaseDurationMs, lapseAfterMs })
  }

  #renew(renewal: SessionRenewal, handle: number, holding: LeaseNode | Waiter | undefined, time: Instant): void {
    if (holding instanceof LeaseNode && !isExpired(holding, time.now)) {
      this.#tenancies.extend(holding, time)
      return
    }
    // A place in a queue is kept by the message itself.
    if (holding instanceof Waiter) return
    renewal.failures ??= []
    if (holding === undefined) {
      renewal.failures.push({ handle, reason: 'UNKNOWN_HANDLE' })
      return
    }
    holding.session = undefined
    renewal.session.handles.delete(handle)
    this.#tenancies.expire(holding, time)
    renewal.failures.push({ handle, reason: 'STALE_FENCING_TOKEN' })
  }

  #checkRoom({ handles }: Session, name: LeaseName): void {
    if (handles.size < this.#limits.maxHandlesPerSession) return
    const lease = leasePath(name)
    const message = `the session has ${handles.size} leases, as many as it may: use another for ${lease}`
    throw new LeaseError('SESSION_FULL', message, { lease })
  }

  #enqueue(session: Session, handle: number, command: SessionAcquire, time: Instant): SessionAcquireOutcome {
    const key = leaseKey(command.namespace, command.name)
    this.#checkRoom(session, command)
    const lease = leasePath(command)
    const queue = this.#queues.get(key) ?? new WaitQueue()
    if (queue.size >= this.#limits.maxWaitersPerLease) {
      const message = `${queue.size} wait for lease ${lease}, as many as may: try again later`
      throw new LeaseError('QUEUE_FULL', message, { lease, retryAfterMs: waitCadenceMs })
    }
    const deadline = time.now + (command.waitTimeoutMs ?? 0)
    const waiter = new Waiter(session, handle, key, command, command.priority, deadline)
    queue.add(waiter)
    this.#queues.set(key, queue)
    // It may have come free before, with its only waiter coming back on another session.
    if (this.#table.find(command)?.state !== 'held') this.#freed.add(key)
    session.handles.set(waiter.handle, waiter)
    session.waiting++
    this.#waiting++
    this.#waits.schedule(waiter)
    this.heard(session, time)
    this.#silences.schedule(session)
    return this.#place(waiter)
  }

  #place(waiter: Waiter): SessionAcquireOutcome {
    const { key, handle, command } = waiter
    const node = this.#table.find(command)
    const holderIdentity = node?.state === 'held' ? (node.holderIdentity ?? '') : ''
    return { type: 'waiting', handle, holderIdentity, ahead: this.#queues.get(key)?.ahead(waiter) ?? 0 }
  }

  /** The place that the same client process has already. */
  #placeOf(key: string, { holderIdentity, instance }: AcquireCommand): Waiter | undefined {
    if (instance === undefined || this.#queues.size === 0) return undefined
    for (const waiter of this.#queues.get(key) ?? []) {
      if (waiter.command.instance === instance && waiter.command.holderIdentity === holderIdentity) return waiter
    }
    return undefined
  }

  #giveUp(waiter: Waiter, why: string): void {
    const { session, handle, command } = waiter
    this.#leave(waiter)
    const lease = leasePath(command)
    const error = new LeaseError('WAIT_TIMEOUT', `lease ${lease}: ${why}`, { lease })
    this.#batch.push(session, { type: 'failed', handle, error })
  }

  /** The client process has come with another session, which may be the older: the one that waited must hear of it. */
  #move(place: Waiter, to: Session): void {
    this.#leave(place)
    if (place.session !== to) this.#batch.push(place.session, { type: 'lost', handle: place.handle, cause: 'resumed' })
  }

  #leave(waiter: Waiter): void {
    waiter.session.handles.delete(waiter.handle)
    this.#dequeue(waiter)
  }

  #dequeue(waiter: Waiter): void {
    const { session, key } = waiter
    const queue = this.#queues.get(key)
    queue?.remove(waiter)
    if (queue?.size === 0) {
      this.#queues.delete(key)
      this.#freed.delete(key)
    }
    this.#waits.remove(waiter)
    this.#waiting--
    session.waiting--
    if (session.waiting === 0) this.#silences.remove(session)
  }
}
