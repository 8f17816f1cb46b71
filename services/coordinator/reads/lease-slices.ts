/** Leases read a bounded slice at a time, for lists and for the initial state of watches. */
import type { CoordinatorPort } from '../coordinator-port.js'
import type { LeaseName, Leases, ListQuery } from '../lease/commands.js'
import { LeaseError } from '../lease/errors.js'
import { type LeaseImage, leaseKey } from '../lease/lease.js'

/** A lease as it was read. */
export interface FoundLease {
  readonly lease: LeaseImage
  /** When the coordinator would expire it, by the wall clock in µs; undefined unless it was held. */
  readonly expireTime: number | undefined
}

/** The leases of one look, in the order of their keys. */
export interface LeaseSlice {
  readonly leases: readonly FoundLease[]
  /** Where the next slice goes on; absent for the last. A slice may end early, even empty: one look is bounded. */
  readonly after?: string
  /** The revision it was read at. */
  readonly revision: number
}

/** The leases of one look, cut where they become larger than `maxBytes` together. */
export function readSlice(coordinator: CoordinatorPort, query: ListQuery, maxBytes: number): Promise<LeaseSlice> {
  return coordinator.execute('read', (leases, time) => {
    const { leases: found, revision, after } = leases.list(query)
    const fitting = fittingCount(found, maxBytes)
    const last = found[fitting - 1]
    const goOn = fitting < found.length && last ? leaseKey(last.namespace, last.name) : after
    return {
      leases: found.slice(0, fitting).map(lease => ({ lease, expireTime: leases.expireTime(lease, time) })),
      revision,
      ...(goOn !== undefined && { after: goOn }),
    }
  })
}

/** The one lease of a name, if it is there and selected. */
export function readNamed(
  coordinator: CoordinatorPort,
  query: LeaseName & Pick<ListQuery, 'matches'>,
): Promise<LeaseSlice> {
  return coordinator.execute('read', (leases, time) => {
    const { revision } = leases
    const lease = findLease(leases, query)
    const isFound = lease !== undefined && query.matches(lease)
    return { leases: isFound ? [{ lease, expireTime: leases.expireTime(lease, time) }] : [], revision }
  })
}

/** The lease, if it is there. */
export function findLease(leases: Pick<Leases, 'get'>, name: LeaseName): LeaseImage | undefined {
  try {
    return leases.get(name)
  } catch (error) {
    if (error instanceof LeaseError && error.code === 'LEASE_NOT_FOUND') return undefined
    throw error
  }
}

/** Roughly how large a lease is on the wire: to end slices, pages and batches of changes in time. */
export function approximateBytes(lease: LeaseImage): number {
  let bytes = 256 + lease.namespace.length + lease.name.length + (lease.holderIdentity?.length ?? 0)
  for (const map of [lease.labels, lease.annotations]) {
    for (const key in map) bytes += key.length + (map[key]?.length ?? 0) + 8
  }
  for (const finalizer of lease.finalizers ?? []) bytes += finalizer.length + 4
  for (const { apiVersion, kind, name, uid } of lease.ownerReferences ?? []) {
    bytes += apiVersion.length + kind.length + name.length + uid.length + 16
  }
  for (const entry of lease.managedFields ?? []) bytes += entry.fieldsV1.length + entry.manager.length + 64
  return bytes
}

/** How many leases, at least one, fit into so many bytes. */
function fittingCount(leases: readonly LeaseImage[], maxBytes: number): number {
  let bytes = 0
  const firstBeyond = leases.findIndex(lease => {
    bytes += approximateBytes(lease)
    return bytes > maxBytes
  })
  return firstBeyond === -1 ? leases.length : Math.max(firstBeyond, 1)
}
