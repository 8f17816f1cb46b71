import test from 'ava'
import {
  durationOf,
  expireTimeByImage,
  leaseMessage,
  timestampOf,
} from '../../../services/coordinator/grpc/lease-message.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'

const bare: LeaseImage = {
  id: 7,
  namespace: 'ns',
  name: 'n',
  uid: 'u',
  creationTimestamp: 1_700_000_000,
  state: 'unheld',
  fencingToken: 0,
  revision: 7,
}

const full: LeaseImage = {
  ...bare,
  generateName: 'n-',
  generation: 3,
  deletionTimestamp: 1_700_000_009,
  labels: { a: 'b' },
  annotations: { c: 'd' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: 'y', controller: false }],
  finalizers: ['f'],
  managedFields: [
    { manager: 'm', operation: 'Update', apiVersion: 'v1', time: 5, fieldsType: 'FieldsV1', fieldsV1: '{}' },
  ],
  holderIdentity: 'me',
  leaseDurationMs: 1500,
  acquireTime: 1_700_000_000_000_001,
  renewTime: 1_700_000_001_000_002,
  leaseTransitions: 2,
  strategy: 's/t',
  preferredHolder: 'p',
  takeoverDelayMs: 2500,
  state: 'held',
  fencingToken: 9,
  instance: '00112233445566778899aabbccddeeff',
  freeSince: 1,
  revision: 11,
}

test('a lease that nobody ever held has no spec and no expire time', t => {
  t.deepEqual(leaseMessage(bare, undefined), {
    metadata: {
      name: 'n',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '7',
      creationTimestamp: { seconds: 1_700_000_000 },
    },
    spec: {},
    state: 'LEASE_STATE_UNHELD',
    fencingToken: 0,
    revision: 7,
    id: 7,
  })
})

test('a message has every field of the lease but its instance', t => {
  t.deepEqual(leaseMessage(full, 1_700_000_002_500_002), {
    metadata: {
      name: 'n',
      generateName: 'n-',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '11',
      generation: 3,
      creationTimestamp: { seconds: 1_700_000_000 },
      deletionTimestamp: { seconds: 1_700_000_009 },
      deletionGracePeriodSeconds: 0,
      labels: { a: 'b' },
      annotations: { c: 'd' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: 'y', controller: false }],
      finalizers: ['f'],
      managedFields: [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: 'v1',
          time: { seconds: 5 },
          fieldsType: 'FieldsV1',
          fieldsV1: '{}',
        },
      ],
    },
    spec: {
      holderIdentity: 'me',
      leaseDuration: { seconds: 1, nanos: 500_000_000 },
      acquireTime: { seconds: 1_700_000_000, nanos: 1_000 },
      renewTime: { seconds: 1_700_000_001, nanos: 2_000 },
      leaseTransitions: 2,
      strategy: 's/t',
      preferredHolder: 'p',
      takeoverDelay: { seconds: 2, nanos: 500_000_000 },
    },
    state: 'LEASE_STATE_HELD',
    fencingToken: 9,
    expireTime: { seconds: 1_700_000_002, nanos: 500_002_000 },
    revision: 11,
    id: 7,
  })
})

test('times keep their microseconds, before 1970 too', t => {
  t.deepEqual(timestampOf(0), { seconds: 0, nanos: 0 })
  t.deepEqual(timestampOf(-1), { seconds: -1, nanos: 999_999_000 })
  t.deepEqual(timestampOf(1_750_000_000_123_456), { seconds: 1_750_000_000, nanos: 123_456_000 })
})

test('times of year 1 fit', t => {
  t.deepEqual(timestampOf(-62_135_596_798_000_000n), { seconds: '-62135596798', nanos: 0 })
  t.deepEqual(timestampOf(-62_135_596_797_999_999n), { seconds: '-62135596798', nanos: 1_000 })
})

test('durations keep fractions of a second', t => {
  t.deepEqual(durationOf(0), { seconds: 0, nanos: 0 })
  t.deepEqual(durationOf(2500), { seconds: 2, nanos: 500_000_000 })
  t.deepEqual(durationOf(0.25), { seconds: 0, nanos: 250_000 })
})

test('the expire time by the image is its last renewal plus the duration, for a held lease', t => {
  t.is(expireTimeByImage(full), 1_700_000_002_500_002)
  t.is(expireTimeByImage({ ...full, state: 'expired' }), undefined)
  t.is(expireTimeByImage({ ...full, renewTime: -62_135_596_798_000_000n }), undefined)
})
