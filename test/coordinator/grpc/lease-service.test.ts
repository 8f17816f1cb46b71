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

const namespace = 'kube-system'
const tenSeconds = { seconds: 10 }
const instance = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const acquire = (name: string, holderIdentity = 'me') => ({
  namespace,
  name,
  holderIdentity,
  leaseDuration: tenSeconds,
})

test('a lease that was created is read with everything that was set', async t => {
  const { client } = t.context
  const metadata = {
    namespace,
    name: 'created',
    labels: { app: 'db' },
    annotations: { 'example.com/note': 'any thing' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }],
    finalizers: ['example.com/clean-up'],
  }
  const spec = { leaseDuration: tenSeconds, strategy: 'example.com/mine', preferredHolder: 'a' }
  const { lease: created } = await client.call('CreateLease', { lease: { metadata, spec } })
  const { lease } = await client.call('GetLease', { namespace, name: 'created' })
  t.deepEqual(lease, created)
  t.like(lease, {
    metadata: { ...metadata, ownerReferences: [{ ...metadata.ownerReferences[0] }] },
    spec: { leaseDuration: { seconds: '10', nanos: 0 }, strategy: 'example.com/mine', preferredHolder: 'a' },
    state: 'LEASE_STATE_UNHELD',
    fencingToken: '0',
    expireTime: null,
  })
  t.is(lease?.metadata?.resourceVersion, lease?.revision)
  t.regex(lease?.metadata?.uid ?? '', /^[0-9a-f-]{36}$/)
  t.is(lease?.spec?.holderIdentity, undefined)
})

test('a lease may be created under a generated name', async t => {
  const { lease } = await t.context.client.call('CreateLease', {
    lease: { metadata: { namespace, generateName: 'job-' } },
  })
  t.regex(lease?.metadata?.name ?? '', /^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

test('a create that names a holder is an acquire', async t => {
  const metadata = { namespace, name: 'created-held' }
  const { lease } = await t.context.client.call('CreateLease', {
    lease: { metadata, spec: { holderIdentity: 'me', leaseDuration: tenSeconds } },
  })
  t.is(lease?.state, 'LEASE_STATE_HELD')
  t.is(lease?.fencingToken, lease?.revision)
  t.truthy(lease?.expireTime)
})

test('a lease is not created twice', async t => {
  const request = { lease: { metadata: { namespace, name: 'twice' } } }
  await t.context.client.call('CreateLease', request)
  const { status, details } = await t.context.client.refusal('CreateLease', request)
  t.is(status, 'ALREADY_EXISTS')
  t.is(details?.reason, 'LEASE_EXISTS')
  t.is(details?.metadata.lease, 'kube-system/twice')
})

test('a lease that is not there is NOT_FOUND, for every call', async t => {
  const { client } = t.context
  const name = { namespace, name: 'missing' }
  const refusals = await Promise.all([
    client.refusal('GetLease', name),
    client.refusal('UpdateLease', { lease: { metadata: name } }),
    client.refusal('DeleteLease', name),
    client.refusal('RenewLease', { ...name, fencingToken: 1 }),
    client.refusal('ReleaseLease', { ...name, fencingToken: 1 }),
    client.refusal('RevokeLease', name),
    client.refusal('CheckFencingToken', { ...name, fencingToken: 1 }),
  ])
  for (const { status, details } of refusals) {
    t.is(status, 'NOT_FOUND')
    t.is(details?.reason, 'LEASE_NOT_FOUND')
  }
})

test('a free lease is acquired, renewed, checked and released by its token', async t => {
  const { client } = t.context
  const name = { namespace, name: 'life' }
  const { lease, renewAfter, resumed } = await client.call('AcquireLease', acquire('life'))
  const fencingToken = lease?.fencingToken ?? ''
  t.like(lease, { state: 'LEASE_STATE_HELD', spec: { holderIdentity: 'me' } })
  t.deepEqual(renewAfter, { seconds: '2', nanos: 500_000_000 })
  t.false(resumed)

  const renewed = await client.call('RenewLease', { ...name, fencingToken })
  t.is(renewed.lease?.fencingToken, fencingToken)
  t.true(Number(renewed.lease?.revision) > Number(lease?.revision))
  t.deepEqual(renewed.renewAfter, { seconds: '2', nanos: 500_000_000 })

  t.deepEqual(await client.call('CheckFencingToken', { ...name, fencingToken }), {
    valid: true,
    fencingToken,
    holderIdentity: 'me',
  })

  const released = await client.call('ReleaseLease', { ...name, fencingToken })
  t.like(released.lease, { state: 'LEASE_STATE_RELEASED', fencingToken, expireTime: null })
  t.is(released.lease?.spec?.holderIdentity, '')
  t.like(await client.call('CheckFencingToken', { ...name, fencingToken }), { valid: false, holderIdentity: '' })
})

test('a second holder is refused, and told who holds', async t => {
  const { client } = t.context
  const { lease } = await client.call('AcquireLease', acquire('taken', 'node-1'))
  const { status, message, details } = await client.refusal('AcquireLease', acquire('taken', 'node-2'))
  t.is(status, 'FAILED_PRECONDITION')
  t.is(details?.reason, 'LEASE_HELD')
  t.deepEqual(details?.metadata, {
    lease: 'kube-system/taken',
    holder: 'node-1',
    fencingToken: lease?.fencingToken ?? '',
  })
  t.regex(message, /kube-system\/taken is held by node-1/)
})

test('the same identity and instance resumes under the same token', async t => {
  const { client } = t.context
  const request = { ...acquire('resumed'), instance }
  const first = await client.call('AcquireLease', request)
  const second = await client.call('AcquireLease', request)
  t.true(second.resumed)
  t.is(second.lease?.fencingToken, first.lease?.fencingToken)
})

test('another instance of the holder takes the lease with supersede, under a new token', async t => {
  const { client } = t.context
  const first = await client.call('AcquireLease', { ...acquire('superseded'), instance })
  const other = { ...acquire('superseded'), instance: Buffer.alloc(16, 7) }
  t.is((await client.refusal('AcquireLease', other)).details?.reason, 'LEASE_HELD')
  const second = await client.call('AcquireLease', { ...other, supersede: true })
  t.false(second.resumed)
  t.true(Number(second.lease?.fencingToken) > Number(first.lease?.fencingToken))
})

test('the labels that acquires bring must fit into one lease', async t => {
  const { client } = t.context
  const labels = (prefix: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'v']))
  const request = { ...acquire('labelled'), instance }
  await client.call('AcquireLease', { ...request, labels: labels('a', 60) })
  const refusal = await client.refusal('AcquireLease', { ...request, labels: labels('b', 5) })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.is(refusal.details?.violations[0]?.field, 'labels')
  const { lease } = await client.call('AcquireLease', { ...request, labels: labels('b', 4) })
  t.is(Object.keys(lease?.metadata?.labels ?? {}).length, 64)
})

test('a stale token neither renews nor releases, and the reason says so', async t => {
  const { client } = t.context
  const { lease } = await client.call('AcquireLease', acquire('stale'))
  const request = { namespace, name: 'stale', fencingToken: Number(lease?.fencingToken) - 1 }
  for (const method of ['RenewLease', 'ReleaseLease'] as const) {
    const { status, details } = await client.refusal(method, request)
    t.is(status, 'FAILED_PRECONDITION')
    t.is(details?.reason, 'STALE_FENCING_TOKEN')
    t.is(details?.metadata.fencingToken, lease?.fencingToken)
  }
})

test('a lease is revoked from whoever holds it, or only under one token', async t => {
  const { client } = t.context
  const { lease } = await client.call('AcquireLease', acquire('revoked'))
  const name = { namespace, name: 'revoked' }
  const stale = await client.refusal('RevokeLease', { ...name, fencingToken: 1 })
  t.is(stale.details?.reason, 'STALE_FENCING_TOKEN')
  const revoked = await client.call('RevokeLease', name)
  t.is(revoked.lease?.state, 'LEASE_STATE_RELEASED')
  const again = await client.refusal('RevokeLease', name)
  t.is(again.status, 'FAILED_PRECONDITION')
  t.is(again.details?.reason, 'LEASE_NOT_HELD')
  t.is(
    (await client.refusal('RenewLease', { ...name, fencingToken: lease?.fencingToken ?? '' })).details?.reason,
    'STALE_FENCING_TOKEN',
  )
})

test('a lease is deleted, held or not', async t => {
  const { client } = t.context
  await client.call('AcquireLease', acquire('deleted'))
  const { lease } = await client.call('DeleteLease', { namespace, name: 'deleted' })
  t.is(lease?.metadata?.name, 'deleted')
  t.is((await client.refusal('GetLease', { namespace, name: 'deleted' })).status, 'NOT_FOUND')
})

test('a delete keeps its preconditions', async t => {
  const { client } = t.context
  const name = { namespace, name: 'guarded' }
  const { lease } = await client.call('CreateLease', { lease: { metadata: name } })
  const wrongUid = await client.refusal('DeleteLease', { ...name, uid: 'other' })
  t.is(wrongUid.status, 'ABORTED')
  t.is(wrongUid.details?.reason, 'REVISION_MISMATCH')
  t.is((await client.refusal('DeleteLease', { ...name, resourceVersion: '1' })).status, 'ABORTED')
  const { uid = '', resourceVersion = '' } = lease?.metadata ?? {}
  await client.call('DeleteLease', { ...name, uid, resourceVersion })
})

test('finalizers hold a deletion up, and none may join meanwhile', async t => {
  const { client } = t.context
  const name = { namespace, name: 'finalized' }
  await client.call('CreateLease', { lease: { metadata: { ...name, finalizers: ['a/b'] } } })
  const { lease } = await client.call('DeleteLease', name)
  t.truthy(lease?.metadata?.deletionTimestamp)
  t.is(lease?.metadata?.deletionGracePeriodSeconds, '0')
  const { status, details } = await client.refusal('UpdateLease', {
    lease: { metadata: { ...name, finalizers: ['a/b', 'c/d'] } },
  })
  t.is(status, 'INVALID_ARGUMENT')
  t.deepEqual(details?.violations, [
    {
      field: 'lease.metadata.finalizers',
      description:
        'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ' +
        '[]string{"c/d"}',
    },
  ])
  await client.call('UpdateLease', { lease: { metadata: name }, updateMask: { paths: ['metadata.finalizers'] } })
  t.is((await client.refusal('GetLease', name)).status, 'NOT_FOUND')
})

test('validate_only answers as if, and stores nothing', async t => {
  const { client } = t.context
  const name = { namespace, name: 'tried' }
  const validateOnly = true
  t.is((await client.call('CreateLease', { lease: { metadata: name }, validateOnly })).lease?.metadata?.name, 'tried')
  t.is((await client.call('AcquireLease', { ...acquire('tried'), validateOnly })).lease?.state, 'LEASE_STATE_HELD')
  t.is((await client.refusal('GetLease', name)).status, 'NOT_FOUND')

  const { lease } = await client.call('AcquireLease', acquire('tried'))
  const fencingToken = lease?.fencingToken ?? ''
  const update = { lease: { metadata: { ...name, labels: { a: 'b' } } }, validateOnly }
  t.deepEqual((await client.call('UpdateLease', update)).lease?.metadata?.labels, { a: 'b' })
  await client.call('RenewLease', { ...name, fencingToken, validateOnly })
  await client.call('ReleaseLease', { ...name, fencingToken, validateOnly })
  await client.call('RevokeLease', { ...name, validateOnly })
  await client.call('DeleteLease', { ...name, validateOnly })
  t.is((await client.call('GetLease', name)).lease?.revision, lease?.revision)
})
