import type { Lease } from '../client/lease.js'
import { formatAge } from './age.js'

/** Which columns a table of leases has beside NAME, HOLDER and AGE. */
export interface LeaseColumns {
  /** NAMESPACE, first. */
  readonly namespace: boolean
  /** STATE and TOKEN, last: what a Kubernetes lease does not have. */
  readonly wide: boolean
}

export const leaseHeader = ({ namespace, wide }: LeaseColumns): string[] => [
  ...(namespace ? ['NAMESPACE'] : []),
  ...['NAME', 'HOLDER', 'AGE'],
  ...(wide ? ['STATE', 'TOKEN'] : []),
]

/** @param wallMicros now, microseconds since the Unix epoch. */
export const leaseRow = (lease: Lease, { namespace, wide }: LeaseColumns, wallMicros: number): string[] => [
  ...(namespace ? [lease.namespace] : []),
  ...[lease.name, lease.holderIdentity ?? '', leaseAge(lease, wallMicros)],
  ...(wide ? [lease.state, lease.fencingToken === 0 ? '' : String(lease.fencingToken)] : []),
]

const leaseAge = ({ creationTime }: Lease, wallMicros: number): string =>
  creationTime === undefined ? '<unknown>' : formatAge(wallMicros / 1_000 - Date.parse(creationTime))
