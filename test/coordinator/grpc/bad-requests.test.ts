import anyTest, { type TestFn } from 'ava'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'
import { LeaseClient, type Refusal } from '../../support/lease-client.js'

const test = anyTest as TestFn<{ coordinator: TestCoordinator; client: LeaseClient }>

test.beforeEach(async t => {
  const coordinator = await startCoordinator()
  t.context = { coordinator, client: new LeaseClient(coordinator.address) }
})

// Whatever was refused, nothing of it was stored.
test.afterEach.always(async t => {
  const { client, coordinator } = t.context
  t.deepEqual((await client.call('ListLeases', {})).leases, [])
  client.close()
  await coordinator.stop()
})

const fieldsOf = ({ details }: Refusal) => details?.violations.map(({ field }) => field)

const acquire = { namespace: 'ns', name: 'n', holderIdentity: 'me', leaseDuration: { seconds: 10 } }

test('every field of an acquire that is at fault is named', async t => {
  const refusal = await t.context.client.refusal('AcquireLease', {
    namespace: 'NS',
    name: '',
    leaseDuration: { seconds: 0 },
    instance: Buffer.alloc(15),
    labels: { '-': '' },
  })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.is(refusal.details?.reason, 'INVALID_REQUEST')
  t.deepEqual(fieldsOf(refusal), ['namespace', 'name', 'holder_identity', 'instance', 'lease_duration', 'labels'])
})

const weekAndMore = 7 * 24 * 3600 + 1
for (const [what, leaseDuration] of Object.entries({
  '0': { seconds: 0 },
  negative: { seconds: -10 },
  'over the limit': { seconds: weekAndMore },
  'under the limit': { seconds: 0, nanos: 999_000_000 },
  'no valid Duration': { seconds: 10, nanos: -5 },
  'not set': null,
})) {
  test(`a lease duration that is ${what} is refused by name`, async t => {
    const { client } = t.context
    const refusal = await client.refusal('AcquireLease', { ...acquire, leaseDuration })
    t.is(refusal.status, 'INVALID_ARGUMENT')
    t.deepEqual(fieldsOf(refusal), ['lease_duration'])
    const lease = { metadata: { namespace: 'ns', name: 'n' }, spec: { holderIdentity: 'me', leaseDuration } }
    const created = await client.refusal('CreateLease', { lease })
    t.is(created.status, 'INVALID_ARGUMENT')
    t.deepEqual(fieldsOf(created), ['lease.spec.lease_duration'])
  })
}

test('too many labels are refused by name', async t => {
  const labels = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']))
  const refusal = await t.context.client.refusal('AcquireLease', { ...acquire, labels })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.deepEqual(refusal.details?.violations, [
    { field: 'labels', description: 'Too many: 65: must have at most 64 items' },
  ])
})

test('a holder identity of more than 1024 bytes is refused by name', async t => {
  const refusal = await t.context.client.refusal('AcquireLease', { ...acquire, holderIdentity: 'x'.repeat(1025) })
  t.deepEqual(fieldsOf(refusal), ['holder_identity'])
})

test('every field of a lease to create that is at fault is named', async t => {
  const refusal = await t.context.client.refusal('CreateLease', {
    lease: {
      metadata: {
        namespace: '',
        name: 'N',
        generateName: 'N-',
        generation: -1,
        labels: { a: '-' },
        annotations: { '-': '' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n' }],
        finalizers: ['-'],
        managedFields: [{ operation: 'x' }],
      },
      spec: {
        leaseDuration: { seconds: -1 },
        renewTime: { seconds: 1 },
        strategy: 'x',
      },
    },
  })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.deepEqual(fieldsOf(refusal), [
    'lease.metadata.generate_name',
    'lease.metadata.name',
    'lease.metadata.namespace',
    'lease.metadata.generation',
    'lease.metadata.labels',
    'lease.metadata.annotations',
    'lease.metadata.owner_references.uid',
    'lease.metadata.finalizers',
    'lease.metadata.managed_fields[0].operation',
    'lease.spec.strategy',
    'lease.spec.lease_duration',
    'lease.spec.renew_time',
  ])
})

test('a create without a lease says what it needs', async t => {
  const refusal = await t.context.client.refusal('CreateLease', {})
  t.deepEqual(fieldsOf(refusal), ['lease.metadata.name', 'lease.metadata.namespace'])
})

test('a preferred holder without a strategy is refused by name', async t => {
  const lease = { metadata: { namespace: 'ns', name: 'n' }, spec: { preferredHolder: 'p' } }
  t.deepEqual(fieldsOf(await t.context.client.refusal('CreateLease', { lease })), ['lease.spec.preferred_holder'])
})

test('calls about one lease need its name', async t => {
  const { client } = t.context
  for (const method of ['GetLease', 'DeleteLease', 'RevokeLease'] as const) {
    const refusal = await client.refusal(method, { namespace: 'ns', name: 'N' })
    t.is(refusal.status, 'INVALID_ARGUMENT', method)
    t.deepEqual(fieldsOf(refusal), ['name'], method)
  }
})

test('renew, release and check need a token', async t => {
  const { client } = t.context
  for (const method of ['RenewLease', 'ReleaseLease', 'CheckFencingToken'] as const) {
    for (const fencingToken of [0, -1, '9223372036854775807']) {
      const refusal = await client.refusal(method, { namespace: 'ns', name: 'n', fencingToken })
      t.is(refusal.status, 'INVALID_ARGUMENT', method)
      t.deepEqual(fieldsOf(refusal), ['fencing_token'], method)
    }
  }
})

test('a message of more than 1 MiB is refused', async t => {
  const annotations = { a: 'x'.repeat(1024 * 1024) }
  const lease = { metadata: { namespace: 'ns', name: 'n', annotations } }
  const refusal = await t.context.client.refusal('CreateLease', { lease })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.regex(refusal.details?.violations[0]?.description ?? '', /may not be more than 1048576 bytes/)
})

test('annotations of more than 262144 bytes are refused by name', async t => {
  const lease = { metadata: { namespace: 'ns', name: 'n', annotations: { a: 'x'.repeat(262_144) } } }
  const refusal = await t.context.client.refusal('CreateLease', { lease })
  t.deepEqual(refusal.details?.violations, [
    { field: 'lease.metadata.annotations', description: 'Too long: may not be more than 262144 bytes' },
  ])
})

test('bytes that are no message are refused', async t => {
  const refusal = await t.context.client.refusalOfBytes('AcquireLease', Buffer.from([0xff, 0xff, 0xff]))
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.is(refusal.details?.reason, 'INVALID_REQUEST')
})

test('every field of a list that is at fault is named', async t => {
  const refusal = await t.context.client.refusal('ListLeases', {
    namespace: 'N',
    labelSelector: 'a in b',
    pageSize: 1001,
  })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.deepEqual(fieldsOf(refusal), ['namespace', 'label_selector', 'page_size'])
  t.deepEqual(fieldsOf(await t.context.client.refusal('ListLeases', { pageSize: -1 })), ['page_size'])
  t.deepEqual(fieldsOf(await t.context.client.refusal('ListLeases', { pageToken: 'x' })), ['page_token'])
})
