import test from 'ava'
import { EventQueue } from '../../../agents/node-monitor/event-queue.js'
import { nodeMessage } from '../../../agents/node-monitor/node-event.js'
import type { NodeStatus, StatusChange } from '../../../agents/node-monitor/node-status.js'
import { Teller } from '../../../agents/node-monitor/teller.js'
import { type Lease, TransportError } from '../../../client/index.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { fixedRandom } from '../../support/virtual-random.js'
import { FakeLeases, FakeNats } from './fake-nodes.js'
import { ready } from './nodes.js'

const changeOf = (node: string, status: NodeStatus, previousStatus?: NodeStatus): StatusChange => ({
  node,
  status,
  previousStatus,
  silentForMs: 51_000,
  fencingToken: 1,
})

const monitor = { namespace: 'kube-node-lease', holderIdentity: 'm', fencingToken: 7 }

function start({ withNats = true } = {}) {
  const clock = new VirtualClock()
  const leases = new FakeLeases()
  const nats = new FakeNats()
  const troubles: string[] = []
  const heard: Lease[] = []
  const refused: string[] = []
  const state = { mayTell: true }
  const events = withNats
    ? new EventQueue({
        connect: nats.connect,
        mayTell: () => state.mayTell,
        clock,
        random: fixedRandom(),
        connected: () => {},
        trouble: error => troubles.push(error),
      })
    : undefined
  const teller = new Teller({
    client: leases,
    clock,
    namespace: 'kube-node-lease',
    events,
    message: (change, lease) => nodeMessage(change, lease, monitor, clock.wallMicros()),
    read: () => {},
    heard: lease => heard.push(lease),
    mayTell: () => state.mayTell,
    refused: ({ node }) => refused.push(node),
  })
  return { clock, leases, nats, events, teller, troubles, heard, refused, state }
}

test('the event goes out first, then the label is written; other labels stay', async t => {
  const { clock, leases, nats, teller } = start()
  leases.add('n-1', { labels: { zone: 'a' } })
  teller.tell(changeOf('n-1', 'Ready'))
  leases.between = () => t.deepEqual(nats.subjects, ['nodes.n-1.ready'])
  await clock.run(100)
  t.deepEqual(leases.of('n-1').labels, { zone: 'a', ...ready })
  t.is(teller.size, 0)
})

test('a label that somebody else wrote in between stays, too', async t => {
  const { clock, leases, nats, teller } = start()
  leases.add('n-1')
  leases.between = () => leases.change('n-1', { labels: { zone: 'b' } })
  teller.tell(changeOf('n-1', 'Ready'))
  await clock.run(100)
  t.deepEqual(leases.of('n-1').labels, { zone: 'b', ...ready })
  t.is(nats.subjects.length, 1)
})

test('a node that has its lease under another token by now is heard, and nothing is told', async t => {
  const { clock, leases, nats, teller, heard } = start()
  leases.add('n-1', { labels: ready, fencingToken: 2 })
  teller.tell(changeOf('n-1', 'Unknown', 'Ready'))
  await clock.run(100)
  t.deepEqual(
    heard.map(({ name }) => name),
    ['n-1'],
  )
  t.deepEqual(nats.subjects, [])
  t.is(leases.status('n-1'), 'Ready')
})

test('a node that acts while it is being called Unknown is heard, and its label is not written', async t => {
  const { clock, leases, teller, heard } = start()
  leases.add('n-1', { labels: ready })
  leases.between = () => leases.change('n-1', { renewTime: '2026-01-02T03:05:00.000000Z' })
  teller.tell(changeOf('n-1', 'Unknown', 'Ready'))
  await clock.run(100)
  t.deepEqual(
    heard.map(({ name }) => name),
    ['n-1'],
  )
  t.is(leases.status('n-1'), 'Ready')
})

test('while NATS is away a label waits 2 s for the event and no longer; the event goes out when NATS is back', async t => {
  const { clock, leases, nats, events, teller, troubles } = start()
  await clock.run(0)
  nats.goAway()
  leases.add('n-1', { labels: ready })
  teller.tell(changeOf('n-1', 'Unknown', 'Ready'))
  await clock.run(1_900)
  t.is(leases.status('n-1'), 'Ready')
  await clock.run(200)
  t.is(leases.status('n-1'), 'Unknown')
  await clock.run(60_000)
  t.is(events?.size, 1)
  nats.isAway = false
  await clock.run(10_000)
  t.deepEqual(nats.subjects, ['nodes.n-1.unknown'])
  t.deepEqual(troubles, ['the connection has closed', 'nobody is there'])
})

test('while NATS has been away for long, no label waits', async t => {
  const { clock, leases, nats, teller } = start()
  await clock.run(0)
  nats.goAway()
  for (let index = 0; index < 500; index++) leases.add(`n-${index}`)
  for (let index = 0; index < 500; index++) teller.tell(changeOf(`n-${index}`, 'Ready'))
  await clock.run(2_500)
  t.is(teller.size, 0)
})

test('the newest status of a node takes the place of one that was not told', async t => {
  const { clock, leases, nats, events, teller } = start()
  nats.isAway = true
  leases.add('n-1', { labels: ready })
  for (let times = 0; times < 10; times++) {
    teller.tell(changeOf('n-1', 'Unknown', 'Ready'))
    await clock.run(5_000)
    teller.tell(changeOf('n-1', 'Ready', 'Unknown'))
    await clock.run(5_000)
  }
  t.is(events?.size, 1)
  nats.isAway = false
  await clock.run(10_000)
  t.deepEqual(nats.subjects, ['nodes.n-1.ready'])
  t.is(leases.status('n-1'), 'Ready')
})

test('what the coordinator could not take is tried again, and its event is not doubled', async t => {
  const { clock, leases, nats, teller } = start()
  leases.add('n-1')
  leases.between = () => {
    leases.failure = new TransportError('UNAVAILABLE', 'nobody is there')
  }
  teller.tell(changeOf('n-1', 'Ready'))
  await clock.run(20_000)
  t.is(teller.size, 1)
  leases.failure = undefined
  await clock.run(2_000)
  t.is(leases.status('n-1'), 'Ready')
  t.is(nats.subjects.length, 1)
})

test('a node that is gone is not told of', async t => {
  const { clock, nats, teller } = start()
  teller.tell(changeOf('n-1', 'Unknown', 'Ready'))
  await clock.run(5_000)
  t.is(teller.size, 0)
  t.deepEqual(nats.subjects, [])
})

test('a label that the coordinator will never take is given up, and said', async t => {
  const { clock, leases, teller, refused } = start()
  leases.add('n-1')
  leases.failure = new TransportError('INVALID_ARGUMENT', 'too many labels')
  teller.tell(changeOf('n-1', 'Ready'))
  await clock.run(5_000)
  t.deepEqual(refused, ['n-1'])
  t.is(teller.size, 0)
})

test('a monitor that has lost its lease tells nothing more, of what it had decided either', async t => {
  const { clock, leases, nats, teller, state } = start()
  for (let index = 0; index < 500; index++) leases.add(`n-${index}`)
  for (let index = 0; index < 500; index++) teller.tell(changeOf(`n-${index}`, 'Ready'))
  state.mayTell = false
  await clock.run(5_000)
  t.deepEqual(nats.subjects, [])
  t.false(leases.calls.some(call => call.startsWith('update')))
})

test('thousands of new nodes are told of by 64 calls at a time, and a lost node goes before those that wait', async t => {
  const { clock, leases, nats, teller } = start()
  leases.add('n-9000', { labels: ready })
  for (let index = 0; index < 5_000; index++) leases.add(`n-${index}`)
  for (let index = 0; index < 5_000; index++) teller.tell(changeOf(`n-${index}`, 'Ready'))
  teller.tell(changeOf('n-9000', 'Unknown', 'Ready'))
  await clock.run(10_000)
  t.is(teller.size, 0)
  t.is(nats.subjects.length, 5_001)
  t.is(leases.mostUnderWay, 64)
  t.true(nats.subjects.indexOf('nodes.n-9000.unknown') < 200)
})

test('without NATS only labels are written', async t => {
  const { clock, leases, nats, teller } = start({ withNats: false })
  leases.add('n-1')
  teller.tell(changeOf('n-1', 'Ready'))
  await clock.run(10)
  t.is(leases.status('n-1'), 'Ready')
  t.is(nats.connects, 0)
})

test('of messages that were sent together only those that NATS did not take are sent again', async t => {
  const { clock, nats, events } = start()
  nats.refusesLast = true
  const message = (node: string) => ({ subject: node, headers: {}, data: '' })
  void events?.put('n-1', message('n-1'))
  void events?.put('n-2', message('n-2'))
  await clock.run(5)
  t.deepEqual(nats.subjects, ['n-1'])
  nats.refusesLast = false
  await clock.run(5_000)
  t.deepEqual(nats.subjects, ['n-1', 'n-2'])
})

test('a queue that is closed drops what is left', async t => {
  const { clock, nats, events } = start()
  nats.isAway = true
  const out = events?.put('n-1', { subject: 'n-1', headers: {}, data: '' })
  await clock.run(100)
  events?.close()
  await out
  t.is(events?.size, 0)
})
