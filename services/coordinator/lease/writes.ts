import type { Random } from '../../../clock/random.js'
import type { Batch } from './batch.js'
import type { Instant, LeaseName, WriteCommand } from './commands.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, leasePath } from './lease.js'
import type { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import { checkPreconditions, created } from './objects.js'
import { isExpired, type Tenancies, willBeKeptBack } from './tenancies.js'
import { acquisition, expired } from './tenancy.js'
import { afterWrite, asWritten, changedFields, heldAsWritten, isHolding, meaningOf } from './written.js'

/** Carries out what the writes of Kubernetes clients mean. Sessions that wait for a lease go before any of them. */
export class Writes {
  readonly #table: LeaseTable
  readonly #batch: Batch
  readonly #tenancies: Tenancies
  readonly #random: Random

  constructor(table: LeaseTable, batch: Batch, tenancies: Tenancies, random: Random) {
    this.#table = table
    this.#batch = batch
    this.#tenancies = tenancies
    this.#random = random
  }

  /** Creates a lease as written, held or not, under a name that is free. */
  create(command: WriteCommand, name: LeaseName, time: Instant): LeaseImage {
    const { lease: write } = command
    const isHeld = isHolding(write)
    if (isHeld && this.#tenancies.isAwaited(name)) throw this.#tenancies.held(name, time)
    const revision = this.#batch.nextRevision
    const { generateName, generation } = command
    const wanted = {
      ...name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(generation === undefined ? {} : { generation }),
      changes: {},
    }
    const unheld = created(wanted, name.name, revision, time, this.#random)
    const lease = isHeld ? heldAsWritten(unheld, write, revision) : asWritten(unheld, write, revision)
    if (command.validateOnly) return lease
    if (isHeld) this.#tenancies.begin({ type: 'created', lease }, time, undefined)
    else this.#batch.transition({ type: 'created', lease }, time)
    return lease
  }

  /**
   * Writes a lease that is there. A refused write changes nothing, but that a lease which is due has expired.
   *
   * @throws LeaseError LEASE_NOT_FOUND, REVISION_MISMATCH; LEASE_HELD when it would take the lease from who holds it over
   *   gRPC, waits for it, or may come back to it.
   */
  write(command: WriteCommand, time: Instant): LeaseImage {
    const node = this.#table.need(command)
    const { lease: write, validateOnly = false } = command
    checkPreconditions(node.current(), command)
    const before = this.#expiredIfDue(node, validateOnly, time)
    const meaning = meaningOf(before, write)
    if (meaning === 'refused') throw protectedTenancy(before)
    if (meaning === 'transferred' && this.#tenancies.isAwaited(command)) throw awaited(before)
    if (meaning === 'acquired') this.#checkFree(node, before, command, time)
    const lease = afterWrite(meaning, before, write, this.#batch.nextRevision, time)
    if (meaning === 'nothing' || validateOnly) return lease
    if (isGone(lease)) {
      this.#tenancies.delete(node, lastOf(before, lease.revision), time)
      return lease
    }
    const previousHolder = before.holderIdentity ?? ''
    switch (meaning) {
      case 'updated':
        this.#update(node, before, lease, time)
        break
      case 'renewed':
        // Only a time that is exact as a number means no more than a renewal.
        this.#tenancies.extend(node, time, Number(write.renewTime))
        break
      case 'acquired':
        this.#tenancies.begin(acquisition(before, lease, time), time, undefined)
        break
      case 'transferred':
        this.#tenancies.begin(
          { type: 'transferred', lease, previousHolder, cause: 'kubernetes-write' },
          time,
          undefined,
        )
        break
      case 'released':
        this.#tenancies.end({ type: 'released', lease, previousHolder }, time)
    }
    return node.current()
  }

  #expiredIfDue(node: LeaseNode, validateOnly: boolean, time: Instant): LeaseImage {
    const isDue = node.state === 'held' && isExpired(node, time.now)
    if (isDue && validateOnly) return expired(node, this.#batch.nextRevision, time)
    if (isDue) this.#tenancies.expire(node, time)
    return node.current()
  }

  #update(node: LeaseNode, before: LeaseImage, lease: LeaseImage, time: Instant): void {
    const changed = changedFields(before, lease)
    this.#batch.transition({ type: 'updated', lease }, time)
    if (lease.state !== 'held') return
    const isNewDuration = changed.includes('leaseDurationMs')
    if (isNewDuration || changed.includes('renewTime')) this.#tenancies.prolong(node, time, isNewDuration)
  }

  /** @throws LeaseError LEASE_HELD when a free lease is for somebody else: a waiter, or the last holder in its takeover delay. */
  #checkFree(node: LeaseNode, before: LeaseImage, command: WriteCommand, time: Instant): void {
    if (willBeKeptBack(node, time.now)) {
      // Its last holder comes back before those who wait.
      if (before.isWritten && before.holderIdentity === command.lease.holderIdentity) return
    } else if (!this.#tenancies.isAwaited(command)) return
    throw this.#tenancies.held(command, time)
  }
}

/** Whether only its finalizers held up the deletion of a lease, and it has none any more. */
const isGone = ({ deletionTimestamp, finalizers = [] }: LeaseImage): boolean =>
  deletionTimestamp !== undefined && finalizers.length === 0

/** A lease as it was last, without what held its deletion up. */
function lastOf({ finalizers: _, ...lease }: LeaseImage, revision: number): LeaseImage {
  return { ...lease, revision }
}

function protectedTenancy(image: LeaseImage): LeaseError {
  const { holderIdentity = '', fencingToken } = image
  const lease = leasePath(image)
  const message = `lease ${lease} is held by ${holderIdentity} over gRPC, and only its metadata may be written: wait for its release or expiry, or revoke it`
  return new LeaseError('LEASE_HELD', message, { lease, holderIdentity, fencingToken })
}

function awaited(image: LeaseImage): LeaseError {
  const { holderIdentity = '', fencingToken } = image
  const lease = leasePath(image)
  const message = `lease ${lease} is held by ${holderIdentity}, and others wait to have it next: acquire it over gRPC to wait, too`
  return new LeaseError('LEASE_HELD', message, { lease, holderIdentity, fencingToken })
}
