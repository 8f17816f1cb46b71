import test from 'ava'
import { change, nodeLease, ready, unknown } from './nodes.js'
import { leases, names, World } from './world.js'

/** A world of so many nodes that were called Ready before. */
function world(count: number, graceMs?: number, percent?: number): World {
  const it = new World(graceMs, percent)
  it.begins(...leases(count, { labels: ready }))
  return it
}

test('a node that renews stays Ready, and nothing is told', t => {
  const it = world(1)
  it.pass(600, 'n-0')
  t.deepEqual(it.told, [])
})

test('a silent node is Unknown after the grace period and the two bookmarks of a check, not before', t => {
  const it = world(1)
  it.pass(51)
  t.deepEqual(it.takeTold(), [])
  it.pass(1)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
  t.like(it.changes[0], { previousStatus: 'Ready', silentForMs: 52_000 })
})

test('an Unknown node is Ready with its next heartbeat, and each is told once', t => {
  const it = world(2)
  it.pass(60, 'n-1')
  it.pass(1, 'n-0', 'n-1')
  it.pass(20, 'n-0', 'n-1')
  t.deepEqual(it.told, ['n-0 Unknown', 'n-0 Ready'])
})

test('a new node is Ready with its first heartbeat', t => {
  const it = new World()
  it.begins()
  t.like(it.fleet.told(change('created', nodeLease('n-7')), it.nowMs), { node: 'n-7', status: 'Ready' })
  t.is(it.fleet.told(change('renewed', nodeLease('n-7')), it.nowMs), undefined)
})

test('a node that nobody ever heard is Unknown after the grace period', t => {
  const it = new World()
  it.begins(nodeLease('n-0', { state: 'expired' }))
  t.deepEqual(it.takeTold(), [])
  it.pass(52)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
  t.is(it.changes[0]?.previousStatus, undefined)
})

test('a monitor that begins gives every node its full grace period, and repeats nothing', t => {
  const it = new World()
  it.begins(
    nodeLease('n-0', { labels: ready, state: 'expired', renewTime: '2020-01-01T00:00:00.000000Z' }),
    nodeLease('n-1', { labels: unknown, state: 'expired' }),
    nodeLease('n-2', { labels: ready }),
  )
  it.pass(50, 'n-2')
  t.deepEqual(it.takeTold(), [])
  it.pass(2, 'n-2')
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
})

test('a deleted lease is no node any more, and is not told', t => {
  const it = world(2)
  it.fleet.told(change('deleted', nodeLease('n-0')), it.nowMs)
  it.pass(60, 'n-1')
  t.deepEqual(it.told, [])
  t.is(it.fleet.size, 1)
})

test('a lease that was created again is a new node, also under its new id', t => {
  const it = world(1)
  it.fleet.told(change('deleted', nodeLease('n-0')), it.nowMs)
  t.like(it.fleet.told(change('created', nodeLease('n-0', { id: 1_009 })), it.nowMs), { status: 'Ready' })
  it.pass(60, 'n-9')
  t.deepEqual(it.told, [])
})

test('a monitor that could not see for longer than a moment gives every node its full grace period', t => {
  const it = world(1)
  it.pass(49)
  it.blind(3_001)
  it.bookmark()
  it.pass(50)
  t.deepEqual(it.takeTold(), [])
  it.pass(2)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
})

test('a moment in which nothing comes over the watch changes nothing', t => {
  const it = world(1)
  it.pass(49)
  it.blind(3_000)
  it.bookmark()
  it.pass(1)
  t.deepEqual(it.told, ['n-0 Unknown'])
})

test('with a short grace period a shorter moment counts', t => {
  const it = world(1, 4_000)
  it.pass(3)
  it.blind(2_001)
  it.bookmark()
  it.pass(4)
  t.deepEqual(it.told, [])
})

test('nobody is Unknown without a bookmark, however long it takes', t => {
  const it = world(3)
  for (let second = 0; second < 600; second++) {
    it.nowMs += 1_000
    it.renews('n-1')
  }
  t.deepEqual(it.told, [])
})

test('a heartbeat that was on its way when the grace period ended is in time', t => {
  const it = world(1)
  it.answers = 'never'
  it.pass(60)
  const { question } = it
  if (question === undefined) return t.fail('nothing was asked')
  it.judge.answered(question, it.revision + 2)
  it.pass(1)
  it.renews('n-0')
  it.answers = 'at once'
  it.pass(10)
  t.deepEqual(it.told, [])
})

test('a verdict waits until the watch has told what the coordinator knew', t => {
  const it = world(1)
  it.answers = 'never'
  it.pass(60)
  const { question } = it
  if (question === undefined) return t.fail('nothing was asked')
  it.judge.answered(question, it.revision + 3)
  it.pass(2)
  t.deepEqual(it.takeTold(), [])
  it.pass(1)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
})

test('a node whose grace period ended after the question is not in its answer', t => {
  const it = world(2)
  it.pass(2, 'n-1')
  it.answers = 'never'
  it.pass(49)
  it.pass(3)
  const { question } = it
  if (question === undefined) return t.fail('nothing was asked')
  it.judge.answered(question, it.revision)
  it.pass(1)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
})

test('a coordinator that does not answer is asked again, and nobody is Unknown meanwhile', t => {
  const it = world(1)
  it.answers = 'with a failure'
  it.pass(100)
  t.deepEqual(it.takeTold(), [])
  it.answers = 'at once'
  it.pass(2)
  t.deepEqual(it.takeTold(), ['n-0 Unknown'])
})

test('an answer to a question of before the watch began anew decides nothing', t => {
  const it = world(1)
  it.answers = 'never'
  it.pass(55)
  const { question } = it
  it.restarts(nodeLease('n-0', { labels: ready }))
  if (question === undefined) return t.fail('nothing was asked')
  it.judge.answered(question, it.revision)
  it.pass(40)
  t.deepEqual(it.told, [])
})

test('a watch that begins anew: who acted meanwhile is heard, who is missing is gone, graces start afresh', t => {
  const it = world(3)
  it.pass(52, 'n-1', 'n-2')
  it.takeTold()
  it.pass(40, 'n-1')
  it.restarts(
    nodeLease('n-0', { labels: unknown, renewTime: '2026-01-02T03:09:00.000000Z' }),
    nodeLease('n-2', { labels: ready }),
  )
  t.deepEqual(it.takeTold(), ['n-0 Ready'])
  t.is(it.fleet.size, 2)
  it.pass(50, 'n-0')
  t.deepEqual(it.takeTold(), [])
  it.pass(2, 'n-0')
  t.deepEqual(it.takeTold(), ['n-2 Unknown'])
})

test('the change of its own label does not make an Unknown node Ready, also when it stands for older renewals', t => {
  const it = world(1)
  it.pass(2, 'n-0')
  it.pass(60)
  const lease = nodeLease('n-0', { renewTime: '2026-01-02T03:10:00.000000Z' })
  it.fleet.read(lease)
  t.is(it.fleet.told(change('updated', { ...lease, labels: unknown }), it.nowMs), undefined)
})

test('when most nodes fall silent at once, no node is called Unknown, and that is said once', t => {
  const it = world(100)
  it.pass(1, ...names(100))
  it.pass(300, ...names(45))
  t.deepEqual(it.told, ['disruption began'])
  t.true(it.judge.isDisrupted)
})

test('not one of them, also when their last heartbeats were at different times', t => {
  const it = world(100)
  // A tenth of the nodes renews in each second, as they do every ten.
  for (let second = 0; second < 20; second++) {
    it.pass(1, ...names(100).filter((_, index) => index % 10 === second % 10))
  }
  it.pass(300)
  t.deepEqual(it.told, ['disruption began'])
})

test('one less than most are called Unknown', t => {
  const it = world(100)
  it.pass(60, ...names(46))
  t.is(it.told.filter(text => text.endsWith('Unknown')).length, 54)
})

test('a whole fleet of two is called Unknown', t => {
  const it = world(2)
  it.pass(60)
  t.deepEqual(it.told, ['n-0 Unknown', 'n-1 Unknown'])
})

test('a disruption ends when fewer nodes are silent; the silent ones then have their grace period afresh', t => {
  const it = world(100)
  it.pass(100, ...names(40))
  t.deepEqual(it.takeTold(), ['disruption began'])
  it.pass(1, ...names(60))
  t.deepEqual(it.takeTold(), ['disruption ended'])
  it.pass(50, ...names(60))
  t.deepEqual(it.takeTold(), [])
  it.pass(2, ...names(60))
  t.is(it.takeTold().filter(text => text.endsWith('Unknown')).length, 40)
})

test('a disruption does not end because the monitor could not see', t => {
  const it = world(10)
  it.pass(60)
  it.blind(100_000)
  it.bookmark()
  it.pass(200)
  t.deepEqual(it.told, ['disruption began'])
})

test('during a disruption a node that was Unknown and is heard is called Ready', t => {
  const it = world(10)
  it.pass(55, ...names(9))
  it.pass(60)
  t.deepEqual(it.takeTold(), ['n-9 Unknown', 'disruption began'])
  it.renews('n-9')
  t.deepEqual(it.takeTold(), ['n-9 Ready'])
})

test('nodes that are Unknown for long do not count: the next silent one is called Unknown, too', t => {
  const it = new World()
  it.begins(...leases(20, { labels: unknown, state: 'expired' }), nodeLease('n-50', { labels: ready }))
  it.pass(60)
  t.deepEqual(it.told, ['n-50 Unknown'])
})
