import test from 'ava'
import fc from 'fast-check'
import {
  type JsonObject,
  leaseObject,
  type ReadLease,
  readLease,
  readManagedFields,
} from '../../../services/coordinator/kubernetes/lease-object.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'
import type { LeaseImage, MicroTime } from '../../../services/coordinator/lease/lease.js'
import { writtenLease } from '../../../services/coordinator/lease/written.js'
import { image } from '../feed/samples.js'
import { leaseImage } from '../journal/arbitraries.js'

const prefix = 'Lease in version "v1" cannot be handled as a Lease: '

/** What is refused, or undefined. */
function refusal(object: unknown): string | undefined {
  try {
    readLease(object, 'Strict')
    return undefined
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error
    return error.message
  }
}

// What is served

test('the state and the token are annotations', t => {
  const { metadata } = leaseObject(image(7, { annotations: { a: 'b' } }))
  t.like(metadata, {
    annotations: { a: 'b', 'leasehold.dev/state': 'held', 'leasehold.dev/fencing-token': '7' },
  })
})

test('a lease that nobody ever held has no token', t => {
  const { metadata } = leaseObject(image(7, { fencingToken: 0, state: 'unheld' }))
  t.like(metadata, { annotations: { 'leasehold.dev/state': 'unheld' } })
  t.notRegex(JSON.stringify(metadata), /fencing-token/)
})

test('the takeover delay is an annotation, as a duration', t => {
  t.like(leaseObject(image(7, { takeoverDelayMs: 90_500 })), {
    metadata: { annotations: { 'leasehold.dev/takeover-delay': '1m30s500ms' } },
  })
})

// What is read

test('a lease is read with every field', t => {
  const read = readLease(
    {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: {
        name: 'a',
        namespace: 'n',
        generateName: 'g-',
        uid: 'u',
        resourceVersion: '5',
        generation: 3,
        selfLink: '/x',
        creationTimestamp: '2026-01-02T03:04:05Z',
        deletionTimestamp: null,
        deletionGracePeriodSeconds: 0,
        labels: { app: 'db', none: null },
        annotations: { note: 'x', 'leasehold.dev/takeover-delay': '30s' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true }],
        finalizers: ['example.com/wait'],
        managedFields: [
          { manager: 'm', operation: 'Update', time: '2026-01-02T03:04:05Z', fieldsV1: { 'f:spec': {} } },
        ],
      },
      spec: {
        holderIdentity: 'h',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-02T03:04:05.678901Z',
        renewTime: '2026-01-02T04:04:05.678901+01:00',
        leaseTransitions: 2,
        strategy: 'OldestEmulationVersion',
        preferredHolder: 'p',
      },
    },
    'Strict',
  )
  const expected: ReadLease = {
    metadata: { name: 'a', namespace: 'n', generateName: 'g-', uid: 'u', resourceVersion: '5', generation: 3 },
    lease: {
      labels: { app: 'db', none: '' },
      annotations: { note: 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true }],
      finalizers: ['example.com/wait'],
      managedFields: [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: '',
          time: 1_767_323_045,
          fieldsType: '',
          fieldsV1: '{"f:spec":{}}',
        },
      ],
      holderIdentity: 'h',
      leaseDurationMs: 15_000,
      acquireTime: 1_767_323_045_678_901,
      renewTime: 1_767_323_045_678_901,
      leaseTransitions: 2,
      strategy: 'OldestEmulationVersion',
      preferredHolder: 'p',
      takeoverDelayMs: 30_000,
    },
    resetsManagedFields: false,
    warnings: [],
    violations: [],
  }
  t.deepEqual(read, expected)
})

test('what is null, empty or left out is absent; an empty holder and zeros are not', t => {
  const metadata = { name: '', labels: {}, annotations: null, ownerReferences: [], finalizers: [], uid: null }
  const spec = { holderIdentity: '', leaseTransitions: 0, acquireTime: null, renewTime: '0001-01-01T00:00:00.000000Z' }
  const { metadata: read, lease } = readLease({ metadata, spec }, 'Strict')
  t.deepEqual(read, {})
  t.deepEqual(lease, { holderIdentity: '', leaseTransitions: 0 })
  t.deepEqual(readLease({}, 'Strict').lease, {})
  t.deepEqual(readLease({ metadata: null, spec: null }, 'Strict').lease, {})
})

const mismatches: readonly (readonly [string, JsonObject])[] = [
  ['json: cannot unmarshal number into Go struct field Lease.spec of type v1.LeaseSpec', { spec: 3 }],
  ['json: cannot unmarshal string into Go struct field Lease.metadata of type v1.ObjectMeta', { metadata: 'x' }],
  [
    'json: cannot unmarshal string into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32',
    { spec: { leaseDurationSeconds: '15' } },
  ],
  [
    'json: cannot unmarshal number 1.5 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32',
    { spec: { leaseDurationSeconds: 1.5 } },
  ],
  [
    'json: cannot unmarshal number 2147483648 into Go struct field LeaseSpec.spec.leaseTransitions of type int32',
    { spec: { leaseTransitions: 2_147_483_648 } },
  ],
  [
    'json: cannot unmarshal bool into Go struct field LeaseSpec.spec.holderIdentity of type string',
    { spec: { holderIdentity: true } },
  ],
  [
    'json: cannot unmarshal number into Go struct field LeaseSpec.spec.renewTime of type string',
    { spec: { renewTime: 3 } },
  ],
  [
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    { metadata: { labels: { a: 3 } } },
  ],
  [
    'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    { metadata: { labels: [] } },
  ],
  [
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.finalizers of type string',
    { metadata: { finalizers: ['a', 3] } },
  ],
  [
    'json: cannot unmarshal object into Go struct field ObjectMeta.metadata.finalizers of type []string',
    { metadata: { finalizers: {} } },
  ],
  [
    'json: cannot unmarshal string into Go struct field OwnerReference.metadata.ownerReferences.controller of type bool',
    { metadata: { ownerReferences: [{ controller: 'yes' }] } },
  ],
  [
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.ownerReferences of type v1.OwnerReference',
    { metadata: { ownerReferences: [3] } },
  ],
  [
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.uid of type types.UID',
    { metadata: { uid: 3 } },
  ],
  [
    'parsing time "2026-01-02T03:04:05.678Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".678Z" as ".000000"',
    { spec: { renewTime: '2026-01-02T03:04:05.678Z' } },
  ],
]

for (const [message, object] of mismatches) {
  test(`${JSON.stringify(object)} is refused in the words of Go's decoder`, t => {
    t.is(refusal(object), prefix + message)
  })
}

test('of several wrong types the first is told, and what is no time before any', t => {
  t.regex(refusal({ metadata: { name: 1, uid: 2 }, spec: 4 }) ?? '', /ObjectMeta\.metadata\.name/)
  t.regex(refusal({ spec: { holderIdentity: 4, renewTime: 'x' } }) ?? '', /parsing time "x"/)
  t.regex(refusal({ spec: { holderIdentity: 4, renewTime: 5 } }) ?? '', /LeaseSpec\.spec\.renewTime of type string/)
})

test('a lease may leave out what it is, and may not be something else', t => {
  t.is(refusal({ kind: 'Lease' }), undefined)
  t.is(refusal({ apiVersion: 'coordination.k8s.io/v1', kind: null }), undefined)
  t.is(
    refusal({ kind: 'Pod', apiVersion: 'v1' }),
    'Pod in version "v1" cannot be handled as a Lease: no kind "Pod" is registered for version "v1"',
  )
  t.regex(refusal({ kind: 'Lease', apiVersion: 'coordination.k8s.io/v1beta1' }) ?? '', /^Lease in version "v1beta1"/)
  t.regex(refusal({ kind: 3 }) ?? '', /cannot unmarshal number into Go struct field \.kind of type string$/)
  t.regex(refusal([]) ?? '', /must be of type Lease/)
})

// Fields that a Lease does not have

const strange = {
  metadata: { ownerReferences: [{}, { x: 1 }], ['__proto__']: 1 },
  spec: { bogus: 1, HolderIdentity: 'x' },
  extra: 3,
}
const faults = [
  'duplicate field "spec.y"',
  'unknown field "metadata.ownerReferences[1].x"',
  'unknown field "metadata.__proto__"',
  'unknown field "spec.bogus"',
  'unknown field "spec.HolderIdentity"',
  'unknown field "extra"',
]

test('Strict refuses unknown fields and those that are there twice', t => {
  const error = t.throws(() => readLease(strange, 'Strict', ['duplicate field "spec.y"']), { instanceOf: StatusError })
  t.like(error?.status, {
    code: 400,
    reason: 'BadRequest',
    message: `${prefix}strict decoding error: ${faults.join(', ')}`,
  })
})

test('Warn warns of them, Ignore says nothing', t => {
  t.deepEqual(readLease(strange, 'Warn', ['duplicate field "spec.y"']).warnings.slice(0, faults.length), faults)
  t.deepEqual(readLease({ spec: { bogus: 1 } }, 'Ignore', ['duplicate field "spec.y"']).warnings, [])
})

test('names that every object has are fields like others', t => {
  const object = JSON.parse('{"metadata":{"labels":{"__proto__":"1","constructor":"2"}},"constructor":1}')
  const { lease, warnings } = readLease(object, 'Warn')
  t.deepEqual(Object.entries(lease.labels ?? {}), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
  t.deepEqual(warnings, ['unknown field "constructor"'])
})

// What is ours

test('what we say in annotations is not taken from anybody', t => {
  const annotations = { 'leasehold.dev/state': 'held', 'leasehold.dev/fencing-token': '99' }
  t.deepEqual(readLease({ metadata: { annotations } }, 'Strict').lease, {})
})

test('the takeover delay is taken from its annotation; none, 0 and an empty one are none', t => {
  const delay = (text: string) => {
    const annotations = { 'leasehold.dev/takeover-delay': text }
    return readLease({ metadata: { annotations } }, 'Strict')
  }
  t.deepEqual(delay('1m30s').lease, { takeoverDelayMs: 90_000 })
  t.deepEqual(delay('0').lease, {})
  t.deepEqual(delay('').lease, {})
  t.like(delay('soon').violations[0], { field: 'metadata.annotations' })
})

test('the same owner twice is one owner, with a warning', t => {
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u-1' }
  const ownerReferences = [owner, { ...owner, uid: 'u-2' }, { ...owner }]
  const { lease, warnings } = readLease({ metadata: { ownerReferences } }, 'Ignore')
  t.deepEqual(lease.ownerReferences, [owner, { ...owner, uid: 'u-2' }])
  t.regex(warnings.join(), /^\.metadata\.ownerReferences contains duplicate entries.*observed: u-1$/)
})

test('managedFields of [] and [{}] want to be forgotten', t => {
  const reset = (managedFields: unknown) => readLease({ metadata: { managedFields } }, 'Strict').resetsManagedFields
  t.true(reset([]))
  t.true(reset([{}]))
  t.false(reset(null))
  t.false(reset([{ manager: 'm' }]))
  t.is(readLease({ metadata: { managedFields: [{}] } }, 'Strict').lease.managedFields, undefined)
  t.deepEqual(readManagedFields([{ manager: 'm', fieldsV1: null }]), [
    { manager: 'm', operation: '', apiVersion: '', fieldsType: '', fieldsV1: '{}' },
  ])
})

// Both ways

/** What Kubernetes has a form for: whole seconds of duration, times within four digits of the year, JSON in fieldsV1. */
function servable(lease: LeaseImage): LeaseImage {
  const { acquireTime, renewTime, leaseDurationMs, takeoverDelayMs, managedFields, ...rest } = lease
  const inYears = (time: MicroTime): MicroTime => (BigInt(time) === zeroMicros ? 0 : time)
  return {
    ...rest,
    creationTimestamp: lease.creationTimestamp % 1e9,
    ...(lease.deletionTimestamp !== undefined && { deletionTimestamp: lease.deletionTimestamp % 1e9 }),
    ...(acquireTime !== undefined && { acquireTime: inYears(acquireTime) }),
    ...(renewTime !== undefined && { renewTime: inYears(renewTime) }),
    ...(leaseDurationMs !== undefined && { leaseDurationMs: leaseDurationMs * 1_000 }),
    ...(takeoverDelayMs !== undefined && { takeoverDelayMs: takeoverDelayMs + 1 }),
    ...(managedFields !== undefined && {
      managedFields: managedFields.map(entry => ({ ...entry, fieldsV1: JSON.stringify({ [entry.fieldsV1]: {} }) })),
    }),
  }
}

const zeroMicros = -62_135_596_800_000_000n

test('what is served is read as what was written', t => {
  fc.assert(
    fc.property(leaseImage, lease => {
      const served = servable({ ...lease, ownerReferences: lease.ownerReferences?.slice(0, 1) ?? [] })
      t.deepEqual(readLease(leaseObject(served), 'Strict').lease, writtenLease(served))
      const sent: unknown = JSON.parse(JSON.stringify(leaseObject(served)))
      t.deepEqual(readLease(sent, 'Strict').lease, writtenLease(served))
    }),
  )
})

test('an object that cannot be made a number is refused as one that is no number', t => {
  const leaseDurationSeconds = [{ toString: 1, valueOf: 1 }]
  t.throws(() => readLease({ spec: { leaseDurationSeconds } }, 'Ignore'), { instanceOf: StatusError })
})

test('any JSON is a lease or refused', t => {
  const names = ['metadata', 'spec', 'labels', 'ownerReferences', 'managedFields', 'renewTime', 'leaseDurationSeconds']
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, '', 'x', '2026-01-02T03:04:05.678901Z', 0, -1, 1.5, 1e300, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  fc.assert(
    fc.property(fc.oneof(value, fc.jsonValue()), fc.constantFrom('Ignore', 'Warn', 'Strict'), (object, validation) => {
      try {
        readLease(object, validation)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
    }),
    { numRuns: 1_000 },
  )
  t.pass()
})
