import test from 'ava'
import type { SessionHold } from '../../client/session-hold.js'
import { fixedRandom } from '../support/virtual-random.js'
import { lease, sessionFixture } from './fake-coordinator.js'

test('renews when the coordinator says, with one message for all leases', t => {
  const { clock, coordinator, session } = sessionFixture()
  for (let index = 0; index < 3; index++) {
    session.acquire({ ...lease, name: `n${index}` })
    coordinator.stream.acquired({ handle: index + 1, renewAfterMs: 2_000 })
  }
  clock.advance(1_999)
  t.is(coordinator.stream.of('renew').length, 0)
  clock.advance(1)
  t.deepEqual(
    coordinator.stream.of('renew').map(({ handles }) => handles),
    ['all'],
  )
  coordinator.stream.renewed({ renewAfterMs: 3_000 })
  clock.advance(2_999)
  t.is(coordinator.stream.of('renew').length, 1)
  clock.advance(1)
  t.is(coordinator.stream.of('renew').length, 2)
})

test('renews at the interval of the caller, counted from sending to sending', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, renewIntervalMs: 4_000 })
  coordinator.stream.acquired({ renewAfterMs: 1_000 })
  clock.advance(3_999)
  t.is(coordinator.stream.of('renew').length, 0)
  clock.advance(1)
  t.is(coordinator.stream.of('renew').length, 1)
  clock.advance(500)
  coordinator.stream.renewed({ renewAfterMs: 1_000 })
  clock.advance(3_499)
  t.is(coordinator.stream.of('renew').length, 1)
  clock.advance(1)
  t.is(coordinator.stream.of('renew').length, 2)
})

test('jitter makes a renewal up to 4 percent later, never earlier', t => {
  const { clock, coordinator, session } = sessionFixture({ random: fixedRandom(0.999_999) })
  session.acquire(lease)
  coordinator.stream.acquired({ renewAfterMs: 2_000 })
  clock.advance(2_079)
  t.is(coordinator.stream.of('renew').length, 0)
  clock.advance(1)
  t.is(coordinator.stream.of('renew').length, 1)
})

test('leases of different cadences are renewed by their handles, and together where they are due together', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, name: 'often', renewIntervalMs: 1_000 })
  coordinator.stream.acquired({ handle: 1 })
  session.acquire({ ...lease, name: 'seldom', renewIntervalMs: 3_000 })
  coordinator.stream.acquired({ handle: 2 })
  coordinator.onRequest = (stream, request) => {
    if (request.type === 'renew') stream.renewed({ requestId: request.requestId })
  }
  clock.advance(3_000)
  t.deepEqual(
    coordinator.stream.of('renew').map(({ handles }) => handles),
    [[1], [1], 'all'],
  )
})

test('a list of handles is cut into messages of 5,000', t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  for (let index = 0; index < 12_000; index++) session.acquire({ ...lease, name: `n${index}`, renewIntervalMs: 2_000 })
  session.acquire({ ...lease, name: 'other', renewIntervalMs: 5_000 })
  clock.advance(2_000)
  t.deepEqual(
    coordinator.stream.of('renew').map(({ handles }) => handles.length),
    [5_000, 5_000, 2_000],
  )
})

test('100,000 leases are kept by one message a cadence and one timer', t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  const holds = Array.from({ length: 100_000 }, (_, index) =>
    session.acquire({ ...lease, name: `n${index}`, leaseDurationMs: 40_000, renewIntervalMs: 10_000 }),
  )
  t.is(clock.timerCount, 1)
  clock.advance(100_000)
  t.is(coordinator.stream.of('renew').length, 10)
  t.true(coordinator.stream.of('renew').every(({ handles }) => handles === 'all'))
  t.is(clock.timerCount, 1)
  t.true(holds.every(hold => hold.isHeld()))
})

test('100,000 leases resume with at most 100 acquires unanswered', t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  for (let index = 0; index < 100_000; index++)
    session.acquire({ ...lease, name: `n${index}`, leaseDurationMs: 40_000 })
  coordinator.onRequest = () => {}
  coordinator.stream.end()
  clock.advance(10)
  t.is(coordinator.stream.of('acquire').length, 100)
  const [first] = coordinator.stream.of('acquire')
  coordinator.stream.acquired({ requestId: first?.requestId ?? 0, handle: 1 })
  t.is(coordinator.stream.of('acquire').length, 101)
})

test('nothing is acquired while the stream is backed up; renewals go all the same', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire(lease)
  coordinator.stream.acquired({ renewAfterMs: 1_000 })
  coordinator.stream.hasRoom = false
  session.acquire({ ...lease, name: 'second' })
  session.acquire({ ...lease, name: 'third' })
  t.is(coordinator.stream.of('acquire').length, 1)
  clock.advance(1_000)
  t.is(coordinator.stream.of('renew').length, 1)
  coordinator.stream.drain()
  t.is(coordinator.stream.of('acquire').length, 3)
})

test('a renewal that goes unanswered for longer than its cadence puts its leases in jeopardy', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, renewIntervalMs: 1_000 })
  coordinator.stream.acquired()
  clock.advance(1_999)
  t.is(hold.state, 'held')
  clock.advance(1)
  t.is(hold.state, 'jeopardy')
  t.true(hold.isHeld())
  coordinator.stream.renewed()
  t.is(hold.state, 'held')
})

test('a lease that could not be renewed is lost, the others are renewed', t => {
  const { clock, coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  coordinator.stream.acquired({ handle: 1 })
  const second = session.acquire({ ...lease, name: 'second' })
  coordinator.stream.acquired({ handle: 2 })
  clock.advance(2_500)
  coordinator.stream.renewed({ failures: [{ handle: 1, reason: 'STALE_FENCING_TOKEN' }] })
  t.is(first.state, 'lost')
  t.is(second.remainingMs(), 9_700)
})

test('a renewal of all leases does not count for one acquired after it was sent', t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire(lease)
  coordinator.stream.acquired()
  const late = session.acquire({ ...lease, name: 'late' })
  const sentMs = clock.sinceBootMs()
  const { requestId } = coordinator.stream.last('acquire')
  clock.advance(2_500)
  coordinator.stream.acquired({ requestId, handle: 2 })
  coordinator.stream.renewed()
  t.is(late.localDeadlineMs(), sentMs + 9_700)
})

test('a lease that is not to be renewed runs its time, the others are kept', t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  const sick = session.acquire({ ...lease, name: 'sick' })
  const well = session.acquire({ ...lease, name: 'well' })
  sick.setRenewing(false)
  clock.advance(9_699)
  t.true(sick.isHeld())
  clock.advance(1)
  t.is(sick.state, 'lost')
  t.true(well.isHeld())
  t.true(coordinator.stream.of('renew').every(({ handles }) => handles !== 'all'))
})

test('a lease that is to be renewed again is renewed at once', t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  const hold = session.acquire(lease)
  hold.setRenewing(false)
  clock.advance(9_000)
  hold.setRenewing(true)
  t.is(hold.remainingMs(), 9_700)
  t.is(coordinator.stream.last('renew').handles, 'all')
})

test('a lease that is not to be renewed does not resume either', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  hold.setRenewing(false)
  coordinator.stream.end()
  clock.advance(1_000)
  t.is(coordinator.stream.of('acquire').length, 0)
  hold.setRenewing(true)
  t.is(coordinator.stream.of('acquire').length, 1)
})

test('a lease lost by its own deadline is never renewed along with the others', t => {
  const { clock, coordinator, session } = sessionFixture()
  const short = session.acquire({ ...lease, name: 'short', leaseDurationMs: 1_000 })
  coordinator.stream.acquired({ handle: 1, renewAfterMs: 20_000 })
  session.acquire({ ...lease, name: 'long', leaseDurationMs: 60_000 })
  coordinator.stream.acquired({ handle: 2, renewAfterMs: 20_000 })
  clock.advance(970)
  t.is(short.state, 'lost')
  clock.advance(20_000)
  t.deepEqual(coordinator.stream.last('renew').handles, [2])
  coordinator.stream.renewed({ renewAfterMs: 20_000 })
  coordinator.stream.say({ type: 'lost', handle: 1, cause: 'expired' })
  clock.advance(20_000)
  t.is(coordinator.stream.last('renew').handles, 'all')
})

test('a hold nobody listens to keeps neither promise nor signal', t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  // The session's own holds are of this class; the interface leaves this out.
  t.false((hold as SessionHold).isObserved)
})
