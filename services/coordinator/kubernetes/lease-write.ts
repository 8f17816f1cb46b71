/** What a write of a Kubernetes client comes to, decided in one turn of the coordinator. */
import type { Instant, LeaseName, Leases, WrittenLease } from '../lease/commands.js'
import { invalid } from '../lease/field-errors.js'
import type { LeaseImage, ManagedFieldsEntry } from '../lease/lease.js'
import type { Limits } from '../lease/validation.js'
import { changedFields } from '../lease/written.js'
import { managedAfterUpdate } from './apply/managed-fields.js'
import { type JsonObject, leaseObject, type ReadLease, readManagedFields } from './lease-object.js'
import { conflict, invalidLease, invalidObject, leaseResource, type StatusError } from './status.js'
import { validateLeaseWrite } from './validate.js'
import type { WriteOptions } from './write-options.js'

/** The turn in which a write is decided. */
export interface Turn {
  readonly leases: Leases
  readonly time: Instant
  readonly limits: Limits
  readonly options: WriteOptions
}

/** The object as it is to be. */
export interface Wanted {
  readonly read: ReadLease
  /** It says itself who has set which field, since it was applied. */
  readonly isApplied: boolean
}

/** @throws StatusError 409, 422; LeaseError LEASE_EXISTS, LEASE_HELD where others wait for the lease. */
export function createLease(turn: Turn, { namespace, name }: LeaseName, { read, isApplied }: Wanted): LeaseImage {
  const { generateName, generation } = read.metadata
  const given = {
    ...(generateName !== undefined && { generateName }),
    ...(generation !== undefined && { generation }),
  }
  refuseInvalid(turn, { namespace, name }, read, undefined)
  const write = (lease: WrittenLease, validateOnly = turn.options.isDryRun): LeaseImage =>
    turn.leases.createWritten({ namespace, name, ...given, lease, validateOnly }, turn.time)
  if (isApplied) return write(read.lease)
  const { managedFields: _, ...lease } = read.lease
  return write({ ...lease, ...managedAfter(turn, undefined, write(lease, true), read) })
}

/** @throws StatusError 409, 422; LeaseError REVISION_MISMATCH, LEASE_HELD where the lease is protected. */
export function writeLease(turn: Turn, before: LeaseImage, { read, isApplied }: Wanted): LeaseImage {
  const { namespace, name } = before
  const { uid, resourceVersion } = read.metadata
  if (uid !== undefined && uid !== before.uid) throw otherUid(before, uid, before.uid)
  refuseInvalid(turn, before, read, before)
  const write = (lease: WrittenLease, validateOnly = turn.options.isDryRun): LeaseImage => {
    const version = resourceVersion === undefined ? {} : { resourceVersion }
    return turn.leases.write({ namespace, name, ...version, lease, validateOnly }, turn.time)
  }
  if (isApplied) return write(read.lease)
  const { managedFields: given, ...rest } = read.lease
  const isTracked = before.managedFields !== undefined || given !== undefined
  const kept = before.managedFields === undefined ? rest : { ...rest, managedFields: before.managedFields }
  const isSame = !isTracked || (!read.resetsManagedFields && isKnownRenewal(turn, before, kept))
  if (isSame) return write(kept)
  const after = write(kept, true)
  return write({ ...rest, ...managedAfter(turn, before, after, read) })
}

/** Who has set which field, after a write that is no apply. */
function managedAfter(
  { options, time }: Turn,
  before: LeaseImage | undefined,
  after: LeaseImage,
  { lease, resetsManagedFields }: ReadLease,
): { managedFields?: readonly ManagedFieldsEntry[] } {
  const { metadata, ...rest } = leaseObject({ ...after, managedFields: lease.managedFields ?? [] })
  const wanted = resetsManagedFields ? { ...(metadata as JsonObject), managedFields: [] } : metadata
  const entries = managedAfterUpdate(
    before && leaseObject(before),
    { ...rest, metadata: wanted },
    { manager: options.manager, nowSeconds: Math.floor(time.wallMicros / 1e6) },
  )
  return entries.length === 0 ? {} : { managedFields: readManagedFields(entries) }
}

/** Whether a write moves nothing but the renewTime that its manager has set before: it manages nothing new. */
function isKnownRenewal({ options }: Turn, before: LeaseImage, lease: WrittenLease): boolean {
  const changed = changedFields(before, lease)
  if (changed.length > 1 || (changed.length === 1 && changed[0] !== 'renewTime')) return false
  return (before.managedFields ?? []).some(
    ({ manager, operation, fieldsV1 }) =>
      manager === options.manager && operation === 'Update' && fieldsV1.includes('"f:renewTime"'),
  )
}

function refuseInvalid({ limits }: Turn, path: LeaseName, read: ReadLease, before: LeaseImage | undefined): void {
  const violations = validateLeaseWrite(read, limits, before, path)
  if (violations.length > 0) throw invalidLease(path.name, violations)
}

/** A write with the uid of a lease that is gone must not bring it back. */
export function otherUid({ namespace, name }: LeaseName, uid: string, present: string): StatusError {
  const key = `/registry/leases/${namespace}/${name}`
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present}`
  return conflict(
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  )
}

/** A PUT must say which version it replaces; Kubernetes names the resource here, and not the kind. */
export function versionMissing(name: string): StatusError {
  const { group, resource } = leaseResource
  const violation = invalid('metadata.resourceVersion', 0, 'must be specified for an update')
  return invalidObject({ group, kind: resource, name }, [violation])
}
