import { type Random, uuid } from '../../../clock/random.js'
import type { CreateCommand, Instant, LeaseChanges } from './commands.js'
import { invalidRequest, LeaseError } from './errors.js'
import { type LeaseImage, leasePath } from './lease.js'

/** A new lease that nobody holds. */
export function created(
  command: CreateCommand,
  name: string,
  revision: number,
  time: Instant,
  random: Random,
): LeaseImage {
  const { namespace, generateName, generation } = command
  const lease: LeaseImage = {
    id: revision,
    namespace,
    name,
    uid: uuid(random),
    creationTimestamp: Math.floor(time.wallMicros / 1e6),
    state: 'unheld',
    fencingToken: 0,
    revision,
  }
  // One by one: most leases come to be by an acquire, which sets none of them.
  if (generateName !== undefined) Object.assign(lease, { generateName })
  if (generation !== undefined) Object.assign(lease, { generation })
  for (const _ in command.changes) return { ...lease, ...present(command.changes) }
  return lease
}

/** The lease with the changes; the same object when they change nothing. */
export function updated(lease: LeaseImage, changes: LeaseChanges, revision: number): LeaseImage {
  const changed = Object.entries(changes).filter(
    ([field, value]) => !isEqual(lease[field as keyof LeaseChanges], value),
  )
  if (changed.length === 0) return lease
  if (lease.state === 'held' && changed.some(([field]) => field === 'leaseDurationMs')) {
    throw invalidRequest([
      {
        field: 'lease.spec.lease_duration',
        description: `belongs to the holder ${lease.holderIdentity} while the lease is held: acquire with another duration`,
      },
    ])
  }
  const kept = Object.fromEntries(Object.entries(lease).filter(([field]) => !(field in changes)))
  return { ...(kept as unknown as LeaseImage), ...present(changes), revision }
}

/** The lease as a deletion leaves it: as it was, or marked while finalizers hold it up; the same object when it is marked. */
export function deleted(lease: LeaseImage, revision: number, time: Instant): LeaseImage {
  if ((lease.finalizers ?? []).length === 0) return { ...lease, revision }
  if (lease.deletionTimestamp !== undefined) return lease
  return { ...lease, deletionTimestamp: Math.floor(time.wallMicros / 1e6), revision }
}

/** @throws LeaseError REVISION_MISMATCH when the lease is not, or no longer, the one that was meant. */
export function checkPreconditions(lease: LeaseImage, wanted: { uid?: string; resourceVersion?: string }): void {
  const path = leasePath(lease)
  if (wanted.uid !== undefined && wanted.uid !== lease.uid) {
    const message = `lease ${path} has uid ${lease.uid}, not ${wanted.uid}: it was deleted and created again`
    throw new LeaseError('REVISION_MISMATCH', message, { lease: path })
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== String(lease.revision)) {
    const message = `lease ${path} is at resource version ${lease.revision}, not ${wanted.resourceVersion}: read it again`
    throw new LeaseError('REVISION_MISMATCH', message, { lease: path })
  }
}

/** The changes without those that unset a field. */
function present(changes: LeaseChanges): Partial<LeaseImage> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}

/** Whether two values of a field are the same; objects by their content, in whatever order. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length || Array.isArray(a) !== Array.isArray(b)) return false
  return keys.every(key => isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
}
