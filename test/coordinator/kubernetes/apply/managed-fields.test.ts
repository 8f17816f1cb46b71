import test from 'ava'
import fc from 'fast-check'
import { applied } from '../../../../services/coordinator/kubernetes/apply/applied.js'
import { managedAfterUpdate } from '../../../../services/coordinator/kubernetes/apply/managed-fields.js'
import { anyLease, lease, withoutSpec } from '../patch/leases.js'
import { entriesOf, fieldsOfManager, managedAs, updatedBy } from './managers.js'

const at = (manager: string, nowSeconds = 0) => ({ manager, nowSeconds })

test('who creates a lease owns what is set, and the lists and maps that it made', t => {
  const parts = { metadata: { labels: { a: '1' }, finalizers: ['f'] }, spec: { holderIdentity: 'h' } }
  t.deepEqual(managedAfterUpdate(undefined, lease(parts), at('one', 1_767_225_600)), [
    {
      manager: 'one',
      operation: 'Update',
      apiVersion: 'coordination.k8s.io/v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:finalizers': { '.': {}, 'v:"f"': {} }, 'f:labels': { '.': {}, 'f:a': {} } },
        'f:spec': { 'f:holderIdentity': {} },
      },
    },
  ])
})

test('what an update changes moves to its manager, and what it removes is nobody’s', t => {
  const first = updatedBy('one', undefined, { spec: { holderIdentity: 'h', leaseDurationSeconds: 10, strategy: 's' } })
  const { strategy: _, ...spec } = first.spec as Record<string, unknown>
  const after = { ...first, spec: { ...spec, holderIdentity: 'i' } }
  const entries = managedAfterUpdate(first, after, at('two'))
  const live = managedAs(after, entries)
  t.deepEqual(fieldsOfManager(live, 'one'), { 'f:spec': { 'f:leaseDurationSeconds': {} } })
  t.deepEqual(fieldsOfManager(live, 'two'), { 'f:spec': { 'f:holderIdentity': {} } })
})

test('a heartbeat changes no entry, its time included', t => {
  const first = updatedBy('kubelet', undefined, {
    spec: { holderIdentity: 'h', renewTime: '2026-01-01T00:00:00.000000Z' },
  })
  const later = updatedBy('kubelet', first, { spec: { renewTime: '2026-01-01T00:00:10.000000Z' } }, 10)
  t.deepEqual(entriesOf(later), entriesOf(first))
  const more = updatedBy('kubelet', later, { spec: { leaseTransitions: 1 } }, 20)
  t.is(entriesOf(more)[0]?.time, '1970-01-01T00:00:20Z')
})

test('an update of what was applied takes it from the manager that applied it', t => {
  const live = applied(undefined, lease({ spec: { holderIdentity: 'h', strategy: 's' } }), {
    manager: 'one',
    force: false,
    nowSeconds: 0,
  })
  const after = updatedBy('two', live, { spec: { holderIdentity: 'i' } })
  t.deepEqual(fieldsOfManager(after, 'one'), { 'f:spec': { 'f:strategy': {} } })
})

test('a client that sends no managed fields keeps them', t => {
  const first = updatedBy('one', undefined, { spec: { holderIdentity: 'h' } })
  t.deepEqual(managedAfterUpdate(first, managedAs(first, undefined), at('two')), entriesOf(first))
})

test('[] and [{}] let go of all managers', t => {
  const first = updatedBy('one', undefined, { spec: { holderIdentity: 'h' } })
  t.deepEqual(managedAfterUpdate(first, managedAs(first, []), at('two')), [])
  t.deepEqual(managedAfterUpdate(first, managedAs(first, [{}]), at('two')), [])
})

test('managed fields that are sent count, as kubectl sends them when it turns to server-side apply', t => {
  const first = updatedBy('kubectl-client-side-apply', undefined, { spec: { strategy: 's' } })
  const entries = entriesOf(first).map(entry => ({ ...entry, manager: 'kubectl', operation: 'Apply' }))
  const migrated = managedAfterUpdate(first, managedAs(first, entries), at('kubectl-patch'))
  t.deepEqual(migrated, entries)
  const live = managedAs(first, migrated)
  t.deepEqual(applied(live, withoutSpec(), { manager: 'kubectl', force: false, nowSeconds: 0 }), lease())
})

test('managed fields that cannot be read are as good as none', t => {
  const first = updatedBy('one', undefined, { spec: { holderIdentity: 'h' } })
  const [entry] = entriesOf(first)
  for (const broken of [
    { ...entry, operation: 'Other' },
    { ...entry, apiVersion: '' },
    { ...entry, fieldsType: 'FieldsV2' },
    { ...entry, fieldsV1: { 'x:a': {}, nothing: {} } },
    { ...entry, fieldsV1: { 'k:[]': {} } },
    { ...entry, fieldsV1: { 'f:spec': 1 } },
    { ...entry, fieldsV1: JSON.parse(`${'{"f:a":'.repeat(100)}{}${'}'.repeat(100)}`) },
    'x',
  ]) {
    t.deepEqual(managedAfterUpdate(first, managedAs(first, [broken as never]), at('two')), entriesOf(first))
  }
})

test('a lease that no client of Kubernetes made is tracked from its first apply on', t => {
  const live = lease({ spec: { holderIdentity: 'h' } })
  t.deepEqual(managedAfterUpdate(live, lease({ spec: { holderIdentity: 'i' } }), at('one')), [])
})

test('who says no name is unknown', t => {
  t.is(managedAfterUpdate(undefined, lease({ spec: { strategy: 's' } }), at(''))[0]?.manager, 'unknown')
})

test('what this coordinator shows is nobody’s', t => {
  const annotations = { 'leasehold.dev/state': 'held', 'leasehold.dev/fencing-token': '7' }
  t.deepEqual(managedAfterUpdate(undefined, lease({ metadata: { annotations } }), at('one')), [])
})

test('entries come by operation, then time, then manager', t => {
  let live = updatedBy('c', undefined, { metadata: { labels: { c: '1' } } }, 30)
  live = updatedBy('b', live, { metadata: { labels: { c: '1', b: '1' } } }, 20)
  live = updatedBy('a', live, { metadata: { labels: { c: '1', b: '1', a: '1' } } }, 20)
  live = applied(live, lease({ spec: { strategy: 's' } }), { manager: 'z', force: false, nowSeconds: 40 })
  t.deepEqual(
    entriesOf(live).map(({ manager }) => manager),
    ['z', 'a', 'b', 'c'],
  )
})

test('ten managers are told apart by their updates, and what is older becomes one', t => {
  let live: ReturnType<typeof lease> | undefined
  for (let i = 0; i < 12; i++) {
    const labels = Object.fromEntries(Array.from({ length: i + 1 }, (_, n) => [`k${n}`, '1']))
    live = updatedBy(`m${i}`, live, { metadata: { labels } }, i)
  }
  const entries = entriesOf(live ?? {})
  t.is(entries.length, 10)
  t.like(entries[0], {
    manager: 'ancient-changes',
    time: '1970-01-01T00:00:02Z',
    fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {} } } },
  })
})

test('an update changes neither of its objects', t => {
  fc.assert(
    fc.property(anyLease, anyLease, (before, after) => {
      const tracked = updatedBy('one', undefined, before)
      const texts = JSON.stringify([tracked, after])
      managedAfterUpdate(tracked, after, at('two'))
      t.is(JSON.stringify([tracked, after]), texts)
    }),
  )
})
