import anyTest, { type TestFn } from 'ava'
import type { Lease__Output } from '../../../protos/generated/leasehold/v1/Lease.js'
import type { ListLeasesRequest } from '../../../protos/generated/leasehold/v1/ListLeasesRequest.js'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'
import { LeaseClient } from '../../support/lease-client.js'

const test = anyTest as TestFn<{ coordinator: TestCoordinator; client: LeaseClient }>

test.beforeEach(async t => {
  const coordinator = await startCoordinator()
  const client = new LeaseClient(coordinator.address)
  t.context = { coordinator, client }
  for (const [namespace, name, tier] of [
    ['b', 'two', 'back'],
    ['a', 'one', 'front'],
    ['a', 'three', 'back'],
    ['a', 'four.x', 'front'],
    ['b', 'five', 'front'],
  ] as const) {
    await client.call('CreateLease', { lease: { metadata: { namespace, name, labels: { tier } } } })
  }
  await client.call('AcquireLease', {
    namespace: 'b',
    name: 'five',
    holderIdentity: 'me',
    leaseDuration: { seconds: 60 },
  })
})

test.afterEach.always(async t => {
  t.context.client.close()
  await t.context.coordinator.stop()
})

const namesOf = (leases: readonly Lease__Output[]) =>
  leases.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)

async function pages(client: LeaseClient, request: ListLeasesRequest) {
  const all = []
  for (let pageToken = ''; ; ) {
    const page = await client.call('ListLeases', { ...request, pageToken })
    all.push(page)
    pageToken = page.nextPageToken
    if (pageToken === '') return all
  }
}

test('leases come sorted by namespace and name', async t => {
  const { leases, nextPageToken } = await t.context.client.call('ListLeases', {})
  t.deepEqual(namesOf(leases), ['a/four.x', 'a/one', 'a/three', 'b/five', 'b/two'])
  t.is(nextPageToken, '')
})

test('pages go on where the one before ended, all under the first one’s revision', async t => {
  const { client, coordinator } = t.context
  const first = await client.call('ListLeases', { pageSize: 2 })
  await client.call('CreateLease', { lease: { metadata: { namespace: 'c', name: 'late' } } })
  const rest = []
  for (let pageToken = first.nextPageToken; pageToken !== ''; ) {
    const page = await client.call('ListLeases', { pageSize: 2, pageToken })
    t.is(page.revision, first.revision)
    rest.push(...page.leases)
    pageToken = page.nextPageToken
  }
  t.deepEqual(namesOf(first.leases), ['a/four.x', 'a/one'])
  t.deepEqual(namesOf(rest), ['a/three', 'b/five', 'b/two', 'c/late'])
  t.is(first.journalId, coordinator.coordinator.journalId)
  t.true(Number(rest.at(-1)?.revision) > Number(first.revision))
})

test('a watch that resumes after a list misses nothing', async t => {
  const { client } = t.context
  const { revision, journalId } = await client.call('ListLeases', { pageSize: 1 })
  await client.call('CreateLease', { lease: { metadata: { namespace: 'c', name: 'late' } } })
  const watch = client.watch({ resumeAfterRevision: revision, journalId })
  await new Promise(resolve => watch.stream.once('data', resolve))
  await client.call('DeleteLease', { namespace: 'c', name: 'late' })
  while (watch.changes.length < 2) await new Promise(resolve => watch.stream.once('data', resolve))
  t.deepEqual(watch.changes, ['CREATED late', 'DELETED late'])
  watch.cancel()
})

test('a list is narrowed by namespace, labels, holder and state', async t => {
  const { client } = t.context
  const names = async (request: ListLeasesRequest) => namesOf((await client.call('ListLeases', request)).leases)
  t.deepEqual(await names({ namespace: 'b' }), ['b/five', 'b/two'])
  t.deepEqual(await names({ labelSelector: 'tier=back' }), ['a/three', 'b/two'])
  t.deepEqual(await names({ holderIdentity: 'me' }), ['b/five'])
  t.deepEqual(await names({ state: 'LEASE_STATE_HELD' }), ['b/five'])
  t.deepEqual(await names({ state: 'LEASE_STATE_UNHELD', namespace: 'b', labelSelector: 'tier' }), ['b/two'])
  t.deepEqual(await names({ namespace: 'none' }), [])
})

test('a page token belongs to its query', async t => {
  const { client } = t.context
  const { nextPageToken: pageToken } = await client.call('ListLeases', { pageSize: 1 })
  const refusal = await client.refusal('ListLeases', { pageSize: 1, pageToken, namespace: 'b' })
  t.is(refusal.status, 'INVALID_ARGUMENT')
  t.is(refusal.details?.violations[0]?.field, 'page_token')
  t.is((await client.call('ListLeases', { pageSize: 2, pageToken })).leases.length, 2)
})

test('pages of large leases end early, so that each fits into a message', async t => {
  const { client } = t.context
  const annotations = { a: 'x'.repeat(260_000) }
  for (let index = 0; index < 20; index++) {
    await client.call('CreateLease', { lease: { metadata: { namespace: 'large', name: `n${index}`, annotations } } })
  }
  const all = await pages(client, { namespace: 'large' })
  t.true(all.length > 1)
  t.is(new Set(all.flatMap(({ leases }) => namesOf(leases))).size, 20)
})
