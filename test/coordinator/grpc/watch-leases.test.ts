import { until } from '../../support/until.js'
import { acquire, create, maxWatches, namespace, relabel, test, windowSize } from './watch-fixture.js'

test('a watch begins with the leases as they are, says where that ends, and goes on with changes in order', async t => {
  await create(t.context, 'a')
  await acquire(t.context, 'b')
  const watch = t.context.client.watch({})
  await watch.initialState()
  t.deepEqual(watch.changes, ['EXISTING a', 'EXISTING b'])
  const end = watch.messages.at(-1)
  t.like(end, { initialStateEnd: true, changes: [], journalId: t.context.opened.coordinator.journalId })
  t.is(end?.revision, String(t.context.opened.table.revision))

  const { lease } = await create(t.context, 'c')
  await relabel(t.context, 'a', { x: 'y' })
  const held = await acquire(t.context, 'c')
  const name = { namespace, name: 'c' }
  await t.context.client.call('ReleaseLease', { ...name, fencingToken: held.lease?.fencingToken ?? '' })
  await t.context.client.call('DeleteLease', name)
  await until(() => watch.changes.length === 7)
  t.deepEqual(watch.changes.slice(2), ['CREATED c', 'UPDATED a', 'ACQUIRED c', 'RELEASED c', 'DELETED c'])
  const created = watch.messages.flatMap(({ changes }) => changes).find(({ type }) => type.endsWith('CREATED'))
  t.deepEqual(created?.lease, lease)
  const released = watch.messages.flatMap(({ changes }) => changes).find(({ type }) => type.endsWith('RELEASED'))
  t.is(released?.previousHolderIdentity, 'me')
  t.is(watch.messages.at(-1)?.revision, String(t.context.opened.table.revision))
  watch.cancel()
})

test('an empty initial state ends as well', async t => {
  const watch = t.context.client.watch({})
  await watch.initialState()
  t.is(watch.messages.length, 1)
  watch.cancel()
})

test('a revoked lease is told as released, with its cause', async t => {
  await acquire(t.context, 'a')
  const watch = t.context.client.watch({})
  await watch.initialState()
  await t.context.client.call('RevokeLease', { namespace, name: 'a' })
  await until(() => watch.changes.length === 2)
  t.like(watch.messages.at(-1)?.changes[0], { cause: 'revoked', previousHolderIdentity: 'me' })
  watch.cancel()
})

test('nothing is lost or told twice while a large initial state is read', async t => {
  const { client } = t.context
  const count = 3000
  const names = Array.from({ length: count }, (_, index) => `n${String(index).padStart(4, '0')}`)
  await Promise.all(names.map(name => create(t.context, name)))
  const watch = client.watch({})
  await until(() => watch.messages.length > 0)
  watch.stream.pause()
  const changed = new Map<string, string>()
  const touched = names.filter((_, index) => index % 30 === 0)
  const updates = touched.map(async name => {
    const { lease } = await relabel(t.context, name, { touched: 'yes' })
    changed.set(name, lease?.revision ?? '')
  })
  await Promise.all(updates)
  watch.stream.resume()
  await watch.initialState()
  await create(t.context, 'zz')
  await until(() => watch.changes.includes('CREATED zz'))

  const told = new Map<string, string[]>()
  for (const { lease } of watch.messages.flatMap(({ changes }) => changes)) {
    const name = lease?.metadata?.name ?? ''
    told.set(name, [...(told.get(name) ?? []), lease?.revision ?? ''])
  }
  t.is(told.size, count + 1)
  for (const name of touched) t.is(told.get(name)?.at(-1), changed.get(name), name)
  for (const [name, revisions] of told) {
    t.deepEqual(revisions, [...new Set(revisions)].sort(), name)
    t.true(revisions.length <= (changed.has(name) ? 2 : 1), name)
  }
  const timesTold = touched.map(name => told.get(name)?.length)
  t.true(timesTold.includes(1), 'what changed before its slice was read is told by the slice alone')
  t.true(timesTold.includes(2), 'what changed after its slice was read is told again')
  watch.cancel()
})

test('a watch by label hears what enters the selection as created, and what leaves it as deleted', async t => {
  await create(t.context, 'in', { app: 'db' })
  await create(t.context, 'out')
  const watch = t.context.client.watch({ labelSelector: 'app=db' })
  await watch.initialState()
  await relabel(t.context, 'out', { app: 'db' })
  await relabel(t.context, 'in', { app: 'web' })
  await until(() => watch.changes.length === 3)
  t.deepEqual(watch.changes, ['EXISTING in', 'CREATED out', 'DELETED in'])
  watch.cancel()
})

test('a watch by namespace or name hears of nothing else', async t => {
  const { client } = t.context
  await create(t.context, 'a')
  await create(t.context, 'b')
  const byName = client.watch({ namespace, name: 'b' })
  const byNamespace = client.watch({ namespace: 'other' })
  await Promise.all([byName.initialState(), byNamespace.initialState()])
  await relabel(t.context, 'a', { x: 'y' })
  await client.call('CreateLease', { lease: { metadata: { namespace: 'other', name: 'b' } } })
  await relabel(t.context, 'b', { x: 'y' })
  await until(() => byName.changes.length === 2 && byNamespace.changes.length === 1)
  t.deepEqual(byName.changes, ['EXISTING b', 'UPDATED b'])
  t.deepEqual(byNamespace.changes, ['CREATED b'])
  byName.cancel()
  byNamespace.cancel()
})

test('a watch by name may wait for a lease that is not there yet', async t => {
  const watch = t.context.client.watch({ namespace, name: 'later' })
  await watch.initialState()
  await create(t.context, 'later')
  await until(() => watch.changes.length === 1)
  t.deepEqual(watch.changes, ['CREATED later'])
  watch.cancel()
})

test('renewals are told only to a watch that asks for them', async t => {
  const { client } = t.context
  const { lease } = await acquire(t.context, 'a')
  const without = client.watch({})
  const including = client.watch({ includeRenewals: true })
  await Promise.all([without.initialState(), including.initialState()])
  await client.call('RenewLease', { namespace, name: 'a', fencingToken: lease?.fencingToken ?? '' })
  await until(() => including.changes.length === 2)
  t.deepEqual(including.changes, ['EXISTING a', 'RENEWED a'])
  await create(t.context, 'b')
  await until(() => without.changes.includes('CREATED b'))
  t.deepEqual(without.changes, ['EXISTING a', 'CREATED b'])
  without.cancel()
  including.cancel()
})

test('a watch resumes after a revision and tells every change since', async t => {
  const { client } = t.context
  const { lease } = await create(t.context, 'a')
  await create(t.context, 'b')
  await relabel(t.context, 'a', { x: 'y' })
  const resumeAfterRevision = lease?.revision ?? ''
  const { journalId } = t.context.opened.coordinator
  const watch = client.watch({ resumeAfterRevision, journalId })
  await until(() => watch.changes.length === 2)
  t.deepEqual(watch.changes, ['CREATED b', 'UPDATED a'])
  t.like(watch.messages[0], { changes: [], revision: resumeAfterRevision, initialStateEnd: false, journalId })
  await create(t.context, 'c')
  await until(() => watch.changes.length === 3)
  watch.cancel()
})

test('a revision that is too old, too new or of another journal is OUT_OF_RANGE', async t => {
  const { client, opened } = t.context
  const { lease } = await create(t.context, 'a')
  for (let index = 0; index <= windowSize; index++) await create(t.context, `n${index}`)
  const old = client.watch({ resumeAfterRevision: Number(lease?.revision) - 1 })
  await until(() => old.hasEnded)
  t.is(old.refusal?.status, 'OUT_OF_RANGE')
  t.is(old.refusal?.details?.reason, 'REVISION_TOO_OLD')
  const early = client.watch({ resumeAfterRevision: opened.table.revision + 1 })
  await until(() => early.hasEnded)
  t.is(early.refusal?.status, 'OUT_OF_RANGE')
  t.is(early.refusal?.details?.reason, 'REVISION_TOO_NEW')
  const foreign = client.watch({ resumeAfterRevision: opened.table.revision, journalId: 'other' })
  await until(() => foreign.hasEnded)
  t.is(foreign.refusal?.status, 'OUT_OF_RANGE')
  t.is(foreign.refusal?.details?.reason, 'WRONG_JOURNAL')
})

test('every field of a watch that is at fault is named', async t => {
  const watch = t.context.client.watch({ name: 'N', labelSelector: '!', resumeAfterRevision: -1 })
  await until(() => watch.hasEnded)
  t.is(watch.refusal?.status, 'INVALID_ARGUMENT')
  t.deepEqual(
    watch.refusal?.details?.violations.map(({ field }) => field),
    ['name', 'namespace', 'label_selector', 'resume_after_revision'],
  )
})

test('a watch without changes hears each minute up to where it can resume', async t => {
  const { client, clock, opened } = t.context
  const watch = client.watch({ namespace: 'quiet' })
  await watch.initialState()
  await until(() => clock.timerCount === 1)
  await create(t.context, 'elsewhere')
  clock.advance(59_999)
  t.is(watch.messages.length, 1)
  for (const bookmarks of [1, 2]) {
    clock.advance(60_000)
    await until(() => watch.messages.length === 1 + bookmarks)
    await until(() => clock.timerCount === 1)
  }
  t.like(watch.messages[1], { changes: [], revision: String(opened.table.revision), initialStateEnd: false })
  watch.cancel()
  await until(() => clock.timerCount === 0)
})

test('a client that hangs up ends its watch', async t => {
  const { client, opened, watches } = t.context
  const watch = client.watch({})
  await watch.initialState()
  t.is(opened.feed.figures.watchers, 1)
  watch.cancel()
  await until(() => opened.feed.figures.watchers === 0 && watches.count === 0)
  t.is(watch.refusal?.status, 'CANCELLED')
})

test('a client that does not read holds its watch up, and hears everything once it reads', async t => {
  const { client, opened } = t.context
  const watch = client.watch({})
  await watch.initialState()
  watch.stream.pause()
  const annotations = { a: 'x'.repeat(100_000) }
  const count = 60
  for (let index = 0; index < count; index++) {
    await client.call('CreateLease', { lease: { metadata: { namespace, name: `n${index}`, annotations } } })
  }
  await until(() => opened.feed.figures.queued > 0)
  t.true(watch.changes.length < count)
  watch.stream.resume()
  await until(() => watch.changes.length === count)
  t.is(new Set(watch.changes).size, count)
  watch.cancel()
})

test('a client that does not read is cut off when the window has moved past it', async t => {
  const { client, opened } = t.context
  const watch = client.watch({})
  await watch.initialState()
  watch.stream.pause()
  const annotations = { a: 'x'.repeat(100_000) }
  for (let index = 0; opened.feed.figures.cutOff === 0 && index < 3 * windowSize; index++) {
    await client.call('CreateLease', { lease: { metadata: { namespace, name: `n${index}`, annotations } } })
  }
  t.is(opened.feed.figures.cutOff, 1)
  t.is(opened.feed.figures.watchers, 0)
  watch.stream.resume()
  await until(() => watch.hasEnded)
  t.is(watch.refusal?.status, 'RESOURCE_EXHAUSTED')
  t.is(watch.refusal?.details?.reason, 'SLOW_WATCHER')
})

test('a server that stops ends every watch with UNAVAILABLE, and begins none', async t => {
  const { client, watches, opened } = t.context
  const open = client.watch({})
  await open.initialState()
  watches.endAll()
  await until(() => open.hasEnded)
  t.is(open.refusal?.status, 'UNAVAILABLE')
  t.is(open.refusal?.details?.reason, 'DRAINING')
  const late = client.watch({})
  await until(() => late.hasEnded)
  t.is(late.refusal?.details?.reason, 'DRAINING')
  await until(() => watches.count === 0)
  t.is(opened.feed.figures.watchers, 0)
})

test('there are only so many watches, and one more is told when to come again', async t => {
  const { client, watches } = t.context
  const open = Array.from({ length: maxWatches }, () => client.watch({}))
  await Promise.all(open.map(watch => watch.initialState()))
  const extra = client.watch({})
  await until(() => extra.hasEnded)
  t.is(extra.refusal?.status, 'RESOURCE_EXHAUSTED')
  t.is(extra.refusal?.details?.reason, 'OVERLOADED')
  t.is(extra.refusal?.details?.retryAfterMs, 5_000)
  open[0]?.cancel()
  await until(() => watches.count < maxWatches)
  const next = client.watch({})
  await next.initialState()
  t.is(next.refusal, undefined)
  for (const watch of [...open, next]) watch.cancel()
})
