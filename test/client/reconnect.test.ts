import test from 'ava'
import { LeaseLostError } from '../../client/errors.js'
import type { AcquireOptions } from '../../client/hold.js'
import type { Random } from '../../clock/random.js'
import { fixedRandom, seededRandom } from '../support/virtual-random.js'
import { lease, sessionFixture } from './fake-coordinator.js'

test('after a break the lease is in jeopardy, and held again when it has resumed under the same token', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const states: string[] = []
  hold.onChange(({ state }) => states.push(state))
  coordinator.stream.acquired()
  coordinator.stream.end()
  t.is(hold.state, 'jeopardy')
  t.true(hold.isHeld())
  clock.advance(10)
  const sentMs = clock.sinceBootMs()
  const { instance, holderIdentity } = coordinator.stream.last('acquire')
  t.is(instance, '0123456789abcdef0123456789abcdef')
  t.is(holderIdentity, 'me')
  coordinator.stream.acquired({ handle: 7, resumed: true })
  t.is(hold.state, 'held')
  t.is(hold.fencingToken, 100)
  t.is(hold.localDeadlineMs(), sentMs + 9_700)
  t.deepEqual(states, ['held', 'jeopardy', 'held'])
})

test('another token after a break means that the tenancy was lost, and the new one is given back', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  coordinator.stream.end()
  clock.advance(10)
  coordinator.stream.acquired({ handle: 3, fencingToken: 101 })
  t.is(hold.state, 'lost')
  t.is(hold.fencingToken, 100)
  t.is(hold.error instanceof LeaseLostError && hold.error.lossCause, 'expired')
  t.is(coordinator.stream.last('release').handle, 3)
})

test('a lease that somebody else got during a break is lost', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  coordinator.stream.end()
  clock.advance(10)
  coordinator.stream.failed('LEASE_HELD', { holderIdentity: 'other' })
  t.is(hold.state, 'lost')
})

test('what an old stream still brings counts for nothing', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const old = coordinator.stream
  old.acquired()
  const deadlineMs = hold.localDeadlineMs()
  clock.advance(2_500)
  old.end()
  old.renewed()
  old.say({ type: 'lost', handle: 1, cause: 'revoked' })
  t.is(hold.localDeadlineMs(), deadlineMs)
  t.is(hold.state, 'jeopardy')
})

test('an answer after the loss revives nothing', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const { stream } = coordinator
  stream.acquired()
  clock.advance(2_500)
  stream.say({ type: 'lost', handle: 1, cause: 'revoked' })
  t.is(hold.state, 'lost')
  stream.renewed()
  t.is(hold.state, 'lost')
  t.false(hold.isHeld())
  t.is(hold.error instanceof LeaseLostError && hold.error.lossCause, 'revoked')
})

test('a stream that does not answer is replaced before the lease is lost', t => {
  const { clock, coordinator, session } = sessionFixture({ addresses: ['one:1', 'two:2'] })
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const dead = coordinator.stream
  clock.advance(2_500)
  t.is(dead.of('renew').length, 1)
  // A third of the 7,200 ms that were left when the renewal was sent.
  clock.advance(2_399)
  t.is(coordinator.streams.length, 1)
  clock.advance(20)
  t.true(dead.isClosed)
  t.is(coordinator.streams.length, 2)
  t.is(coordinator.stream.address, 'two:2')
  coordinator.stream.acquired({ resumed: true })
  t.is(hold.state, 'held')
})

test('a stream with long leases is given up after 5 s of silence', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, leaseDurationMs: 600_000 })
  clock.advance(4_999)
  t.is(coordinator.streams.length, 1)
  clock.advance(30)
  t.is(coordinator.streams.length, 2)
})

test('a stream that still brings answers is not given up, however many are owed', t => {
  const { clock, coordinator, session } = sessionFixture()
  for (let index = 0; index < 20; index++) session.acquire({ ...lease, name: `n${index}`, leaseDurationMs: 600_000 })
  for (const { requestId } of coordinator.stream.of('acquire')) {
    clock.advance(3_000)
    coordinator.stream.acquired({ requestId, handle: requestId })
  }
  t.is(coordinator.streams.length, 1)
})

test('after a pause of the process the answers that wait are read before the stream is judged', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, leaseDurationMs: 600_000 })
  clock.afterPoll(() => coordinator.stream.acquired())
  clock.block(60_000)
  clock.advance(0)
  t.is(coordinator.streams.length, 1)
})

test('each failure moves on to the next address, and it never gives up', t => {
  const { clock, coordinator, session } = sessionFixture({
    addresses: ['one:1', 'two:2', 'three:3'],
    random: fixedRandom(0.5),
  })
  coordinator.isDown = true
  const hold = session.acquire(lease)
  clock.advance(3_600_000)
  t.deepEqual(
    coordinator.streams.slice(0, 4).map(({ address }) => address),
    ['one:1', 'two:2', 'three:3', 'one:1'],
  )
  t.is(hold.state, 'waiting')
  coordinator.isDown = false
  clock.advance(5_000)
  coordinator.stream.acquired()
  t.true(hold.isHeld())
})

test('the first retry comes within 100 ms, and none later than 5 s after the one before', t => {
  for (const random of [fixedRandom(0), fixedRandom(0.999_999), seededRandom(7)]) {
    const { clock, coordinator, session } = sessionFixture({ random })
    coordinator.isDown = true
    const startMs = clock.sinceBootMs()
    const openedMs: number[] = []
    const connect = coordinator.connect.bind(coordinator)
    coordinator.connect = address => ({
      ...connect(address),
      openHold: handlers => {
        openedMs.push(clock.sinceBootMs() - startMs)
        return connect(address).openHold(handlers)
      },
    })
    session.acquire(lease)
    clock.advance(120_000)
    const gapsMs = openedMs.slice(1).map((atMs, index) => atMs - (openedMs[index] ?? 0))
    t.true((gapsMs[0] ?? Infinity) <= 100)
    t.true(gapsMs.every(gapMs => gapMs >= 9.99 && gapMs <= 5_000))
    t.true(gapsMs.length >= 24)
  }
})

/** Several sessions of a client, with nobody there: each stream ends 1 ms after it was opened. */
function sessionsWithNobodyThere(random: Random, leases: readonly Partial<AcquireOptions>[]) {
  const { clock, coordinator, session, another } = sessionFixture({ random })
  const connect = coordinator.connect.bind(coordinator)
  let connections = 0
  coordinator.connect = address => {
    connections++
    const transport = connect(address)
    return {
      ...transport,
      openHold: handlers => {
        const stream = transport.openHold(handlers)
        clock.setTimer(1, () => coordinator.streams.find(one => one === stream)?.end())
        return stream
      },
    }
  }
  for (const [index, changes] of leases.entries()) {
    const one = index === 0 ? session : another()
    one.acquire({ ...lease, name: `n${index}`, ...changes })
    coordinator.stream.acquired()
  }
  return {
    clock,
    connections: () => connections,
    /** How many streams were opened for a lease. */
    tries: (name: string) =>
      coordinator.streams.filter(({ sent }) =>
        sent.some(message => message.type === 'acquire' && message.name === name),
      ).length,
  }
}

test('the sessions of a client come back together, over one connection at a time', t => {
  const leases = Array.from({ length: 10 }, () => ({ leaseDurationMs: 600_000 }))
  const { clock, connections, tries } = sessionsWithNobodyThere(seededRandom(3), leases)
  clock.advance(20_000)
  t.true(connections() > 5)
  for (const index of leases.keys()) t.is(tries(`n${index}`), connections())
})

test('a session that hurries does not put the others of its client off', t => {
  const leases = [{ leaseDurationMs: 600_000 }, { leaseDurationMs: 2_000 }]
  const { clock, tries } = sessionsWithNobodyThere(fixedRandom(0.999_999), leases)
  clock.advance(1_400)
  t.true(tries('n1') > 5, `${tries('n1')} tries`)
  // Its own, and again after 100, 200 and 400 ms.
  t.is(tries('n0'), 4)
})

test('a lease that is about to run out makes retries hurry', t => {
  const { clock, coordinator, session } = sessionFixture({ random: fixedRandom(0.999_999) })
  const hold = session.acquire({ ...lease, leaseDurationMs: 2_000 })
  coordinator.stream.acquired()
  coordinator.isDown = true
  coordinator.stream.end()
  clock.advance(1_900)
  t.true(coordinator.streams.length > 10)
  coordinator.isDown = false
  clock.advance(30)
  coordinator.stream.acquired({ resumed: true })
  t.is(hold.state, 'held')
})

test('after a break held leases resume first, the most urgent one before the others, then waiters in their order', t => {
  const { clock, coordinator, session } = sessionFixture()
  const acquire = (name: string, leaseDurationMs: number) => session.acquire({ ...lease, name, leaseDurationMs })
  acquire('waits-1', 10_000)
  coordinator.stream.waiting({ handle: 1 })
  acquire('waits-2', 10_000)
  coordinator.stream.waiting({ handle: 2 })
  acquire('long', 60_000)
  coordinator.stream.acquired({ handle: 3 })
  acquire('short', 10_000)
  coordinator.stream.acquired({ handle: 4 })
  coordinator.stream.end()
  clock.advance(10)
  t.deepEqual(
    coordinator.stream.of('acquire').map(({ name }) => name),
    ['short', 'long', 'waits-1', 'waits-2'],
  )
})

test('told that the coordinator drains, with one address it comes back after the hint', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, leaseDurationMs: 60_000 })
  coordinator.stream.acquired()
  coordinator.stream.say({ type: 'draining', reconnectAfterMs: 2_000 })
  t.is(hold.state, 'held')
  clock.advance(1_999)
  t.is(coordinator.streams.length, 1)
  clock.advance(1)
  t.is(coordinator.streams.length, 2)
  coordinator.stream.acquired({ resumed: true })
  t.is(hold.state, 'held')
})

test('told that the coordinator drains, it goes elsewhere within a second', t => {
  const { clock, coordinator, session } = sessionFixture({
    addresses: ['one:1', 'two:2'],
    random: fixedRandom(0.5),
  })
  session.acquire({ ...lease, leaseDurationMs: 60_000 })
  coordinator.stream.acquired()
  coordinator.stream.say({ type: 'draining', reconnectAfterMs: 30_000 })
  clock.advance(499)
  t.is(coordinator.streams.length, 1)
  clock.advance(1)
  t.is(coordinator.stream.address, 'two:2')
})

test('a drain with a long hint does not cost the lease', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, leaseDurationMs: 3_000 })
  coordinator.stream.acquired()
  coordinator.stream.say({ type: 'draining', reconnectAfterMs: 60_000 })
  clock.advance(970)
  t.is(coordinator.streams.length, 2)
})

test('acquires wait while the coordinator drains', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, leaseDurationMs: 60_000 })
  coordinator.stream.acquired()
  coordinator.stream.say({ type: 'draining', reconnectAfterMs: 1_000 })
  session.acquire({ ...lease, name: 'second' })
  t.is(coordinator.stream.of('acquire').length, 1)
  clock.advance(1_000)
  t.deepEqual(
    coordinator.stream.of('acquire').map(({ name }) => name),
    ['db', 'second'],
  )
})

test('a stream waits for its connection with patience of its own, and its first requests count from then', t => {
  const { clock, coordinator, session } = sessionFixture({ addresses: ['one:1', 'two:2'] })
  coordinator.isReachable = false
  const hold = session.acquire({ ...lease, leaseDurationMs: 600_000 })
  t.is(coordinator.stream.sent.length, 0)
  clock.advance(4_999)
  t.is(coordinator.streams.length, 1)
  clock.advance(30)
  t.is(coordinator.stream.address, 'two:2')
  clock.advance(4_000)
  coordinator.stream.drain()
  const sentMs = clock.sinceBootMs()
  t.is(coordinator.stream.of('acquire').length, 1)
  // The coordinator is slow to answer, and has as long as any other.
  clock.advance(4_000)
  t.is(coordinator.streams.length, 2)
  coordinator.stream.acquired()
  t.is(hold.localDeadlineMs(), sentMs + 0.97 * 600_000)
})
