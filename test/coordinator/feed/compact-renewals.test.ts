import test from 'ava'
import type { Selectable } from '../../../services/coordinator/lease/lease.js'
import { type Watch, World } from './feed-world.js'
import { image, renewals, transition, transitions } from './samples.js'

const compact = { includeRenewals: true, compactRenewals: true }

const labelled = (lease: Selectable): boolean => lease.labels?.app === 'db'

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

test('a compact watcher hears renewals as ids, each once an entry, and never as changes', t => {
  const world = new World()
  const watch = world.watch(compact)
  world.settle()
  world.publish(transition(1), transition(2))
  world.publish(renewals(3, 1, 2, 1))
  world.publish(renewals(6, 2))
  t.deepEqual(watch.told, ['created@1', 'created@2'])
  t.deepEqual(watch.renewedIds, [[], [1, 2], [2]])
  t.deepEqual(watch.revisions, [2, 5, 6])
})

test('a paused compact watcher hears a lease that was renewed often once, after the transitions that waited', t => {
  const world = new World()
  const watch = world.watch(compact)
  world.settle()
  world.publish(transition(1), transition(2))
  watch.watcher.pause()
  world.publish(renewals(3, 1, 2))
  world.publish(renewals(5, 1))
  world.publish(transition(6))
  t.is(watch.watcher.revision, 2)
  watch.watcher.resume()
  t.deepEqual(watch.told.slice(2), ['created@6'])
  t.deepEqual(watch.renewedIds, [[], [1, 2]])
  t.is(watch.watcher.revision, 6)
})

test('the renewals of a lease that is not selected are not told', t => {
  const world = new World()
  const watch = world.watch({ ...compact, matches: labelled })
  world.settle()
  world.publish(transition(1), transition(2, { labels: { app: 'db' } }))
  world.publish(renewals(3, 1, 2))
  t.deepEqual(watch.renewedIds, [[], [2]])
})

test('a renewal from before a lease entered the selection is not told ahead of the change that brings it', t => {
  const world = new World()
  const watch = world.watch({ ...compact, matches: labelled })
  world.settle()
  world.publish(transition(1))
  // The leases are ahead of the journal: the entry with the new labels is not durable yet.
  const renewed = renewals(2, 1)
  const relabelled = transition(3, { id: 1, labels: { app: 'db' } }, { type: 'updated', previousLabels: {} })
  world.live.set(1, relabelled.lease)
  world.feed.publish([renewed], 2)
  t.deepEqual(watch.deliveries, [])
  world.feed.publish([relabelled], 3)
  t.deepEqual(watch.told, ['created@3'])
  t.deepEqual(watch.renewedIds, [[]])
})

test('a lease that ran out, or was deleted, is not told as renewed any more', t => {
  const world = new World()
  const watch = world.watch(compact)
  world.settle()
  world.publish(transition(1), transition(2))
  watch.watcher.pause()
  world.publish(renewals(3, 1, 2), transition(5, { id: 1 }, { type: 'expired' }))
  world.publish(transition(6, { id: 2 }, { type: 'deleted' }))
  watch.watcher.resume()
  t.deepEqual(watch.told.slice(2), ['expired@5', 'deleted@6'])
  t.deepEqual(watch.renewedIds.flat(), [])
})

test('a delivery has at most 10,000 ids, and its revision is from before those that wait', t => {
  const world = new World()
  const watch: Watch = world.watch({
    ...compact,
    deliver: (_changes, revision, renewedIds) => {
      watch.revisions.push(revision)
      watch.renewedIds.push(renewedIds)
      watch.watcher.pause()
    },
  })
  for (const { lease } of transitions(1, 25_000)) world.live.set(lease.id, lease)
  world.feed.publish([], 25_000)
  world.settle()
  world.publish(renewals(25_001, ...ids(25_000)))
  watch.watcher.resume()
  watch.watcher.resume()
  world.settle()
  t.deepEqual(
    watch.renewedIds.map(({ length }) => length),
    [10_000, 10_000, 5_000],
  )
  t.deepEqual(watch.revisions, [35_000, 45_000, 50_000])
  t.deepEqual(watch.renewedIds.flat(), ids(25_000))
})

test('a resumed compact watcher hears each lease renewed since once, looked up in slices', t => {
  const world = new World()
  world.publish(...transitions(1, 30_000))
  world.publish(renewals(30_001, 1, 25_000, 1))
  world.publish(transition(30_004))
  const watch = world.watch({ ...compact, resumeAfter: 30_000 })
  let polls = 0
  while (world.poll()) polls += 1
  t.deepEqual(watch.told, ['created@30004'])
  t.deepEqual(watch.renewedIds.flat(), [1, 25_000])
  t.true(polls > 3)
  t.is(watch.revisions.at(0), 30_000)
  t.is(watch.watcher.revision, 30_004)
})

test('more renewed leases than are noted are found by a walk, each once, and what is noted meanwhile waits for its end', t => {
  const world = new World(100_000)
  const watch = world.watch(compact)
  world.settle()
  const all = ids(60_000)
  world.publish(...transitions(1, 60_000))
  world.settle()
  watch.watcher.pause()
  world.publish(renewals(60_001, ...all))
  t.is(watch.watcher.revision, 60_000)
  watch.watcher.resume()
  // Behind the walk and ahead of it: one of them is met twice, in two deliveries.
  world.publish(renewals(120_001, 1, 60_000))
  t.is(watch.watcher.revision, 60_000)
  world.settle()
  t.deepEqual(watch.renewedIds.flat(), [...all, 1])
  t.is(watch.watcher.revision, 120_002)
})

test('a walk does not tell a lease as renewed that ran out before the window began', t => {
  const world = new World(2)
  const watch = world.watch({ ...compact, matches: labelled })
  world.settle()
  const labels = { app: 'db' }
  for (const id of ids(60_000)) world.live.set(id, image(id, { labels }))
  world.feed.publish([], 60_000)
  watch.watcher.pause()
  world.publish(renewals(60_001, ...ids(60_000)))
  watch.watcher.resume()
  world.publish(transition(120_001, { id: 60_000, state: 'expired', labels }, { type: 'expired' }))
  world.publish(...transitions(120_002, 120_005))
  t.is(world.feed.windowStart, 120_003)
  world.settle()
  t.deepEqual(watch.told, ['expired@120001'])
  t.deepEqual(watch.renewedIds.flat(), ids(59_999))
})

test('no image is made of a lease that is only renewed', t => {
  const world = new World()
  const watch = world.watch(compact)
  world.settle()
  world.publish(transition(1))
  world.feed.publish([renewals(2, 1)], 2)
  t.deepEqual(watch.renewedIds, [[], [1]])
  t.is(world.imagesMade, 0)
})
