import anyTest, { type TestFn } from 'ava'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'
import { LeaseClient } from '../../support/lease-client.js'

const test = anyTest as TestFn<{ coordinator: TestCoordinator; client: LeaseClient }>

test.before(async t => {
  const coordinator = await startCoordinator()
  t.context = { coordinator, client: new LeaseClient(coordinator.address) }
})

test.after.always(async t => {
  t.context.client.close()
  await t.context.coordinator.stop()
})

const namespace = 'default'
const metadata = { labels: { a: '1' }, annotations: { b: '2' } }

async function created(client: LeaseClient, name: string) {
  const { lease } = await client.call('CreateLease', {
    lease: {
      metadata: { namespace, name, ...metadata },
      spec: { leaseDuration: { seconds: 10 }, strategy: 'a/b' },
    },
  })
  return lease
}

test('without a mask, what is set in the lease is changed and the rest stays', async t => {
  const { client } = t.context
  await created(client, 'partial')
  const request = { lease: { metadata: { namespace, name: 'partial', labels: { c: '3' } } } }
  const { lease } = await client.call('UpdateLease', request)
  t.deepEqual(lease?.metadata?.labels, { c: '3' })
  t.deepEqual(lease?.metadata?.annotations, { b: '2' })
  t.is(lease?.spec?.strategy, 'a/b')
})

test('with a mask, exactly its fields are changed, and unset where the lease has them not', async t => {
  const { client } = t.context
  await created(client, 'masked')
  const { lease } = await client.call('UpdateLease', {
    lease: {
      metadata: { namespace, name: 'masked', annotations: { ignored: '' } },
      spec: { leaseDuration: { seconds: 20 }, holderIdentity: 'ignored' },
    },
    updateMask: { paths: ['metadata.labels', 'spec.lease_duration', 'spec.strategy'] },
  })
  t.deepEqual(lease?.metadata?.labels, {})
  t.deepEqual(lease?.metadata?.annotations, { b: '2' })
  t.deepEqual(lease?.spec?.leaseDuration, { seconds: '20', nanos: 0 })
  t.is(lease?.spec?.strategy, undefined)
  t.is(lease?.spec?.holderIdentity, undefined)
})

test('an update that changes nothing takes no revision', async t => {
  const { client } = t.context
  const before = await created(client, 'same')
  const { lease } = await client.call('UpdateLease', { lease: { metadata: { namespace, name: 'same', ...metadata } } })
  t.is(lease?.revision, before?.revision)
})

test('an update keeps its preconditions', async t => {
  const { client } = t.context
  const lease = await created(client, 'guarded')
  const { uid = '', resourceVersion = '' } = lease?.metadata ?? {}
  const name = { namespace, name: 'guarded' }
  const lost = await client.refusal('UpdateLease', { lease: { metadata: { ...name, resourceVersion: '1' } } })
  t.is(lost.status, 'ABORTED')
  t.is(lost.details?.reason, 'REVISION_MISMATCH')
  t.is((await client.refusal('UpdateLease', { lease: { metadata: { ...name, uid: 'other' } } })).status, 'ABORTED')
  const labels = { c: '3' }
  await client.call('UpdateLease', { lease: { metadata: { ...name, uid, resourceVersion, labels } } })
  const again = { lease: { metadata: { ...name, uid, resourceVersion, labels: { d: '4' } } } }
  t.is((await client.refusal('UpdateLease', again)).status, 'ABORTED')
})

test("a holder's fields are refused, and the way to change them is named", async t => {
  const { client } = t.context
  await created(client, 'holder')
  const spec = { holderIdentity: 'me', acquireTime: { seconds: 1 }, renewTime: { seconds: 1 }, leaseTransitions: 0 }
  const { status, details } = await client.refusal('UpdateLease', {
    lease: { metadata: { namespace, name: 'holder' }, spec },
  })
  t.is(status, 'INVALID_ARGUMENT')
  t.deepEqual(
    details?.violations.map(({ field }) => field),
    ['holder_identity', 'acquire_time', 'renew_time', 'lease_transitions'].map(field => `lease.spec.${field}`),
  )
  t.regex(details?.violations[0]?.description ?? '', /AcquireLease, RenewLease, ReleaseLease or RevokeLease/)

  const masked = await client.refusal('UpdateLease', {
    lease: { metadata: { namespace, name: 'holder' }, spec },
    updateMask: { paths: ['spec.holder_identity', 'metadata.name', 'nonsense'] },
  })
  t.is(masked.status, 'INVALID_ARGUMENT')
  t.deepEqual(
    masked.details?.violations.map(({ field, description }) => `${field}: ${description.split(';')[0]}`),
    [
      'update_mask: "spec.holder_identity" belongs to the holder: use AcquireLease, RenewLease, ReleaseLease or ' +
        'RevokeLease instead',
      'update_mask: "metadata.name" cannot be changed',
      'update_mask: "nonsense" cannot be changed',
    ],
  )
})

test('the duration of a held lease is its holder’s', async t => {
  const { client } = t.context
  const name = { namespace, name: 'held' }
  await client.call('AcquireLease', { ...name, holderIdentity: 'me', leaseDuration: { seconds: 10 } })
  const { status, details } = await client.refusal('UpdateLease', {
    lease: { metadata: name, spec: { leaseDuration: { seconds: 20 } } },
  })
  t.is(status, 'INVALID_ARGUMENT')
  t.is(details?.violations[0]?.field, 'lease.spec.lease_duration')
})

test('a takeover delay is set by an update, also while the lease is held, and taken off by the mask alone', async t => {
  const { client } = t.context
  const metadata = { namespace, name: 'delayed' }
  await client.call('AcquireLease', { ...metadata, holderIdentity: 'me', leaseDuration: { seconds: 10 } })
  const set = { lease: { metadata, spec: { takeoverDelay: { seconds: 5 } } } }
  t.is((await client.call('UpdateLease', set)).lease?.spec?.takeoverDelay?.seconds, '5')
  const unset = { lease: { metadata }, updateMask: { paths: ['spec.takeover_delay'] } }
  t.is((await client.call('UpdateLease', unset)).lease?.spec?.takeoverDelay, null)
})

test('a preferred holder needs a strategy, the stored one or the one that comes with it', async t => {
  const { client } = t.context
  const name = { namespace, name: 'preferred' }
  await client.call('CreateLease', { lease: { metadata: name } })
  const preferred = { lease: { metadata: name, spec: { preferredHolder: 'p' } } }
  const { status, details } = await client.refusal('UpdateLease', preferred)
  t.is(status, 'INVALID_ARGUMENT')
  t.deepEqual(details?.violations, [
    { field: 'lease.spec.preferred_holder', description: 'Forbidden: may only be specified if `strategy` is defined' },
  ])
  await client.call('UpdateLease', { lease: { metadata: name, spec: { strategy: 'a/b' } } })
  t.is((await client.call('UpdateLease', preferred)).lease?.spec?.preferredHolder, 'p')
  const unset = { lease: { metadata: name }, updateMask: { paths: ['spec.strategy'] } }
  t.is((await client.refusal('UpdateLease', unset)).status, 'INVALID_ARGUMENT')
})
