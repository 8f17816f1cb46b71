import test from 'ava'
import {
  type AcquireFields,
  defaultLimits,
  validateAcquire,
  validateChanges,
  validatePreferredHolder,
} from '../../../services/coordinator/lease/validation.js'

const acquire: AcquireFields = {
  namespace: 'kube-system',
  name: 'kube-scheduler',
  holderIdentity: 'node-1_uuid',
  instance: '00112233445566778899aabbccddeeff',
  leaseDurationMs: 15_000,
  labels: { app: 'scheduler' },
  priority: 3,
  waitTimeoutMs: Number.POSITIVE_INFINITY,
}

const faultsOf = (change: Partial<AcquireFields>) => validateAcquire({ ...acquire, ...change }, defaultLimits)
const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))

test('an acquire that keeps the rules has no faults', t => {
  t.deepEqual(faultsOf({}), [])
  const { namespace, name, holderIdentity, leaseDurationMs } = acquire
  t.deepEqual(validateAcquire({ namespace, name, holderIdentity, leaseDurationMs }, defaultLimits), [])
})

test('every field of an acquire that is at fault is named, after the prefix', t => {
  const fields: AcquireFields = {
    namespace: '',
    name: 'A',
    holderIdentity: '',
    instance: '00',
    leaseDurationMs: -1,
    labels: { '-': 'v' },
    priority: 2 ** 31,
    waitTimeoutMs: -5,
    takeoverDelayMs: 0,
  }
  t.deepEqual(
    validateAcquire(fields, defaultLimits, 'acquire.').map(({ field }) => field),
    [
      'namespace',
      'name',
      'holder_identity',
      'instance',
      'lease_duration',
      'labels',
      'priority',
      'wait_timeout',
      'takeover_delay',
    ].map(field => `acquire.${field}`),
  )
})

test('a holder identity has 1 to 1024 bytes', t => {
  t.deepEqual(faultsOf({ holderIdentity: 'ä'.repeat(512) }), [])
  t.deepEqual(faultsOf({ holderIdentity: `${'ä'.repeat(512)}x` }), [
    { field: 'holder_identity', description: 'Too long: may not be more than 1024 bytes' },
  ])
  t.deepEqual(faultsOf({ holderIdentity: '' }), [
    { field: 'holder_identity', description: 'Required value: say who wants to hold the lease' },
  ])
})

test('a takeover delay is 1 ms to an hour, in whole milliseconds', t => {
  for (const takeoverDelayMs of [1, 3_600_000]) t.deepEqual(faultsOf({ takeoverDelayMs }), [])
  for (const takeoverDelayMs of [0, -1, 1.5, 3_600_001, Number.NaN]) {
    t.deepEqual(
      faultsOf({ takeoverDelayMs }).map(({ field }) => field),
      ['takeover_delay'],
    )
    t.deepEqual(
      validateChanges({ takeoverDelayMs }, defaultLimits).map(({ field }) => field),
      ['spec.takeoverDelay'],
    )
  }
})

test('an instance has exactly 16 bytes or is absent', t => {
  t.deepEqual(faultsOf({ instance: '' }), [])
  t.is(faultsOf({ instance: 'ab'.repeat(15) }).length, 1)
  t.is(faultsOf({ instance: 'ab'.repeat(17) }).length, 1)
})

test('a lease duration is within the limits, both included', t => {
  const { minLeaseDurationMs: min, maxLeaseDurationMs: max } = defaultLimits
  t.deepEqual([...faultsOf({ leaseDurationMs: min }), ...faultsOf({ leaseDurationMs: max })], [])
  t.deepEqual(faultsOf({ leaseDurationMs: min - 1 }), [
    { field: 'lease_duration', description: 'Invalid value: "0.999s": must be between 1 s and 604800 s' },
  ])
  for (const leaseDurationMs of [max + 1, 0, -1000, Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
    t.is(faultsOf({ leaseDurationMs }).length, 1, String(leaseDurationMs))
  }
})

test('a lease duration is a whole number of milliseconds', t => {
  t.is(faultsOf({ leaseDurationMs: 1500.5 }).length, 1)
})

test('the limits of the duration are those given', t => {
  const limits = { ...defaultLimits, minLeaseDurationMs: 100 }
  t.deepEqual(validateAcquire({ ...acquire, leaseDurationMs: 100 }, limits), [])
})

test('a lease has at most 64 labels', t => {
  t.deepEqual(faultsOf({ labels: labels(64) }), [])
  t.deepEqual(faultsOf({ labels: labels(65) }), [
    { field: 'labels', description: 'Too many: 65: must have at most 64 items' },
  ])
})

test('the labels of a lease have at most 16384 bytes', t => {
  const wide = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`${'p'.repeat(200)}/${'n'.repeat(60)}${index}`, 'v'.repeat(63)]),
  )
  t.deepEqual(faultsOf({ labels: wide }), [
    { field: 'labels', description: 'Too long: may not be more than 16384 bytes' },
  ])
})

test('a priority is a whole number of 32 bits', t => {
  t.deepEqual([...faultsOf({ priority: -(2 ** 31) }), ...faultsOf({ priority: 2 ** 31 - 1 })], [])
  for (const priority of [2 ** 31, 1.5, Number.NaN]) t.is(faultsOf({ priority }).length, 1, String(priority))
})

test('a wait timeout is 0 or more', t => {
  t.deepEqual(faultsOf({ waitTimeoutMs: 0 }), [])
  t.is(faultsOf({ waitTimeoutMs: -1 }).length, 1)
  t.is(faultsOf({ waitTimeoutMs: Number.NaN }).length, 1)
})

test('changes are looked at field by field, and unset ones not at all', t => {
  t.deepEqual(validateChanges({}, defaultLimits), [])
  t.deepEqual(validateChanges({ labels: undefined, strategy: undefined }, defaultLimits), [])
  const changes = {
    labels: { '-': '' },
    annotations: { '-': '' },
    ownerReferences: [{ apiVersion: '', kind: 'k', name: 'n', uid: 'u' }],
    finalizers: ['-'],
    managedFields: [{ manager: '', operation: '', apiVersion: '', fieldsType: '', fieldsV1: '' }],
    strategy: 'x',
  }
  t.deepEqual(
    validateChanges(changes, defaultLimits, 'lease.').map(({ field }) => field),
    [
      'lease.metadata.labels',
      'lease.metadata.annotations',
      'lease.metadata.ownerReferences.apiVersion',
      'lease.metadata.finalizers',
      'lease.metadata.managedFields[0].operation',
      'lease.spec.strategy',
    ],
  )
})

test('a lease has at most 64 owners and 64 finalizers', t => {
  const ownerReferences = Array.from({ length: 65 }, () => ({ apiVersion: 'v1', kind: 'k', name: 'n', uid: 'u' }))
  const finalizers = Array.from({ length: 65 }, (_, index) => `f${index}`)
  t.deepEqual(
    validateChanges({ ownerReferences, finalizers }, defaultLimits).map(({ description }) => description),
    ['Too many: 65: must have at most 64 items', 'Too many: 65: must have at most 64 items'],
  )
})

test('a strategy is the one that exists, or a qualified name', t => {
  t.deepEqual(validateChanges({ strategy: 'OldestEmulationVersion' }, defaultLimits), [])
  t.deepEqual(validateChanges({ strategy: 'example.com/mine' }, defaultLimits), [])
  t.deepEqual(validateChanges({ strategy: 'mine' }, defaultLimits), [
    {
      field: 'spec.strategy',
      description: 'Unsupported value: "mine": supported values: "OldestEmulationVersion"',
    },
  ])
  t.is(validateChanges({ strategy: 'a/b/c' }, defaultLimits).length, 1)
})

test('a preferred holder needs a strategy', t => {
  t.deepEqual(validatePreferredHolder('a', 'OldestEmulationVersion', 'p'), [])
  t.deepEqual(validatePreferredHolder('', undefined, 'p'), [])
  t.deepEqual(validatePreferredHolder('a', undefined, 'spec.preferredHolder'), [
    { field: 'spec.preferredHolder', description: 'Forbidden: may only be specified if `strategy` is defined' },
  ])
})
