import {
  acquire,
  create,
  maxWatches,
  moveWindow,
  namespace,
  relabel,
  remove,
  renew,
  test,
  watch,
} from './watch-fixture.js'

test('a watch without a version begins with the leases as they are, and goes on with changes', async t => {
  await create(t.context, 'a')
  const begun = await watch(t, 'watch=true')
  t.deepEqual(begun.told, ['ADDED a'])
  const created = await create(t.context, 'b')
  const token = await acquire(t.context, 'b')
  await relabel(t.context, 'a', { x: 'y' })
  await renew(t.context, 'b', token)
  t.deepEqual(begun.told.slice(1), ['ADDED b', 'MODIFIED b', 'MODIFIED a', 'MODIFIED b'])
  t.is(begun.events[1]?.object.metadata.resourceVersion, String(created.revision))
  begun.hangUp()
})

test('a lease in an event is what a get of it would have answered', async t => {
  const begun = await watch(t, '')
  const token = await acquire(t.context, 'a')
  t.like(begun.events[0], {
    type: 'ADDED',
    object: {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: {
        name: 'a',
        namespace,
        resourceVersion: String(token),
        annotations: { 'leasehold.dev/state': 'held', 'leasehold.dev/fencing-token': String(token) },
      },
      spec: { holderIdentity: 'A', leaseDurationSeconds: 15 },
    },
  })
  begun.hangUp()
})

test('version 0 begins with the leases as they are, too', async t => {
  await create(t.context, 'a')
  const begun = await watch(t, 'resourceVersion=0')
  t.deepEqual(begun.told, ['ADDED a'])
  begun.hangUp()
})

test('a watch from a version is told what changed after it', async t => {
  await create(t.context, 'a')
  const { revision } = await create(t.context, 'b')
  await relabel(t.context, 'a', { x: 'y' })
  const begun = await watch(t, `resourceVersion=${revision}`)
  await create(t.context, 'c')
  t.deepEqual(begun.told, ['MODIFIED a', 'ADDED c'])
  begun.hangUp()
})

test('a deletion is told with its own version, and the lease as it was last', async t => {
  const { revision } = await create(t.context, 'a', { x: 'y' })
  const begun = await watch(t, `resourceVersion=${revision}`)
  const deletion = await remove(t.context, 'a')
  t.deepEqual(begun.told, ['DELETED a'])
  t.true(deletion.revision > revision)
  t.like(begun.events[0]?.object.metadata, { resourceVersion: String(deletion.revision), labels: { x: 'y' } })
  begun.hangUp()
})

test('a lease whose time runs out is modified, once', async t => {
  await acquire(t.context, 'a')
  const begun = await watch(t, '')
  await t.context.world.pass(20_000)
  t.deepEqual(begun.told, ['ADDED a', 'MODIFIED a'])
  t.is(begun.events[1]?.object.metadata.annotations?.['leasehold.dev/state'], 'expired')
  begun.hangUp()
})

test('a lease that enters the selection is added, and one that leaves it is deleted', async t => {
  await create(t.context, 'in', { app: 'db' })
  await create(t.context, 'out')
  const begun = await watch(t, 'labelSelector=app%3Ddb')
  await relabel(t.context, 'out', { app: 'db' })
  const { revision } = await relabel(t.context, 'in', { app: 'web' })
  t.deepEqual(begun.told, ['ADDED in', 'ADDED out', 'DELETED in'])
  t.is(begun.events[2]?.object.metadata.resourceVersion, String(revision))
  begun.hangUp()
})

test('a watch by name hears of that lease alone', async t => {
  await create(t.context, 'a')
  await create(t.context, 'b')
  const begun = await watch(t, `fieldSelector=metadata.name%3Db,metadata.namespace%3D${namespace}`)
  const anywhere = await watch(t, 'fieldSelector=metadata.name%3Db')
  await relabel(t.context, 'a', { x: 'y' })
  await relabel(t.context, 'b', { x: 'y' })
  t.deepEqual(begun.told, ['ADDED b', 'MODIFIED b'])
  t.deepEqual(anywhere.told, begun.told)
  begun.hangUp()
  anywhere.hangUp()
})

test('a watch by name from a version is told whether its lease was renewed since', async t => {
  const token = await acquire(t.context, 'a')
  const other = await acquire(t.context, 'b')
  const { revision } = t.context.world.open.table
  await renew(t.context, 'a', token)
  await renew(t.context, 'b', other)
  const query = (name: string) => `fieldSelector=metadata.name%3D${name}&resourceVersion=${revision}`
  const begun = await watch(t, query('b'))
  const missing = await watch(t, query('c'))
  await begun.settle()
  await missing.settle()
  t.deepEqual(begun.told, ['MODIFIED b'])
  t.deepEqual(missing.told, [])
  begun.hangUp()
  missing.hangUp()
})

const initialEvents = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'

test('after the initial events a bookmark says that they were all', async t => {
  const { revision } = await create(t.context, 'a')
  const begun = await watch(t, `${initialEvents}&allowWatchBookmarks=true`)
  t.deepEqual(begun.told, ['ADDED a', 'BOOKMARK'])
  t.deepEqual(begun.events[1]?.object as object, {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: { resourceVersion: String(revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
    spec: {},
  })
  await create(t.context, 'b')
  t.deepEqual(begun.told.slice(2), ['ADDED b'])
  begun.hangUp()
})

test('without bookmarks nothing says where the initial events end', async t => {
  await create(t.context, 'a')
  const begun = await watch(t, initialEvents)
  t.deepEqual(begun.told, ['ADDED a'])
  begun.hangUp()
})

test('a watch that declines initial events hears what changes from now on, or after its version', async t => {
  const { revision } = await create(t.context, 'a')
  await create(t.context, 'b')
  const declined = 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan'
  const fromNow = await watch(t, declined)
  const after = await watch(t, `${declined}&resourceVersion=${revision}`)
  await create(t.context, 'c')
  t.deepEqual(fromNow.told, ['ADDED c'])
  t.deepEqual(after.told, ['ADDED b', 'ADDED c'])
  fromNow.hangUp()
  after.hangUp()
})

test('a version that is too old ends the watch with Expired', async t => {
  const { revision } = await create(t.context, 'a')
  await moveWindow(t.context)
  const begun = await watch(t, `resourceVersion=${revision}`)
  t.true(begun.hasEnded)
  const [event] = begun.events
  const { windowStart } = t.context.world.coordinator.feed
  t.like(event, {
    type: 'ERROR',
    object: {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: `too old resource version: ${revision} (${windowStart})`,
    },
  })
  t.is(begun.events.length, 1)
})

test('a version of the future ends the watch with Timeout, also where initial events are asked for', async t => {
  const { revision } = await create(t.context, 'a')
  for (const query of ['', `${initialEvents}&`]) {
    const begun = await watch(t, `${query}resourceVersion=${revision + 1}`)
    t.true(begun.hasEnded)
    t.like(begun.events[0], {
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 504,
        reason: 'Timeout',
        message: `Timeout: Too large resource version: ${revision + 1}, current: ${revision}`,
        details: {
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          retryAfterSeconds: 1,
        },
      },
    })
    t.is(begun.events.length, 1)
  }
})

test('bookmarks come each minute to those who allow them, and say how far the watch is', async t => {
  const { revision } = await create(t.context, 'a')
  const allowed = await watch(t, `resourceVersion=${revision}&allowWatchBookmarks=true&labelSelector=x`)
  const others = await watch(t, `resourceVersion=${revision}&labelSelector=x`)
  const later = await create(t.context, 'b')
  await t.context.world.pass(59_000)
  t.deepEqual(allowed.told, [])
  await t.context.world.pass(1_000)
  t.deepEqual(allowed.told, ['BOOKMARK'])
  t.deepEqual(allowed.events[0]?.object.metadata as object, { resourceVersion: String(later.revision) })
  await t.context.world.pass(60_000)
  t.is(allowed.told.length, 2)
  t.deepEqual(others.told, [])
  allowed.hangUp()
  others.hangUp()
})

test('a watch ends when its time is up, with a bookmark for those who allow them', async t => {
  const { revision } = await create(t.context, 'a')
  const allowed = await watch(t, 'timeoutSeconds=30&allowWatchBookmarks=true')
  const others = await watch(t, 'timeoutSeconds=30')
  await t.context.world.pass(29_000)
  t.false(allowed.hasEnded)
  t.false(others.hasEnded)
  await t.context.world.pass(1_000)
  t.true(allowed.hasEnded)
  t.true(others.hasEnded)
  t.deepEqual(allowed.told, ['ADDED a', 'BOOKMARK', 'BOOKMARK'])
  t.deepEqual(allowed.events[2]?.object.metadata as object, { resourceVersion: String(revision) })
  t.deepEqual(others.told, ['ADDED a'])
  t.is(t.context.world.coordinator.feed.figures.watchers, 0)
})

test('a watch that does not say how long goes on for half an hour to an hour', async t => {
  const begun = await watch(t, '')
  await t.context.world.pass(44 * 60_000)
  t.false(begun.hasEnded)
  await t.context.world.pass(60_000)
  t.true(begun.hasEnded)
})

test('a client that does not read does not hold the end of its watch up', async t => {
  const begun = await watch(t, 'timeoutSeconds=30&allowWatchBookmarks=true')
  begun.isReading = false
  await create(t.context, 'a')
  await create(t.context, 'b')
  await t.context.world.pass(30_000)
  t.true(begun.hasEnded)
  t.deepEqual(begun.told, ['BOOKMARK', 'ADDED a'])
})

test('a client that does not read is told the newest state of a lease that was renewed often, once it reads', async t => {
  const token = await acquire(t.context, 'a')
  const begun = await watch(t, '')
  begun.isReading = false
  await renew(t.context, 'a', token)
  for (let index = 0; index < 10; index++) await renew(t.context, 'a', token)
  t.deepEqual(begun.told, ['ADDED a', 'MODIFIED a'])
  begun.isReading = true
  begun.read()
  await begun.settle()
  t.deepEqual(begun.told, ['ADDED a', 'MODIFIED a', 'MODIFIED a'])
  const { revision } = t.context.world.open.table
  t.is(begun.events[2]?.object.metadata.resourceVersion, String(revision))
  begun.hangUp()
})

test('a watch that is too slow ends with Expired, so that its client lists again', async t => {
  const begun = await watch(t, '')
  begun.isReading = false
  await create(t.context, 'a')
  await moveWindow(t.context)
  t.true(begun.hasEnded)
  t.deepEqual(begun.told, ['ADDED a', 'ERROR'])
  t.like(begun.events[1]?.object, { kind: 'Status', code: 410, reason: 'Expired' })
  t.is(t.context.world.coordinator.feed.figures.cutOff, 1)
})

test('a coordinator that stops ends every watch without an error, and begins none', async t => {
  const begun = await watch(t, '')
  t.context.openWatches.endAll()
  await begun.settle()
  t.true(begun.hasEnded)
  t.is(begun.failure, undefined)
  t.deepEqual(begun.events, [])
  await t.throwsAsync(watch(t, ''), { code: 'DRAINING' })
})

test('there are only so many watches, and one that ended makes room', async t => {
  const open = []
  for (let index = 0; index < maxWatches; index++) open.push(await watch(t, ''))
  await t.throwsAsync(watch(t, ''), { code: 'OVERLOADED' })
  open[0]?.hangUp()
  await open[0]?.settle()
  t.is(t.context.world.coordinator.feed.figures.watchers, maxWatches - 1)
  open.push(await watch(t, ''))
  for (const begun of open) begun.hangUp()
})

test('an event is encoded once for all watches that are told the same', async t => {
  const first = await watch(t, '')
  const second = await watch(t, '')
  await create(t.context, 'a')
  t.deepEqual(first.told, ['ADDED a'])
  t.is(first.chunks[0], second.chunks[0])
  first.hangUp()
  second.hangUp()
})
