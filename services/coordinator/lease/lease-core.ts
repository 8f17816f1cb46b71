import type { Random } from '../../../clock/random.js'
import { Batch } from './batch.js'
import { Collection, type CollectionRule } from './collection.js'
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
  WriteCommand,
} from './commands.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, leasePath } from './lease.js'
import type { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import { checkPreconditions, created, deleted, updated } from './objects.js'
import type { Cause } from './records.js'
import { isExpired, Tenancies, type TenancyObserver } from './tenancies.js'
import { createdHeld, released } from './tenancy.js'
import { Writes } from './writes.js'

/**
 * The rules of leases as objects that people and programs ask for by name. It decides commands one at a time, in the
 * order they are given, each at its own time; what it decides is in `table` at once and in `batch` as records to store.
 *
 * Deterministic and told the time; no I/O, no clock.
 */
export class LeaseCore implements Leases {
  readonly table: LeaseTable
  readonly batch: Batch
  readonly tenancies: Tenancies
  readonly collection: Collection
  readonly #random: Random
  readonly #writes: Writes

  constructor(table: LeaseTable, random: Random, observer?: TenancyObserver, rules: readonly CollectionRule[] = []) {
    this.table = table
    this.batch = new Batch(table)
    this.#random = random
    this.tenancies = new Tenancies(table, this.batch, random, observer)
    this.#writes = new Writes(table, this.batch, this.tenancies, random)
    this.collection = new Collection(table, rules, (node, time) => {
      observer?.collected()
      this.#remove(node, time, 'rule')
    })
  }

  /** When something is due by itself next, or earlier, in ms on the lease clock. */
  get nextDeadline(): number {
    return Math.min(this.tenancies.nextDeadline, this.collection.nextDeadline)
  }

  /** After a start: deadlines, and the rounds of collection, count from now. */
  start(now: number): void {
    this.tenancies.startDeadlines(now)
    this.collection.start(now)
  }

  get revision(): number {
    return this.table.revision
  }

  get(name: LeaseName): LeaseImage {
    return this.table.need(name).current()
  }

  list(query: ListQuery): ListPage {
    return this.table.list(query)
  }

  namespaces(after: string, limit: number): readonly string[] {
    return this.table.namespaces(after, limit)
  }

  checkFencingToken({ fencingToken, ...name }: TenancyCommand): TokenCheck {
    const lease = this.table.need(name)
    const isHeld = lease.state === 'held'
    return {
      valid: isHeld && lease.fencingToken === fencingToken,
      fencingToken: lease.fencingToken,
      holderIdentity: isHeld ? (lease.holderIdentity ?? '') : '',
    }
  }

  expireTime(lease: LeaseImage, time: Instant): number | undefined {
    const node = this.table.findById(lease.id)
    if (lease.state !== 'held' || node === undefined || node.fencingToken !== lease.fencingToken) return undefined
    return time.wallMicros + Math.round((node.deadline - time.now) * 1e3)
  }

  create(command: CreateCommand, time: Instant): LeaseImage {
    const wanted = this.#freeName(command)
    const { name } = wanted
    if (command.holderIdentity !== undefined && this.tenancies.isAwaited(wanted))
      throw this.tenancies.held(wanted, time)
    const revision = this.batch.nextRevision
    const unheld = created(command, name, revision, time, this.#random)
    if (command.holderIdentity === undefined) {
      if (!command.validateOnly) this.batch.transition({ type: 'created', lease: unheld }, time)
      return unheld
    }
    const acquire: AcquireCommand = {
      namespace: command.namespace,
      name,
      holderIdentity: command.holderIdentity,
      leaseDurationMs: command.changes.leaseDurationMs ?? 0,
    }
    const held = createdHeld(unheld, acquire, revision, time)
    if (!command.validateOnly) this.tenancies.begin({ type: 'created', lease: held }, time, undefined)
    return held
  }

  update(command: UpdateCommand, time: Instant): LeaseImage {
    const node = this.table.need(command)
    const before = node.current()
    checkPreconditions(before, command)
    const lease = updated(before, command.changes, this.batch.nextRevision)
    if (lease === before || command.validateOnly) return lease
    const wasHeldUp = lease.deletionTimestamp !== undefined && (lease.finalizers ?? []).length === 0
    if (wasHeldUp) this.tenancies.delete(node, lease, time)
    else this.batch.transition({ type: 'updated', lease }, time)
    return lease
  }

  createWritten(command: WriteCommand, time: Instant): LeaseImage {
    return this.#writes.create(command, this.#freeName(command), time)
  }

  write(command: WriteCommand, time: Instant): LeaseImage {
    return this.#writes.write(command, time)
  }

  delete(command: DeleteCommand, time: Instant): LeaseImage {
    const node = this.table.need(command)
    const lease = node.current()
    checkPreconditions(lease, command)
    return command.validateOnly ? deleted(lease, this.batch.nextRevision, time) : this.#remove(node, time)
  }

  acquire(command: AcquireCommand, time: Instant): AcquireOutcome {
    const outcome = this.tenancies.take(command, time, undefined)
    if (outcome !== undefined) return outcome
    throw this.tenancies.held(command, time)
  }

  renew(command: TenancyCommand, time: Instant): RenewOutcome {
    const node = this.#tenancy(command, time)
    if (!command.validateOnly) this.tenancies.extend(node, time)
    return { lease: node.current(), renewAfterMs: this.tenancies.renewAfterMs(node.leaseDurationMs ?? 0) }
  }

  release(command: TenancyCommand, time: Instant): LeaseImage {
    const node = this.#tenancy(command, time)
    const lease = released(node.current(), this.batch.nextRevision, time)
    if (!command.validateOnly) this.tenancies.free(node, time)
    return lease
  }

  revoke(command: TenancyCommand, time: Instant): LeaseImage {
    const node = this.table.need(command)
    const lease = leasePath(command)
    if (node.state !== 'held' || isExpired(node, time.now)) {
      throw new LeaseError('LEASE_NOT_HELD', `lease ${lease} is not held: there is nothing to revoke`, { lease })
    }
    if (command.fencingToken !== 0 && command.fencingToken !== node.fencingToken) throw this.#stale(command, node)
    const image = released(node.current(), this.batch.nextRevision, time)
    if (!command.validateOnly) this.tenancies.free(node, time, 'revoked')
    return image
  }

  /** Deletes a lease, or marks it where finalizers hold that up. */
  #remove(node: LeaseNode, time: Instant, cause?: Cause): LeaseImage {
    const before = node.current()
    const lease = deleted(before, this.batch.nextRevision, time)
    if (lease === before) return lease
    if (lease.deletionTimestamp === undefined) this.tenancies.delete(node, lease, time, cause)
    else this.batch.transition({ type: 'updated', lease }, time)
    return lease
  }

  /** The lease, for the holder that has the token. */
  #tenancy(command: TenancyCommand, time: Instant): LeaseNode {
    const node = this.table.need(command)
    if (node.state !== 'held' || node.fencingToken !== command.fencingToken || isExpired(node, time.now)) {
      throw this.#stale(command, node)
    }
    return node
  }

  #stale({ fencingToken, ...name }: TenancyCommand, node: LeaseNode): LeaseError {
    const lease = leasePath(name)
    const message = `fencing token ${fencingToken} of lease ${lease} is not the present one: stop the work, then acquire anew`
    const holderIdentity = node.state === 'held' ? (node.holderIdentity ?? '') : ''
    return new LeaseError('STALE_FENCING_TOKEN', message, {
      lease,
      holderIdentity,
      fencingToken: node.fencingToken,
    })
  }

  /** The name for a new lease, given or generated. */
  #freeName(command: NewName): LeaseName {
    const { namespace } = command
    const name = command.name || this.#generateName(command)
    const lease = leasePath({ namespace, name })
    if (this.table.find({ namespace, name }) !== undefined) {
      throw new LeaseError('LEASE_EXISTS', `lease ${lease} exists already: update or acquire it`, { lease })
    }
    return { namespace, name }
  }

  #generateName({ namespace, generateName = '' }: NewName): string {
    const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
    const tries = 8
    const suffixLength = 5
    const longestBase = 58
    for (let i = 0; i < tries; i++) {
      const suffix = Array.from(this.#random.bytes(suffixLength), byte => alphabet[byte % alphabet.length]).join('')
      const name = generateName.slice(0, longestBase) + suffix
      if (this.table.find({ namespace, name }) === undefined) return name
    }
    const lease = leasePath({ namespace, name: generateName })
    throw new LeaseError('LEASE_EXISTS', `no free name was found for ${lease}: try again`, { lease })
  }
}

/** A name that is given, or the beginning of one. */
type NewName = LeaseName & { readonly generateName?: string }
