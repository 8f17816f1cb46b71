/**
 * What a write of a Kubernetes client means. Such a client does not ask for a lease, it writes the whole object: from what
 * it changes follows whether it takes, renews, gives up or only edits the lease.
 *
 * @see Kubernetes client-go leaderelection, and the kubelet's lease controller, for who writes what
 */
import type { Instant, WrittenLease } from './commands.js'
import type { LeaseImage } from './lease.js'
import { isEqual } from './objects.js'

/** What a write may come to. A `refused` one would take a tenancy from somebody who holds over gRPC, or meddle with it. */
export type Meaning = 'nothing' | 'updated' | 'renewed' | 'acquired' | 'transferred' | 'released' | 'refused'

/** What a write means for a lease as it is; a lease that is due must have expired before. */
export function meaningOf(lease: LeaseImage, write: WrittenLease): Meaning {
  const changed = changedFields(lease, write)
  const changes = (...fields: (keyof WrittenLease)[]): boolean => fields.some(field => changed.includes(field))
  if (changed.length === 0) return 'nothing'

  if (lease.state === 'held' && !lease.isWritten) return changes(...tenancyFields) ? 'refused' : 'updated'

  if (lease.state === 'held') {
    if (!isHolding(write)) return 'released'
    if (changes('holderIdentity')) return 'transferred'
    // The compact record of a renewal has a number. A time that is set back is a renewal too: a node's clock may be.
    return changed.length === 1 && typeof write.renewTime === 'number' && changes('renewTime') ? 'renewed' : 'updated'
  }

  if (!isHolding(write)) return 'updated'
  // An expired lease goes on naming its holder: it is held again when that holder renews, not when others edit it.
  return lease.state !== 'expired' || changes('holderIdentity', 'renewTime') ? 'acquired' : 'updated'
}

/** Whether the lease is held when it is as written: that takes a holder, and a duration to hold it for. */
export const isHolding = ({ holderIdentity = '', leaseDurationMs }: WrittenLease): boolean =>
  holderIdentity !== '' && leaseDurationMs !== undefined

/** What belongs to the holder, not to the object. */
const tenancyFields = [
  'holderIdentity',
  'leaseDurationMs',
  'acquireTime',
  'renewTime',
  'leaseTransitions',
] as const satisfies readonly (keyof WrittenLease)[]

const allFields: Record<keyof WrittenLease, true> = {
  labels: true,
  annotations: true,
  ownerReferences: true,
  finalizers: true,
  managedFields: true,
  holderIdentity: true,
  leaseDurationMs: true,
  acquireTime: true,
  renewTime: true,
  leaseTransitions: true,
  strategy: true,
  preferredHolder: true,
  takeoverDelayMs: true,
}

// Its keys are what its type says.
const fields = Object.keys(allFields) as (keyof WrittenLease)[]

/** What of a lease may be written, as Kubernetes has it: empty lists and maps are left out. */
export function writtenLease(lease: WrittenLease): WrittenLease {
  return Object.fromEntries(
    fields.filter(field => filled(lease[field]) !== undefined).map(field => [field, lease[field]]),
  )
}

/** The lease after a write that means this; the same object when it means nothing. */
export function afterWrite(
  meaning: Exclude<Meaning, 'refused'>,
  lease: LeaseImage,
  write: WrittenLease,
  revision: number,
  time: Instant,
): LeaseImage {
  switch (meaning) {
    case 'nothing':
      return lease
    case 'updated':
    case 'renewed':
      return asWritten(lease, write, revision)
    case 'acquired':
    case 'transferred':
      return heldAsWritten(lease, write, revision)
    case 'released': {
      const { isWritten: _, ...rest } = asWritten(lease, write, revision)
      return { ...rest, state: 'released', freeSince: time.wallMicros }
    }
  }
}

/** The lease with every field as written: nothing is computed. */
export function asWritten(lease: LeaseImage, write: WrittenLease, revision: number): LeaseImage {
  const kept = Object.fromEntries(Object.entries(lease).filter(([field]) => !(field in allFields)))
  const { leaseDurationMs } = changedFields(lease, write).includes('leaseDurationMs') ? write : lease
  const duration = leaseDurationMs === undefined ? {} : { leaseDurationMs }
  // What is kept is all but what may be written, and that is optional.
  return { ...(kept as unknown as LeaseImage), ...writtenLease(write), ...duration, revision }
}

/** The same in the hands of the holder that is written, under a new token. */
export function heldAsWritten(lease: LeaseImage, write: WrittenLease, revision: number): LeaseImage {
  const { instance: _, freeSince: __, ...rest } = asWritten(lease, write, revision)
  // Who takes the lease counts on the very duration that it wrote.
  const { leaseDurationMs = 0 } = write
  return { ...rest, leaseDurationMs, state: 'held', fencingToken: revision, isWritten: true }
}

/** The fields that a write changes. */
export function changedFields(lease: LeaseImage, write: WrittenLease): (keyof WrittenLease)[] {
  return fields.filter(field => {
    if (field === 'leaseDurationMs' && write.leaseDurationMs === shownDurationMs(lease)) return false
    return !isEqual(filled(lease[field]), filled(write[field]))
  })
}

/** Kubernetes clients see whole seconds: one that writes what it saw has not changed the duration. */
const shownDurationMs = ({ leaseDurationMs }: LeaseImage): number | undefined =>
  leaseDurationMs === undefined ? undefined : Math.ceil(leaseDurationMs / 1e3) * 1e3

/** Nothing instead of an empty list or map. */
const filled = <T>(value: T | undefined): T | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
