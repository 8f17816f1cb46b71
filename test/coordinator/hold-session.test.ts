import test from 'ava'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import { HoldSession } from '../../services/coordinator/hold-session.js'
import { defaultLimits } from '../../services/coordinator/lease/validation.js'
import { instanceA } from '../support/core.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

/** One end of a stream that a test plays. */
class Client {
  readonly world: VirtualCoordinator
  readonly session: HoldSession
  readonly received: HoldResponse[] = []

  constructor(world: VirtualCoordinator) {
    this.world = world
    this.session = new HoldSession(world.coordinator, defaultLimits, message => this.received.push(message))
  }

  /** Sends messages that the coordinator reads in one go; what came back. */
  async send(...messages: HoldRequest[]): Promise<HoldResponse[]> {
    for (const message of messages) this.session.receive(message)
    await this.world.pass(0)
    return this.take()
  }

  take(): HoldResponse[] {
    return this.received.splice(0)
  }
}

const acquire = (requestId: number, name: string, fields: Partial<HoldRequest & { type: 'acquire' }> = {}) => ({
  type: 'acquire' as const,
  requestId,
  namespace: 'test',
  name,
  holderIdentity: 'A',
  instance: '',
  leaseDurationMs: 8_000,
  priority: 0,
  supersede: false,
  ...fields,
})

const renewAll = (requestId: number) => ({ type: 'renew' as const, requestId, handles: 'all' as const })

async function connect(count = 1): Promise<{ world: VirtualCoordinator; clients: Client[]; client: Client }> {
  const world = await VirtualCoordinator.start()
  const client = new Client(world)
  const others = Array.from({ length: count - 1 }, () => new Client(world))
  return { world, client, clients: [client, ...others] }
}

test('every answer has the id of its request, and decisions come in the order of the requests', async t => {
  const { client } = await connect()
  const answers = await client.send(
    acquire(7, 'one'),
    acquire(9, 'two'),
    renewAll(8),
    { type: 'release', requestId: 11, handle: 1 },
    { type: 'release', requestId: 12, handle: 99 },
  )
  t.deepEqual(
    answers.map(answer => ('requestId' in answer ? `${answer.requestId} ${answer.type}` : answer.type)),
    ['7 acquired', '9 acquired', '8 renewed', '11 released', '12 failed'],
  )
})

test('what is acquired has a handle, a token and when to renew it', async t => {
  const { client, world } = await connect()
  const [answer] = await client.send(acquire(1, 'one'))
  t.deepEqual(answer, {
    type: 'acquired',
    requestId: 1,
    handle: 1,
    fencingToken: world.open.core.get({ namespace: 'test', name: 'one' }).fencingToken,
    renewAfterMs: 2_000,
    leaseDurationMs: 8_000,
    resumed: false,
    unconfirmed: false,
  })
})

test('the same process that acquires again on its stream resumes', async t => {
  const { client } = await connect()
  const [first, second] = await client.send(
    acquire(1, 'one', { instance: instanceA }),
    acquire(2, 'one', { instance: instanceA }),
  )
  t.true(first?.type === 'acquired' && second?.type === 'acquired')
  if (first?.type !== 'acquired' || second?.type !== 'acquired') return
  t.false(first.resumed)
  t.true(second.resumed)
  t.is(second.fencingToken, first.fencingToken)
  t.is(second.handle, first.handle)
})

test('an acquire without an instance never resumes', async t => {
  const { client } = await connect()
  const [, second] = await client.send(acquire(1, 'one'), acquire(2, 'one'))
  t.like(second, { type: 'failed', reason: 'LEASE_HELD', holderIdentity: 'A' })
})

test('a renewal answers only what failed, and when to renew next', async t => {
  const { client } = await connect()
  const answers = await client.send(acquire(1, 'one'), { type: 'renew', requestId: 2, handles: [1, 5] })
  t.deepEqual(answers[1], {
    type: 'renewed',
    requestId: 2,
    failures: [{ handle: 5, reason: 'UNKNOWN_HANDLE' }],
    renewAfterMs: 2_000,
  })
})

test('an acquire with fields at fault fails by naming each, and stores nothing', async t => {
  const { client, world } = await connect()
  const [answer] = await client.send(
    acquire(1, 'No Name', { namespace: '', holderIdentity: '', leaseDurationMs: 0, labels: { '-': 'x' } }),
  )
  t.true(answer?.type === 'failed' && answer.reason === 'INVALID_REQUEST')
  if (answer?.type !== 'failed') return
  const fields = ['acquire.namespace', 'acquire.name', 'acquire.holder_identity', 'acquire.lease_duration']
  t.deepEqual(
    answer.violations.map(({ field }) => field),
    [...fields, 'acquire.labels'],
  )
  t.is(world.open.table.size, 0)
})

test('who waits is told its place, then of each holder, then that it has the lease, unconfirmed', async t => {
  const { clients, world } = await connect(3)
  const [one, two, three] = clients
  await one?.send(acquire(1, 'x'))
  const wait = { waitTimeoutMs: 60_000 }
  t.like((await two?.send(acquire(1, 'x', { holderIdentity: 'B', ...wait })))?.[0], {
    type: 'waiting',
    holderIdentity: 'A',
    ahead: 0,
    renewAfterMs: 2_000,
  })
  await three?.send(acquire(1, 'x', { holderIdentity: 'C', ...wait }))
  await one?.send({ type: 'release', requestId: 2, handle: 1 })
  const grants = two?.take() ?? []
  t.is(grants.length, 1)
  t.like(grants[0], { type: 'acquired', requestId: 0, unconfirmed: true, renewAfterMs: 3_000, leaseDurationMs: 8_000 })
  t.like(three?.take()[0], { type: 'holderChanged', holderIdentity: 'B', state: 'LEASE_STATE_HELD' })
  const confirmed = await two?.send(renewAll(2))
  t.like(confirmed?.[0], { type: 'renewed', failures: [], renewAfterMs: 2_000 })
  await world.pass(4_000)
  t.is(world.open.core.get({ namespace: 'test', name: 'x' }).state, 'held')
})

test('a wait that times out is told as such, under its handle', async t => {
  const { clients, world } = await connect(2)
  const [one, two] = clients
  await one?.send(acquire(1, 'x'))
  await two?.send(acquire(1, 'x', { holderIdentity: 'B', waitTimeoutMs: 1_000 }))
  await world.pass(1_000)
  t.like(two?.take()[0], { type: 'failed', requestId: 0, handle: 1, reason: 'WAIT_TIMEOUT' })
})

test('who loses a lease is told why, once', async t => {
  const { client, world } = await connect()
  await client.send(acquire(1, 'x'))
  await world.pass(8_000)
  await world.pass(8_000)
  t.deepEqual(client.take(), [{ type: 'lost', handle: 1, cause: 'expired' }])
})

test('any message of a session that waits shows that it lives', async t => {
  const { clients, world } = await connect(2)
  const [one, two] = clients
  await one?.send(acquire(1, 'x', { leaseDurationMs: 60_000 }))
  await two?.send(acquire(1, 'x', { holderIdentity: 'B', waitTimeoutMs: 600_000 }))
  for (let i = 0; i < 5; i++) {
    await world.pass(3_000)
    await two?.send(acquire(10 + i, `other-${i}`))
    await world.pass(1_500)
    await two?.send({ type: 'release', requestId: 20 + i, handle: 99 })
  }
  t.is(world.open.sessions.waiting, 1)
})

test('nothing more is sent after the stream is broken, and places in queues are given up', async t => {
  const { clients, world } = await connect(2)
  const [one, two] = clients
  await one?.send(acquire(1, 'x'))
  await two?.send(acquire(1, 'x', { holderIdentity: 'B', waitTimeoutMs: 60_000 }))
  two?.session.close()
  await one?.send({ type: 'release', requestId: 2, handle: 1 })
  t.deepEqual(two?.take(), [])
  t.is(world.open.sessions.waiting, 0)
  t.is(world.open.sessions.open, 1)
})

test('what was sent before the end of the stream is answered before it ends', async t => {
  const { client, world } = await connect()
  const order: string[] = []
  client.session.receive(acquire(1, 'x'))
  client.session.end(() => order.push(`end after ${client.received.length}`))
  await world.pass(0)
  t.deepEqual(order, ['end after 1'])
  t.is(world.open.sessions.open, 0)
  t.is(world.open.core.get({ namespace: 'test', name: 'x' }).state, 'held', 'the lease runs its time')
})

test('with little space an acquire is refused, and renewals and releases go on', async t => {
  const { client, world } = await connect()
  await client.send(acquire(1, 'x'))
  world.coordinator.isStorageShort = true
  const answers = await client.send(acquire(2, 'y'), renewAll(3), { type: 'release', requestId: 4, handle: 1 })
  t.deepEqual(
    answers.map(answer => (answer.type === 'failed' ? answer.reason : answer.type)),
    ['STORAGE_FULL', 'renewed', 'released'],
  )
})

test('a client is told that the coordinator is about to stop, and when to come back', async t => {
  const { client } = await connect()
  client.session.drain(1_000)
  t.deepEqual(client.take(), [{ type: 'draining', reconnectAfterMs: 1_000 }])
})

test('a coordinator that has stopped refuses what comes', async t => {
  const { client, world } = await connect()
  const stopped = world.coordinator.stop()
  await world.pass(0)
  await stopped
  t.like((await client.send(acquire(1, 'x')))[0], { type: 'failed', requestId: 1, reason: 'DRAINING' })
})

test('with little space a process resumes what it has on a new stream, and gets nothing else', async t => {
  const { world, clients } = await connect(2)
  const [first, second] = clients
  const mine = acquire(1, 'mine', { instance: instanceA })
  const [had] = (await first?.send(mine)) ?? []
  world.coordinator.isStorageShort = true
  const answers = await second?.send(mine, acquire(2, 'other', { instance: instanceA }))
  const [resumed, refused] = answers ?? []
  t.true(resumed?.type === 'acquired' && resumed.resumed)
  t.is(resumed?.type === 'acquired' && resumed.fencingToken, had?.type === 'acquired' && had.fencingToken)
  t.is(refused?.type === 'failed' && refused.reason, 'STORAGE_FULL')
})
