import test from 'ava'
import type { Selectable } from '../../../services/coordinator/lease/lease.js'
import { type Watch, World } from './feed-world.js'
import { image, renewals, transition, transitions } from './samples.js'

const labelled = (lease: Selectable): boolean => lease.labels?.app === 'db'

test('a watcher hears the changes of an entry in one delivery, in revision order', t => {
  const world = new World()
  const watch = world.watch()
  world.publish(transition(1), transition(2), transition(3, { id: 1 }, { type: 'expired' }))
  world.publish(transition(4))
  t.deepEqual(
    watch.deliveries.map(changes => changes.map(({ type, lease }) => `${type}@${lease.revision}`)),
    [['created@1', 'created@2', 'expired@3'], ['created@4']],
  )
  t.deepEqual(watch.revisions, [3, 4])
})

test('a watcher without a revision hears nothing from before it began', t => {
  const world = new World()
  world.publish(transition(1))
  const watch = world.watch()
  world.settle()
  t.deepEqual(watch.told, [])
  t.is(watch.watcher.revision, 1)
})

test('a watcher hears only what it selects, and its revision moves with the rest', t => {
  const world = new World()
  const watch = world.watch({ matches: lease => lease.namespace === 'other' })
  world.publish(transition(1), transition(2, { namespace: 'other' }))
  world.publish(transition(3))
  t.deepEqual(watch.told, ['created@2'])
  t.is(watch.watcher.revision, 3)
})

test('a watcher is not even asked about leases outside its scope, changed or renewed, while it is slow and when it resumes', t => {
  const world = new World(10)
  const asked: string[] = []
  const matches = ({ namespace, name }: Selectable): boolean => asked.push(`${namespace}/${name}`) > 0
  const elsewhere = [
    { namespace: 'a', name: 'y' },
    { namespace: 'b', name: 'x' },
  ]
  world.publish(...elsewhere.map((lease, index) => transition(index + 1, lease)))
  const watch = world.watch({ scope: { namespace: 'a', name: 'x' }, matches, includeRenewals: true })
  world.settle()
  world.publish(renewals(3, 1, 2), transition(5, { namespace: 'a', name: 'x' }))
  watch.watcher.pause()
  for (let revision = 6; revision < 14; revision += 1) world.publish(transition(revision, elsewhere[revision % 2]))
  t.is(watch.watcher.queued, 0)
  t.is(watch.watcher.revision, 13)
  watch.watcher.resume()
  const resumed = world.watch({ scope: { namespace: 'b', name: '' }, matches, resumeAfter: 5 })
  world.settle()
  t.deepEqual(watch.told, ['created@5'])
  t.is(resumed.told.length, 4)
  t.deepEqual([...new Set(asked)], ['a/x', 'b/x'])
})

test('a resumed watcher hears exactly what came after its revision, and never before watch returned', t => {
  const world = new World()
  world.publish(...transitions(1, 5))
  const watch = world.watch({ resumeAfter: 3 })
  t.deepEqual(watch.told, [])
  world.settle()
  world.publish(transition(6))
  t.deepEqual(watch.told, ['created@4', 'created@5', 'created@6'])
})

test('a resumed watcher hears the past before the present when an entry comes first', t => {
  const world = new World()
  world.publish(...transitions(1, 5))
  const watch = world.watch({ resumeAfter: 4 })
  world.publish(transition(6))
  world.settle()
  t.deepEqual(watch.told, ['created@5', 'created@6'])
})

test('a resume at the start of the window succeeds, and before it is REVISION_TOO_OLD', t => {
  const world = new World(3)
  world.publish(...transitions(1, 10))
  t.is(world.feed.windowStart, 7)
  const watch = world.watch({ resumeAfter: 7 })
  world.settle()
  t.deepEqual(watch.told, ['created@8', 'created@9', 'created@10'])
  t.like(
    t.throws(() => world.watch({ resumeAfter: 6 })),
    { code: 'REVISION_TOO_OLD' },
  )
})

test('a resume at the newest revision succeeds, and after it is REVISION_TOO_NEW', t => {
  const world = new World()
  world.publish(transition(1))
  t.notThrows(() => world.watch({ resumeAfter: 1 }))
  t.like(
    t.throws(() => world.watch({ resumeAfter: 2 })),
    { code: 'REVISION_TOO_NEW' },
  )
})

test('a watch may begin after a revision that is decided but not yet durable, and hears only what is past it', t => {
  const world = new World(undefined, () => 2)
  world.publish(transition(1))
  const watch = world.watch({ resumeAfter: 2 })
  world.publish(transition(2), transition(3))
  t.deepEqual(watch.told, ['created@3'])
})

test('after a restart a watch resumes over the replayed entries, and not before the first of them', t => {
  const world = new World()
  world.feed.restore([renewals(100, 7), transition(101)], 101)
  world.feed.restore([{ type: 'published', throughRevision: 101 }], 101)
  world.feed.restore([transition(102)], 102)
  t.is(world.feed.windowStart, 99)
  t.is(world.feed.revision, 102)
  const watch = world.watch({ resumeAfter: 99 })
  world.settle()
  t.deepEqual(watch.told, ['created@101', 'created@102'])
  t.throws(() => world.watch({ resumeAfter: 98 }), { message: /too old/ })
})

test('with nothing replayed the window starts at the revision of the first entry', t => {
  const world = new World()
  world.feed.publish([], 1_000)
  t.is(world.feed.windowStart, 1_000)
  t.throws(() => world.watch({ resumeAfter: 999 }), { message: /too old/ })
})

test('a lease that leaves the selection by its labels is told as deleted, one that enters as created', t => {
  const world = new World()
  const watch = world.watch({ matches: labelled })
  const update = { type: 'updated' as const }
  world.publish(transition(1, { labels: { app: 'web' } }))
  world.publish(transition(2, { id: 1, labels: { app: 'db' } }, { ...update, previousLabels: { app: 'web' } }))
  world.publish(
    transition(3, { id: 1, labels: { app: 'db', tier: 'a' } }, { ...update, previousLabels: { app: 'db' } }),
  )
  world.publish(transition(4, { id: 1 }, { ...update, previousLabels: { app: 'db', tier: 'a' } }))
  world.publish(transition(5, { id: 1, labels: { app: 'web' } }, { ...update, previousLabels: {} }))
  t.deepEqual(watch.told, ['created@2', 'updated@3', 'deleted@4'])
})

test('an acquire that brings labels makes its lease enter the selection', t => {
  const world = new World()
  const watch = world.watch({ matches: labelled })
  world.publish(transition(1, { labels: { app: 'db' } }, { type: 'acquired', previousLabels: {} }))
  t.deepEqual(watch.told, ['created@1'])
})

test('renewals are told only to watchers that include them, once a lease and entry, with its newest image', t => {
  const world = new World()
  const without = world.watch()
  const included = world.watch({ includeRenewals: true })
  world.settle()
  world.publish(transition(1), transition(2))
  world.publish(renewals(3, 1, 2, 1))
  t.deepEqual(without.told, ['created@1', 'created@2'])
  t.deepEqual(included.told, ['created@1', 'created@2', 'renewed@4', 'renewed@5'])
})

test('renewals never take room in the window', t => {
  const world = new World(2)
  world.publish(transition(1), transition(2), renewals(3, 1, 2, 1, 2, 1, 2))
  t.is(world.feed.windowStart, 0)
  t.is(world.feed.figures.windowSize, 2)
})

test('a paused watcher hears a lease that was renewed often once, after the transitions that waited', t => {
  const world = new World()
  const watch = world.watch({ includeRenewals: true })
  world.settle()
  world.publish(transition(1), transition(2))
  watch.watcher.pause()
  world.publish(renewals(3, 1, 2))
  world.publish(renewals(5, 1))
  world.publish(transition(6))
  t.is(watch.watcher.revision, 2)
  watch.watcher.resume()
  t.deepEqual(watch.told.slice(2), ['renewed@4', 'renewed@5', 'created@6'])
  t.is(watch.watcher.revision, 6)
})

test('a transition takes the place of the renewals before it', t => {
  const world = new World()
  const watch = world.watch({ includeRenewals: true })
  world.settle()
  world.publish(transition(1))
  watch.watcher.pause()
  world.publish(renewals(2, 1), transition(3, { id: 1 }, { type: 'expired' }))
  watch.watcher.resume()
  t.deepEqual(watch.told, ['created@1', 'expired@3'])
})

test('a resumed watcher that includes renewals hears each lease renewed since once, looked up in slices', t => {
  const world = new World()
  world.publish(...transitions(1, 3_000))
  world.publish(renewals(3_001, 1, 2_500, 1))
  world.publish(transition(3_004))
  const watch = world.watch({ includeRenewals: true, resumeAfter: 3_000 })
  let polls = 0
  while (world.poll()) polls += 1
  t.deepEqual([...watch.told].sort(), ['created@3004', 'renewed@3002', 'renewed@3003'])
  t.true(polls > 3)
  t.is(watch.revisions.at(0), 3_000)
  t.is(watch.watcher.revision, 3_004)
})

test('a resumed watcher of one lease looks for the renewals of no other', t => {
  const world = new World()
  world.publish(...transitions(1, 3_000))
  world.publish(transition(3_001, { namespace: 'a', name: 'x' }))
  world.publish(renewals(3_002, 1, 3_001))
  const scope = { namespace: 'a', name: 'x' }
  const watch = world.watch({ scope, includeRenewals: true, resumeAfter: 3_001 })
  world.poll()
  t.deepEqual(watch.told, ['renewed@3003'])
  t.is(watch.watcher.revision, 3_003)
  t.false(world.poll())
})

test('a renewal that is not durable yet is told only with its own entry', t => {
  const world = new World()
  world.publish(transition(1))
  world.live.set(1, image(1, { revision: 2 }))
  const watch = world.watch({ includeRenewals: true, resumeAfter: 1 })
  world.settle()
  t.deepEqual(watch.told, [])
  world.publish(renewals(2, 1))
  t.deepEqual(watch.told, ['renewed@2'])
})

test('more renewed leases than are noted are found by a walk, each once', t => {
  const world = new World(100_000)
  const watch = world.watch({ includeRenewals: true })
  world.settle()
  const ids = Array.from({ length: 60_000 }, (_, index) => index + 1)
  world.publish(...transitions(1, 60_000))
  world.settle()
  watch.watcher.pause()
  world.publish(renewals(60_001, ...ids))
  t.is(watch.watcher.queued, 0)
  t.is(watch.watcher.revision, 60_000)
  watch.watcher.resume()
  world.settle()
  t.is(new Set(watch.told.slice(60_000)).size, 60_000)
  t.is(watch.told.length, 120_000)
  t.is(watch.watcher.revision, 120_000)
})

test('a paused watcher is cut off once, when the window moves past a change that it was still to hear', t => {
  const world = new World(3)
  const slow = world.watch()
  const quick = world.watch()
  slow.watcher.pause()
  world.publish(...transitions(1, 3))
  t.deepEqual(slow.errors, [])
  world.publish(transition(4))
  world.publish(transition(5))
  t.deepEqual(
    slow.errors.map(({ code }) => code),
    ['SLOW_WATCHER'],
  )
  slow.watcher.resume()
  t.deepEqual(slow.told, [])
  t.is(quick.told.length, 5)
  t.like(world.feed.figures, { watchers: 1, cutOff: 1 })
})

test('a paused watcher is not cut off for changes that it does not select', t => {
  const world = new World(3)
  const watch = world.watch({ matches: lease => lease.namespace === 'other' })
  watch.watcher.pause()
  world.publish(...transitions(1, 20))
  world.publish(transition(21, { namespace: 'other' }))
  watch.watcher.resume()
  t.deepEqual(watch.errors, [])
  t.deepEqual(watch.told, ['created@21'])
})

test('an entry larger than the window reaches a watcher that keeps up', t => {
  const world = new World(3)
  const watch = world.watch()
  world.publish(...transitions(1, 10))
  t.is(watch.told.length, 10)
  t.deepEqual(watch.errors, [])
})

test('a delivery is never made from within a delivery', t => {
  const world = new World()
  let depth = 0
  const watch: Watch = world.watch({
    resumeAfter: 0,
    deliver: changes => {
      depth += 1
      t.is(depth, 1)
      watch.deliveries.push([...changes])
      watch.watcher.pause()
      watch.watcher.resume()
      depth -= 1
    },
  })
  world.publish(...transitions(1, 3))
  world.settle()
  t.is(watch.told.length, 3)
})

test('a delivery has at most 10,000 changes, and a watcher that pauses in it gets the rest when it resumes', t => {
  const world = new World()
  world.publish(...transitions(1, 25_000))
  const watch: Watch = world.watch({
    resumeAfter: 0,
    deliver: changes => {
      watch.deliveries.push([...changes])
      watch.watcher.pause()
    },
  })
  world.settle()
  t.deepEqual(
    watch.deliveries.map(changes => changes.length),
    [10_000],
  )
  watch.watcher.resume()
  watch.watcher.resume()
  world.settle()
  t.deepEqual(
    watch.deliveries.map(changes => changes.length),
    [10_000, 10_000, 5_000],
  )
})

test('a closed watcher hears nothing any more, also one that another closes while an entry is told', t => {
  const world = new World()
  const first = world.watch({ deliver: () => second.watcher.close() })
  const second = world.watch()
  world.publish(transition(1))
  t.deepEqual(second.told, [])
  first.watcher.close()
  t.is(world.feed.figures.watchers, 0)
})
