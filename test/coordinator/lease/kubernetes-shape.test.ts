import test from 'ava'
import { kubernetesLease, microTime, secondsTime } from '../../../services/coordinator/lease/kubernetes-shape.js'
import { image } from '../feed/samples.js'

test('a MicroTime has exactly six digits', t => {
  t.is(microTime(1_767_323_045_000_000), '2026-01-02T03:04:05.000000Z')
  t.is(microTime(1_767_323_045_000_001), '2026-01-02T03:04:05.000001Z')
})

test('a MicroTime of year 1 is exact', t => {
  t.is(microTime(-62_135_596_798_000_000n), '0001-01-01T00:00:02.000000Z')
  t.is(microTime(-62_135_596_798_999_999n), '0001-01-01T00:00:01.000001Z')
})

test('a time has whole seconds', t => t.is(secondsTime(1_767_323_045), '2026-01-02T03:04:05Z'))

test('a time is right after another one, in the same second or not', t => {
  for (const seconds of [1_767_323_045, 1_767_323_045, 0, 1_767_323_109, 1_767_323_045, -64, 64, -3.5e9]) {
    t.is(secondsTime(seconds), `${new Date(seconds * 1e3).toISOString().slice(0, 19)}Z`)
  }
})

test('what was never set is left out, and what is empty or zero is kept', t => {
  const { acquireTime: _, ...unheld } = image(5, { holderIdentity: '', leaseTransitions: 0, state: 'released' })
  t.deepEqual(Object.entries(kubernetesLease(unheld).spec), [
    ['holderIdentity', ''],
    ['leaseDurationSeconds', 15],
    ['renewTime', '2026-01-02T03:04:05.678901Z'],
    ['leaseTransitions', 0],
  ])
})

test('a duration is rounded up to whole seconds', t => {
  t.is(kubernetesLease(image(1, { leaseDurationMs: 1_000 })).spec.leaseDurationSeconds, 1)
  t.is(kubernetesLease(image(1, { leaseDurationMs: 1_001 })).spec.leaseDurationSeconds, 2)
})

test('metadata is complete, and empty lists and maps are left out', t => {
  const { metadata } = kubernetesLease(
    image(5, {
      deletionTimestamp: 1_767_323_045,
      labels: { app: 'db' },
      annotations: {},
      finalizers: ['example.com/wait'],
      ownerReferences: [],
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: '{"f:spec":{}}',
        },
      ],
    }),
  )
  t.like(metadata, {
    resourceVersion: '5',
    deletionTimestamp: '2026-01-02T03:04:05Z',
    deletionGracePeriodSeconds: 0,
    labels: { app: 'db' },
    finalizers: ['example.com/wait'],
  })
  t.deepEqual(metadata.managedFields, [
    { manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } },
  ])
  t.false('annotations' in metadata)
  t.false('ownerReferences' in metadata)
})
