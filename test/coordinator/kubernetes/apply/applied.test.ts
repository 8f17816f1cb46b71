import test from 'ava'
import fc from 'fast-check'
import { applied } from '../../../../services/coordinator/kubernetes/apply/applied.js'
import type { JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import { StatusError } from '../../../../services/coordinator/kubernetes/status.js'
import { anyLease, lease, refusal, withoutSpec } from '../patch/leases.js'
import { entriesOf, fieldsOfManager, managedAs, updatedBy } from './managers.js'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

function apply(live: JsonObject | undefined, wanted: JsonObject, manager = 'one', force = false, nowSeconds = 0) {
  return applied(live, wanted, { manager, force, nowSeconds })
}

test('an apply creates a lease whose fields are its manager’s', t => {
  const wanted = lease({
    metadata: {
      labels: { app: 'x' },
      annotations: { 'example.com/a': '1' },
      finalizers: ['example.com/f'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' }],
    },
    spec: { holderIdentity: 'h', leaseDurationSeconds: 10 },
  })
  const live = apply(undefined, wanted, 'one', false, 1_767_225_600)
  t.deepEqual(entriesOf(live), [
    {
      manager: 'one',
      operation: 'Apply',
      apiVersion: 'coordination.k8s.io/v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': {
          'f:annotations': { 'f:example.com/a': {} },
          'f:finalizers': { 'v:"example.com/f"': {} },
          'f:labels': { 'f:app': {} },
          'f:ownerReferences': { 'k:{"uid":"1"}': {} },
        },
        'f:spec': { 'f:holderIdentity': {}, 'f:leaseDurationSeconds': {} },
      },
    },
  ])
  t.deepEqual(managedAs(live, undefined), wanted)
})

test('names and what the server sets are nobody’s, and neither is what this coordinator shows', t => {
  const wanted = lease({
    metadata: {
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'leasehold.dev/state': 'held', 'leasehold.dev/fencing-token': '7' },
    },
  })
  const { spec: _, ...nothing } = wanted
  t.deepEqual(entriesOf(apply(undefined, nothing)), [])
  const live = lease({ metadata: { annotations: { 'leasehold.dev/state': 'expired', own: '1' } } })
  const again = apply(live, wanted)
  t.deepEqual(fieldsOfManager(again, 'before-first-apply'), {
    'f:metadata': { 'f:annotations': { '.': {}, 'f:own': {} } },
  })
  t.like(again, { metadata: { annotations: { 'leasehold.dev/state': 'expired', own: '1' } } })
})

test('a field of another value than another manager applied is a conflict', t => {
  const live = apply(undefined, lease({ spec: { holderIdentity: 'h', leaseDurationSeconds: 10 } }))
  const { code, reason, message, details } = refusal(() => apply(live, lease({ spec: { holderIdentity: 'i' } }), 'two'))
  t.is(code, 409)
  t.is(reason, 'Conflict')
  t.is(message, 'Apply failed with 1 conflict: conflict with "one": .spec.holderIdentity')
  t.deepEqual(details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.holderIdentity' },
  ])
})

test('several conflicts are listed by their managers', t => {
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' }
  const first = apply(undefined, lease({ metadata: { ownerReferences: [owner] }, spec: { leaseTransitions: 1 } }))
  const live = updatedBy('kubectl-client-side-apply', first, {
    spec: { holderIdentity: 'h', leaseDurationSeconds: 10 },
  })
  const wanted = lease({
    metadata: { ownerReferences: [{ ...owner, name: 'other' }] },
    spec: { holderIdentity: 'i', leaseDurationSeconds: 20 },
  })
  t.is(
    refusal(() => apply(live, wanted, 'two')).message,
    [
      'Apply failed with 3 conflicts: conflicts with "kubectl-client-side-apply" using coordination.k8s.io/v1:',
      '- .spec.holderIdentity',
      '- .spec.leaseDurationSeconds',
      'conflicts with "one":',
      '- .metadata.ownerReferences[uid="1"]',
    ].join('\n'),
  )
})

test('who forces takes the field from the other manager', t => {
  const live = apply(undefined, lease({ spec: { holderIdentity: 'h', leaseDurationSeconds: 10 } }))
  const taken = apply(live, lease({ spec: { holderIdentity: 'i' } }), 'two', true)
  t.deepEqual(taken.spec, { holderIdentity: 'i', leaseDurationSeconds: 10 })
  t.deepEqual(fieldsOfManager(taken, 'one'), { 'f:spec': { 'f:leaseDurationSeconds': {} } })
  t.deepEqual(fieldsOfManager(taken, 'two'), { 'f:spec': { 'f:holderIdentity': {} } })
})

test('two managers that want the same value share the field, which goes when neither wants it', t => {
  const wanted = lease({ spec: { holderIdentity: 'h' } })
  const shared = apply(apply(undefined, wanted), wanted, 'two')
  t.deepEqual(fieldsOfManager(shared, 'one'), fieldsOfManager(shared, 'two'))
  const left = apply(shared, withoutSpec(), 'one')
  t.like(left, { spec: { holderIdentity: 'h' } })
  t.is(fieldsOfManager(left, 'one'), undefined)
  t.deepEqual(apply(left, withoutSpec(), 'two'), lease())
})

test('what a manager applies no more is gone, items and empty lists included', t => {
  const wanted = lease({ metadata: { labels: { a: '1', b: '2' }, finalizers: ['f'] }, spec: { strategy: 's' } })
  const live = apply(undefined, wanted)
  t.deepEqual(
    managedAs(apply(live, lease({ metadata: { labels: { a: '1' } } })), undefined),
    lease({ metadata: { labels: { a: '1' } } }),
  )
  t.deepEqual(apply(live, withoutSpec()), lease())
})

test('what nobody owns stays: a session may hold the lease', t => {
  const live = apply(undefined, lease({ metadata: { labels: { a: '1' } }, spec: { strategy: 's' } }))
  const held = { ...live, spec: { ...(live.spec as JsonObject), holderIdentity: 'h', leaseDurationSeconds: 10 } }
  t.deepEqual(
    managedAs(apply(held, withoutSpec()), undefined),
    lease({ spec: { holderIdentity: 'h', leaseDurationSeconds: 10 } }),
  )
})

test('a field that its owner has lost is free', t => {
  const { spec: _, ...live } = apply(undefined, lease({ spec: { holderIdentity: 'h' } }))
  const taken = apply({ ...live, spec: {} }, lease({ spec: { holderIdentity: 'i' } }), 'two')
  t.is(fieldsOfManager(taken, 'one'), undefined)
})

test('the fields of a lease of which nothing is tracked were set before the first apply', t => {
  const live = lease({ spec: { holderIdentity: 'h', leaseDurationSeconds: 10 } })
  const { message } = refusal(() => apply(live, lease({ spec: { holderIdentity: 'i' } })))
  t.regex(message ?? '', /conflict with "before-first-apply" using coordination\.k8s\.io\/v1: \.spec\.holderIdentity$/)
})

test('items wanted come in their order, and the others stay where they were', t => {
  const live = lease({ metadata: { finalizers: ['a', 'server', 'b'] } })
  const result = apply(live, lease({ metadata: { finalizers: ['b', 'new', 'a'] } }))
  t.like(result, { metadata: { finalizers: ['server', 'b', 'new', 'a'] } })
})

test('kubectl takes over what it applied itself without the server', t => {
  const old = lease({ metadata: { labels: { a: '1' } }, spec: { leaseDurationSeconds: 10 } })
  const annotated = { metadata: { labels: { a: '1' }, annotations: { [lastApplied]: JSON.stringify(old) } } }
  const live = updatedBy('kubectl-client-side-apply', undefined, { ...annotated, spec: { leaseDurationSeconds: 10 } })
  const wanted = lease({ metadata: { labels: { a: '2' } }, spec: { leaseDurationSeconds: 20 } })
  t.is(refusal(() => apply(live, wanted, 'someone')).code, 409)

  const result = apply(live, wanted, 'kubectl')
  t.like(result, { spec: { leaseDurationSeconds: 20 } })
  const { annotations } = result.metadata as { annotations: Record<string, string> }
  t.is(
    annotations[lastApplied],
    '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"labels":{"a":"2"},"name":"a","namespace":"default"},' +
      '"spec":{"leaseDurationSeconds":20}}\n',
  )
  // The second request that kubectl makes.
  const second = lease({ metadata: { annotations: { [lastApplied]: annotations[lastApplied] } } })
  t.like(apply(result, second, 'kubectl-last-applied'), { metadata: { annotations } })
})

test('kubectl does not take over what has changed since it was applied without the server', t => {
  const old = lease({ spec: { leaseDurationSeconds: 10, strategy: 's' } })
  const annotated = { metadata: { annotations: { [lastApplied]: JSON.stringify(old) } } }
  const live = updatedBy('other', undefined, { ...annotated, spec: { leaseDurationSeconds: 15, strategy: 's' } })
  const { message } = refusal(() =>
    apply(live, lease({ spec: { leaseDurationSeconds: 20, strategy: 't' } }), 'kubectl'),
  )
  t.regex(message ?? '', /^Apply failed with 1 conflict: .*: \.spec\.leaseDurationSeconds$/)
})

test('what is no Lease cannot be applied', t => {
  for (const [wanted, message] of [
    [{ ...lease(), kind: 'Secret' }, /invalid object type/],
    [{ ...lease(), kind: { toString: 1 } }, /invalid object type/],
    [lease({ metadata: { name: { toString: 1 } } }), /\.metadata\.name: expected string, got object$/],
    [{ ...lease(), apiVersion: 'coordination.k8s.io/v1beta1' }, /invalid object type/],
    [lease({ metadata: { managedFields: [{}] } }), /^metadata.managedFields must be nil$/],
    [
      lease({ spec: { bogus: 1 } }),
      /^failed to create typed patch object \(default\/a; coordination.k8s.io\/v1, Kind=Lease\): .spec.bogus: field not declared in schema$/,
    ],
    [lease({ spec: { leaseDurationSeconds: '10' } }), /\.spec\.leaseDurationSeconds: expected number, got string$/],
    [lease({ metadata: { labels: { a: 1 } } }), /\.metadata\.labels\.a: expected string/],
    [lease({ metadata: { finalizers: ['f', 'f'] } }), /\.metadata\.finalizers: duplicate entries for key \[="f"\]$/],
    [lease({ metadata: { ownerReferences: [{ name: 'n' }] } }), /\.metadata\.ownerReferences: element 0/],
    [{ ...lease(), spec: [] }, /\.spec: expected map$/],
  ] as const) {
    const status = refusal(() => apply(undefined, wanted))
    t.is(status.code, 400)
    t.regex(status.message ?? '', message)
  }
})

test('what is too deep or too much to be a Lease cannot be applied', t => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  const labels = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, '1']))
  for (const wanted of [lease({ spec: { acquireTime: deep } }), lease({ metadata: { labels } })]) {
    t.is(refusal(() => apply(undefined, wanted)).code, 400)
  }
})

test('an apply that is repeated changes nothing, the time of its entry included', t => {
  fc.assert(
    fc.property(anyLease, anyLease, fc.boolean(), (before, wanted, isTracked) => {
      const live = isTracked ? apply(undefined, before, 'other') : before
      const once = apply(live, wanted, 'one', true, 1)
      t.deepEqual(apply(once, wanted, 'one', false, 2), once)
    }),
  )
})

test('who applies what is live owns exactly these fields, and shares them', t => {
  fc.assert(
    fc.property(anyLease, wanted => {
      const created = apply(undefined, wanted)
      const again = apply(created, wanted, 'two')
      t.deepEqual(managedAs(again, undefined), wanted)
      t.deepEqual(fieldsOfManager(again, 'two'), fieldsOfManager(created, 'one'))
      t.deepEqual(fieldsOfManager(again, 'one'), fieldsOfManager(created, 'one'))
    }),
  )
})

test('managers of other fields never conflict, and leave them as they are', t => {
  fc.assert(
    fc.property(anyLease, fc.constantFrom('g1', 'g2'), (wanted, finalizer) => {
      const other = lease({ metadata: { labels: { other: '1' }, finalizers: [finalizer] }, spec: { strategy: 's' } })
      const live = apply(apply(undefined, wanted), other, 'two')
      t.deepEqual(managedAs(apply(live, withoutSpec(), 'two'), undefined), wanted)
    }),
  )
})

test('an apply changes neither of its objects, and throws nothing but a Status', t => {
  fc.assert(
    fc.property(
      anyLease,
      fc.oneof(anyLease, fc.object({ key: fc.constantFrom('metadata', 'spec', 'labels', '__proto__') })),
      (live, other) => {
        const wanted = { ...lease(), ...(other as JsonObject) }
        const before = JSON.stringify([live, wanted])
        try {
          apply(live, wanted)
        } catch (error) {
          if (!(error instanceof StatusError)) throw error
        }
        t.is(JSON.stringify([live, wanted]), before)
      },
    ),
  )
})

test('labels may have the names of what every object inherits', t => {
  const wanted = JSON.parse(JSON.stringify(withoutSpec({ labels: { constructor: 'a', toString: 'b' } })))
  const live = apply(undefined, wanted)
  t.deepEqual(fieldsOfManager(live, 'one'), {
    'f:metadata': { 'f:labels': { 'f:constructor': {}, 'f:toString': {} } },
  })
  t.deepEqual(apply(live, withoutSpec()), withoutSpec())
})
