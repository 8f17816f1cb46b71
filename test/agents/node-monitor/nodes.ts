import type { ChangeType, Lease, LeaseChange } from '../../../client/index.js'
import { clientLease } from '../../support/client-lease.js'

/** A node's lease as a test wants it. */
export const nodeLease = (name: string, fields: Partial<Lease> = {}): Lease =>
  clientLease({
    id: idOf(name),
    namespace: 'kube-node-lease',
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    holderIdentity: name,
    leaseDurationMs: 40_000,
    renewTime: '2026-01-02T03:04:05.000000Z',
    state: 'held',
    fencingToken: 1,
    revision: 1,
    ...fields,
  })

/** The id of a lease whose name ends in a number. */
export const idOf = (name: string): number => 1_000 + Number(/\d+$/.exec(name)?.[0] ?? 0)

export const change = (type: ChangeType, lease: Lease): LeaseChange => ({
  type,
  lease,
  previousHolderIdentity: '',
  cause: '',
  revision: lease.revision,
})

export const ready = { 'leasehold.dev/node-status': 'Ready' }
export const unknown = { 'leasehold.dev/node-status': 'Unknown' }
