import { listMeta, microTime, objectMeta } from './metadata-schemas.js'
import { int32, kindOf, listOf, reference, type Schemas, text } from './schema.js'

const lease = 'io.k8s.api.coordination.v1.Lease'
const leaseList = 'io.k8s.api.coordination.v1.LeaseList'
const leaseSpec = 'io.k8s.api.coordination.v1.LeaseSpec'
const groupVersion = { group: 'coordination.k8s.io', version: 'v1' }

export const leaseSchemas: Schemas = {
  [lease]: kindOf(
    { ...groupVersion, kind: 'Lease' },
    'A named right to act, or a sign of life, held by at most one holder for as long as that renews it. The ' +
      'coordinator decides when it has run out, by its own clock, from when it read the last renewal.',
    {
      metadata: reference(objectMeta, 'Name and namespace, labels and annotations, owners and version.'),
      spec: reference(leaseSpec, 'Who holds the lease, since when, and for how long from each renewal.'),
    },
  ),
  [leaseSpec]: {
    type: 'object',
    description: 'Everything may be absent: such a lease is there, and nobody holds it.',
    properties: {
      acquireTime: reference(
        microTime,
        'When the present or last holder took the lease, as it says itself or as the coordinator saw it. Decides nothing.',
      ),
      holderIdentity: text(
        'Who holds the lease: any text that tells holders apart. Empty or absent: nobody. A write that names another ' +
          'holder takes the lease from one that also came by such a write; a holder over gRPC keeps it, and the write ' +
          'is refused with a conflict.',
      ),
      leaseDurationSeconds: int32(
        'For how long each renewal holds, in whole seconds from when the coordinator read it; more than 0. Without it a ' +
          'lease is not held, whoever it names.',
      ),
      leaseTransitions: int32('How often the lease went from one holder to another, as its writers count it.'),
      preferredHolder: text('Who should hold the lease next: the present holder ends its term for it. Needs strategy.'),
      renewTime: reference(
        microTime,
        'When the holder last renewed the lease, by its own clock. A write with another time than the last is a renewal; ' +
          'the time itself decides nothing.',
      ),
      strategy: text(
        'How the holder of a lease is chosen where several programs agree on that, as in OldestEmulationVersion.',
      ),
    },
  },
  [leaseList]: kindOf(
    { ...groupVersion, kind: 'LeaseList' },
    'Several leases, by namespace and name.',
    {
      items: listOf(lease, 'The leases.'),
      metadata: reference(listMeta, 'The version of the whole, and where it goes on.'),
    },
    ['items'],
  ),
}
