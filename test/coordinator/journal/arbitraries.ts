import fc from 'fast-check'
import type { LeaseImage, LeaseState, MicroTime } from '../../../services/coordinator/lease/lease.js'
import type { Cause, Entry, LeaseRecord, Transition } from '../../../services/coordinator/lease/records.js'
import { transitionTypes } from '../../../services/coordinator/lease/records.js'

const states: readonly LeaseState[] = ['unheld', 'held', 'expired', 'released']
const causes: readonly Cause[] = ['revoked', 'unconfirmed', 'superseded', 'kubernetes-write', 'rule']

const text = fc.string({ unit: 'binary' })
const revision = fc.maxSafeNat()
const seconds = fc.integer()
const microTime: fc.Arbitrary<MicroTime> = fc.oneof(
  fc.maxSafeInteger(),
  // Year 1 to the bound of what a number tells exactly.
  fc.bigInt({ min: -62_135_596_800_000_000n, max: -9_007_199_254_740_992n }),
)
const labels = fc.dictionary(text, text, { noNullPrototype: true })

/** Fields that may be absent, each alone. */
const present = { requiredKeys: [] } as { requiredKeys: [] }

export const leaseImage: fc.Arbitrary<LeaseImage> = fc
  .tuple(
    fc.record({
      id: revision,
      namespace: text,
      name: text,
      uid: text,
      creationTimestamp: seconds,
      state: fc.constantFrom(...states),
      fencingToken: revision,
      revision,
    }),
    fc.record(
      {
        generateName: text,
        generation: fc.nat(),
        deletionTimestamp: seconds,
        labels,
        annotations: labels,
        ownerReferences: fc.array(fc.record({ apiVersion: text, kind: text, name: text, uid: text })),
        finalizers: fc.array(text),
        managedFields: fc.array(
          fc.record({ manager: text, operation: text, apiVersion: text, fieldsType: text, fieldsV1: text }),
        ),
        holderIdentity: text,
        leaseDurationMs: fc.nat(),
        acquireTime: microTime,
        renewTime: microTime,
        leaseTransitions: fc.nat(),
        strategy: text,
        preferredHolder: text,
        takeoverDelayMs: fc.nat(),
        instance: text,
        isWritten: fc.constant(true as const),
        freeSince: microTime,
      },
      present,
    ),
  )
  .map(([required, optional]) => ({ ...required, ...optional }))

export const transition: fc.Arbitrary<Transition> = fc
  .tuple(
    fc.record({ type: fc.constantFrom(...transitionTypes), time: fc.maxSafeInteger(), lease: leaseImage }),
    fc.record(
      {
        previousHolder: text,
        cause: fc.constantFrom(...causes),
        unheldMs: fc.double({ noNaN: true, min: 0 }),
        previousLabels: labels,
      },
      present,
    ),
  )
  .map(([required, optional]) => ({ ...required, ...optional }))

const renewals: fc.Arbitrary<LeaseRecord> = fc
  .tuple(
    revision,
    fc.array(
      fc.tuple(fc.oneof(revision, fc.integer({ min: 1e15, max: 1e15 + 2 ** 32 })), fc.integer({ min: 0, max: 1e9 })),
    ),
  )
  .map(([firstRevision, pairs]) => ({
    type: 'renewed',
    firstRevision,
    leaseIds: pairs.map(([id]) => id),
    renewTimes: pairs.map(([, time]) => time),
  }))

const published: fc.Arbitrary<LeaseRecord> = revision.map(throughRevision => ({ type: 'published', throughRevision }))

export const entry: fc.Arbitrary<Entry> = fc.record({
  epoch: fc.nat(),
  firstRevision: revision,
  records: fc.array(fc.oneof(transition, renewals, published), { maxLength: 6 }),
})
