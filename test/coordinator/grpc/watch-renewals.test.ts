import type { WatchLeasesRequest } from '../../../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import type { Watch } from '../../support/lease-client.js'
import { until } from '../../support/until.js'
import { acquire, type Context, create, namespace, relabel, test } from './watch-fixture.js'

const compact = { includeRenewals: true, compactRenewals: true }

/** Acquires a lease, and gives its id and how to renew it. */
async function held(context: Context, name: string): Promise<{ id: string; renew(): Promise<unknown> }> {
  const { lease } = await acquire(context, name)
  const fencingToken = lease?.fencingToken ?? ''
  return {
    id: String(context.opened.table.need({ namespace, name }).id),
    renew: () => context.client.call('RenewLease', { namespace, name, fencingToken }),
  }
}

/** The ids that each message with renewals has, in order. */
const renewalsOf = (watch: Watch): string[][] =>
  watch.messages.flatMap(({ renewals }) => (renewals === null ? [] : [renewals.leaseIds]))

test('compact renewals come as ids, and move the revision on', async t => {
  const a = await held(t.context, 'a')
  const b = await held(t.context, 'b')
  const watch = t.context.client.watch(compact)
  await watch.initialState()
  await a.renew()
  await until(() => renewalsOf(watch).length === 1)
  t.is(watch.messages.at(-1)?.revision, String(t.context.opened.table.revision))
  await b.renew()
  await until(() => renewalsOf(watch).length === 2)
  t.deepEqual(renewalsOf(watch), [[a.id], [b.id]])
  t.deepEqual(watch.changes, ['EXISTING a', 'EXISTING b'])
  watch.cancel()
})

test('a compact watch is not told the renewals of leases that it does not select', async t => {
  const a = await held(t.context, 'a')
  const b = await held(t.context, 'b')
  await relabel(t.context, 'b', { app: 'db' })
  const watch = t.context.client.watch({ ...compact, labelSelector: 'app=db' })
  await watch.initialState()
  await a.renew()
  await b.renew()
  await until(() => renewalsOf(watch).length === 1)
  t.deepEqual(renewalsOf(watch), [[b.id]])
  watch.cancel()
})

test('renewals during the initial state come after it, when each of their leases has been told', async t => {
  const { client } = t.context
  // More than are read at a time, so that the leases are renewed between two reads.
  for (let index = 0; index < 450; index++) await create(t.context, `n${index}`)
  const last = await held(t.context, 'z')
  const watch = client.watch(compact)
  await until(() => watch.messages.length > 0)
  await Promise.all([watch.initialState(), last.renew()])
  await until(() => renewalsOf(watch).length > 0)
  const end = watch.messages.findIndex(({ initialStateEnd }) => initialStateEnd)
  t.is(
    watch.messages.findIndex(({ renewals }) => renewals !== null),
    end + 1,
  )
  t.deepEqual(renewalsOf(watch), [[last.id]])
  watch.cancel()
})

test('a client that does not read hears a lease that was renewed often once', async t => {
  const { client, opened } = t.context
  const a = await held(t.context, 'a')
  const watch = client.watch(compact)
  await watch.initialState()
  watch.stream.pause()
  // What the transport takes before it holds the watch up.
  const annotations = { a: 'x'.repeat(100_000) }
  for (let index = 0; index < 60; index++) {
    await client.call('CreateLease', { lease: { metadata: { namespace, name: `n${index}`, annotations } } })
  }
  await until(() => opened.feed.figures.queued > 0)
  for (let index = 0; index < 20; index++) await a.renew()
  watch.stream.resume()
  await until(() => renewalsOf(watch).length > 0 && watch.changes.length === 61)
  t.deepEqual(renewalsOf(watch), [[a.id]])
  watch.cancel()
})

test('a compact watch that resumes hears each lease renewed since once', async t => {
  const { client, opened } = t.context
  const a = await held(t.context, 'a')
  const b = await held(t.context, 'b')
  const resumeAfterRevision = String(opened.table.revision)
  await a.renew()
  await a.renew()
  const watch = client.watch({ ...compact, resumeAfterRevision })
  await until(() => renewalsOf(watch).length === 1)
  t.deepEqual(renewalsOf(watch), [[a.id]])
  t.is(watch.messages.at(0)?.revision, resumeAfterRevision)
  t.is(watch.messages.at(-1)?.revision, String(opened.table.revision))
  await b.renew()
  await until(() => renewalsOf(watch).length === 2)
  t.deepEqual(renewalsOf(watch).at(1), [b.id])
  t.deepEqual(watch.changes, [])
  watch.cancel()
})

test('a lease that is released after its renewal is told as released, and no longer as renewed', async t => {
  const { client, opened } = t.context
  const a = await held(t.context, 'a')
  const { fencingToken } = opened.table.need({ namespace, name: 'a' })
  const watch = client.watch({ ...compact, resumeAfterRevision: String(opened.table.revision) })
  await until(() => watch.messages.length === 1)
  await a.renew()
  await client.call('ReleaseLease', { namespace, name: 'a', fencingToken })
  await until(() => watch.changes.includes('RELEASED a'))
  await create(t.context, 'b')
  await until(() => watch.changes.includes('CREATED b'))
  const released = watch.messages.findIndex(({ changes }) => changes.some(({ type }) => type.endsWith('RELEASED')))
  t.true(watch.messages.slice(released).every(({ renewals }) => renewals === null))
  watch.cancel()
})

test('a bookmark comes as often as asked for, and says how far the watch is', async t => {
  const { client, clock, opened } = t.context
  const watch = client.watch({ namespace: 'quiet', bookmarkInterval: { seconds: 2 } })
  await watch.initialState()
  for (const bookmarks of [1, 2, 3]) {
    await until(() => clock.timerCount === 1)
    await create(t.context, `n${bookmarks}`)
    clock.advance(1_999)
    t.is(watch.messages.length, bookmarks)
    clock.advance(1)
    await until(() => watch.messages.length === bookmarks + 1)
    t.like(watch.messages.at(-1), { changes: [], renewals: null, revision: String(opened.table.revision) })
  }
  watch.cancel()
})

test('whatever tells a revision, everything up to it has been told', async t => {
  const { client, clock } = t.context
  const leases = await Promise.all(['a', 'b', 'c'].map(name => held(t.context, name)))
  const watch = client.watch({ ...compact, bookmarkInterval: { seconds: 1 } })
  await watch.initialState()
  const told = { changes: watch.changes.length, revision: 0 }
  for (let round = 0; round < 30; round++) {
    await Promise.all([...leases.map(({ renew }) => renew()), create(t.context, `n${round}`)])
    clock.advance(1_000)
  }
  await until(() => watch.changes.length === told.changes + 30)
  for (const { changes, revision, initialStateEnd } of watch.messages.filter(({ revision }) => revision !== '0')) {
    if (initialStateEnd) told.revision = Number(revision)
    for (const { lease } of changes) t.true(Number(lease?.revision) > told.revision)
    t.true(Number(revision) >= told.revision, 'a revision never goes back')
    told.revision = Number(revision)
  }
  watch.cancel()
})

const badRequests: readonly { title: string; request: WatchLeasesRequest; field: string; says: RegExp }[] = [
  {
    title: 'compact renewals without renewals',
    request: { compactRenewals: true },
    field: 'compact_renewals',
    says: /include_renewals/,
  },
  {
    title: 'a bookmark interval below 1 s',
    request: { bookmarkInterval: { nanos: 999_999_999 } },
    field: 'bookmark_interval',
    says: /0\.999.*between 1 s and 1 min/,
  },
  {
    title: 'a bookmark interval above 1 min',
    request: { bookmarkInterval: { seconds: 60, nanos: 1 } },
    field: 'bookmark_interval',
    says: /between 1 s and 1 min/,
  },
  {
    title: 'a bookmark interval that is no duration',
    request: { bookmarkInterval: { seconds: 1, nanos: -1 } },
    field: 'bookmark_interval',
    says: /no valid duration/,
  },
]

for (const { title, request, field, says } of badRequests) {
  test(`${title} is refused, by the name of the field`, async t => {
    const watch = t.context.client.watch(request)
    await until(() => watch.hasEnded)
    t.is(watch.refusal?.status, 'INVALID_ARGUMENT')
    const violations = watch.refusal?.details?.violations ?? []
    t.deepEqual(
      violations.map(violation => violation.field),
      [field],
    )
    t.regex(violations[0]?.description ?? '', says)
  })
}
