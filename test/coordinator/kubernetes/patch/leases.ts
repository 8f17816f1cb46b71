import fc from 'fast-check'
import type { JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import { type Status, StatusError } from '../../../../services/coordinator/kubernetes/status.js'

interface Parts {
  readonly metadata?: JsonObject
  readonly spec?: JsonObject
}

/** A lease as it is served. */
export function lease({ metadata = {}, spec = {} }: Parts = {}): JsonObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'a', namespace: 'default', ...metadata },
    spec,
  }
}

/** What wants nothing of a lease's spec. */
export function withoutSpec(metadata: JsonObject = {}): JsonObject {
  const { spec: _, ...wanted } = lease({ metadata })
  return wanted
}

const texts = fc.dictionary(fc.constantFrom('a', 'b', 'example.com/c', 'constructor'), fc.constantFrom('1', '2'), {
  maxKeys: 3,
})
const ownerReference = fc.record(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Node'),
    name: fc.constantFrom('x', 'y'),
    controller: fc.boolean(),
  },
  { requiredKeys: ['apiVersion', 'kind', 'name'] },
)
const filled = <T extends object>(value: T): boolean => Object.keys(value).length > 0

/** Any lease: what may be empty is left out then. */
export const anyLease: fc.Arbitrary<JsonObject> = fc
  .record({
    metadata: fc.record(
      {
        labels: texts.filter(filled),
        annotations: texts.filter(filled),
        finalizers: fc.uniqueArray(fc.constantFrom('f', 'g', 'h'), { minLength: 1 }),
        ownerReferences: fc
          .uniqueArray(fc.tuple(fc.constantFrom('u', 'v', 'w'), ownerReference), {
            minLength: 1,
            selector: ([uid]) => uid,
          })
          .map(owners => owners.map(([uid, owner]) => ({ ...owner, uid }))),
      },
      { requiredKeys: [] },
    ),
    spec: fc.record(
      {
        holderIdentity: fc.constantFrom('', 'h', 'i'),
        leaseDurationSeconds: fc.constantFrom(10, 20),
        renewTime: fc.constantFrom('2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:05.000000Z'),
        leaseTransitions: fc.constantFrom(0, 1),
      },
      { requiredKeys: [] },
    ),
  })
  .map(parts => JSON.parse(JSON.stringify(lease(parts))) as JsonObject)

/** The Status of the refusal that something must throw. */
export function refusal(act: () => unknown): Status {
  try {
    act()
  } catch (error) {
    if (error instanceof StatusError) return error.status
    throw error
  }
  throw new Error('nothing was refused')
}
