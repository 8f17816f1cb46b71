import test from 'ava'
import { AcquireError, LeaseLostError } from '../../client/errors.js'
import { lease, sessionFixture } from './fake-coordinator.js'

test('a pushed grant is no permission until its renewal is answered', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const { stream } = coordinator
  stream.waiting()
  t.is(hold.state, 'waiting')
  t.is(hold.holderIdentity, 'other')
  clock.advance(1_000)
  stream.granted()
  t.false(hold.isHeld())
  t.is(hold.fencingToken, 0)
  const sentMs = clock.sinceBootMs()
  t.deepEqual(stream.last('renew').handles, [1])
  clock.advance(200)
  t.false(hold.isHeld())
  stream.renewed()
  t.true(hold.isHeld())
  t.is(hold.fencingToken, 100)
  t.is(hold.localDeadlineMs(), sentMs + 9_700)
})

test('a renewal sent before the grant arrived does not confirm it', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const { stream } = coordinator
  stream.waiting()
  clock.advance(2_000)
  const signOfLife = stream.last('renew')
  t.is(signOfLife.handles, 'all')
  stream.granted()
  stream.renewed({ requestId: signOfLife.requestId })
  t.false(hold.isHeld())
  stream.renewed()
  t.true(hold.isHeld())
})

test('a grant whose renewal fails lapsed: the wait goes on with another acquire', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, waitTimeoutMs: 60_000 })
  const { stream } = coordinator
  stream.waiting()
  stream.granted()
  stream.renewed({ failures: [{ handle: 1, reason: 'STALE_FENCING_TOKEN' }] })
  t.is(hold.state, 'waiting')
  clock.advance(100)
  t.is(stream.of('acquire').length, 2)
  t.is(stream.last('acquire').waitTimeoutMs, 59_990)
  stream.acquired({ handle: 2, fencingToken: 200 })
  t.true(hold.isHeld())
  t.is(hold.fencingToken, 200)
})

test('a grant that is told lost as unconfirmed lets the wait go on', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const { stream } = coordinator
  stream.waiting()
  stream.granted()
  stream.say({ type: 'lost', handle: 1, cause: 'unconfirmed' })
  t.is(hold.state, 'waiting')
  clock.advance(100)
  t.is(stream.of('acquire').length, 2)
  stream.renewed({ failures: [{ handle: 1, reason: 'UNKNOWN_HANDLE' }] })
  t.is(hold.state, 'waiting')
})

test('a waiting session is heard from at the cadence it was told', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire(lease)
  const { stream } = coordinator
  stream.waiting({ renewAfterMs: 2_000 })
  clock.advance(1_999)
  t.is(stream.of('renew').length, 0)
  clock.advance(1)
  t.is(stream.of('renew').length, 1)
  stream.renewed({ renewAfterMs: 1_500 })
  clock.advance(1_500)
  t.is(stream.of('renew').length, 2)
})

test('with noWait a held lease is refused with LEASE_HELD and its holder', async t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, noWait: true })
  t.is(coordinator.stream.last('acquire').waitTimeoutMs, undefined)
  coordinator.stream.failed('LEASE_HELD', { holderIdentity: 'other' })
  const error = await t.throwsAsync(hold.whenHeld(), { instanceOf: AcquireError })
  t.is(error?.reason, 'LEASE_HELD')
  t.is(error?.holderIdentity, 'other')
  t.is(hold.state, 'lost')
  t.is(session.size, 0)
})

test('an invalid acquire is refused with the fields at fault', async t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const violations = [{ field: 'acquire.name', description: 'Invalid value' }]
  coordinator.stream.failed('INVALID_REQUEST', { violations })
  const error = await t.throwsAsync(hold.whenHeld(), { instanceOf: AcquireError })
  t.deepEqual(error?.violations, violations)
})

for (const reason of ['QUEUE_FULL', 'OVERLOADED', 'STORAGE_FULL']) {
  test(`${reason} is tried again, not before it was told`, t => {
    const { clock, coordinator, session } = sessionFixture()
    const hold = session.acquire(lease)
    coordinator.stream.failed(reason, { retryAfterMs: 700 })
    clock.advance(699)
    t.is(coordinator.stream.of('acquire').length, 1)
    clock.advance(1)
    t.is(coordinator.stream.of('acquire').length, 2)
    coordinator.stream.acquired()
    t.true(hold.isHeld())
  })
}

test('a wait ends when the coordinator says so', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, waitTimeoutMs: 1_000 })
  const { stream } = coordinator
  stream.waiting()
  clock.advance(1_000)
  t.is(hold.state, 'waiting')
  stream.failed('WAIT_TIMEOUT', { requestId: 0, handle: 1 })
  const error = await t.throwsAsync(hold.whenHeld(), { instanceOf: AcquireError })
  t.is(error?.reason, 'WAIT_TIMEOUT')
})

test('a wait ends by itself where the coordinator cannot say so', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, waitTimeoutMs: 1_000 })
  coordinator.stream.waiting()
  coordinator.isDown = true
  coordinator.stream.end()
  clock.advance(999)
  t.is(hold.state, 'waiting')
  clock.advance(1)
  t.is(hold.state, 'lost')
  t.is(hold.error instanceof AcquireError && hold.error.reason, 'WAIT_TIMEOUT')
})

test('the time for waiting goes on over reconnects', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, waitTimeoutMs: 30_000 })
  t.is(coordinator.stream.last('acquire').waitTimeoutMs, 30_000)
  coordinator.stream.waiting()
  clock.advance(4_000)
  coordinator.stream.end()
  clock.advance(10)
  t.is(coordinator.streams.length, 2)
  t.is(coordinator.stream.last('acquire').waitTimeoutMs, 25_990)
})

test('a place that was lost to silence before the wait was over is taken again', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.waiting()
  coordinator.stream.failed('WAIT_TIMEOUT', { requestId: 0, handle: 1 })
  t.is(hold.state, 'waiting')
  clock.advance(100)
  t.is(coordinator.stream.of('acquire').length, 2)
})

test('a place that moved to a stream which the client has left is taken again', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.waiting()
  coordinator.stream.say({ type: 'lost', handle: 1, cause: 'resumed' })
  t.is(hold.state, 'waiting')
  clock.advance(100)
  t.is(coordinator.stream.of('acquire').length, 2)
})

test('a waiter that another process with its identity superseded is lost', t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.waiting()
  coordinator.stream.say({ type: 'lost', handle: 1, cause: 'superseded' })
  t.is(hold.state, 'lost')
  t.is(hold.error instanceof LeaseLostError && hold.error.lossCause, 'superseded')
})

test('a new holder is told to who waits', t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const seen: string[] = []
  hold.onChange(({ holderIdentity }) => seen.push(holderIdentity))
  coordinator.stream.waiting()
  coordinator.stream.say({ type: 'holderChanged', handle: 1, holderIdentity: 'third', state: 'LEASE_STATE_HELD' })
  t.deepEqual(seen, ['other', 'third'])
})

test('supersede takes the lease at once, and never again when it resumes', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, supersede: true })
  t.true(coordinator.stream.last('acquire').supersede)
  coordinator.stream.acquired()
  coordinator.stream.end()
  clock.advance(10)
  t.false(coordinator.stream.last('acquire').supersede)
  t.is(coordinator.stream.last('acquire').waitTimeoutMs, undefined)
})

test('two acquires of one lease under one identity on one session are refused', t => {
  const { session } = sessionFixture()
  session.acquire(lease)
  t.throws(() => session.acquire(lease), { message: /default\/db/ })
  t.notThrows(() => session.acquire({ ...lease, holderIdentity: 'another' }))
})

test('a renewal interval that cannot keep the lease is refused', t => {
  const { session } = sessionFixture()
  t.throws(() => session.acquire({ ...lease, renewIntervalMs: 9_001 }), { instanceOf: RangeError })
  t.throws(() => session.acquire({ ...lease, renewIntervalMs: 0 }), { instanceOf: RangeError })
  t.notThrows(() => session.acquire({ ...lease, renewIntervalMs: 9_000 }))
})
