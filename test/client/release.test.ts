import test from 'ava'
import { LeaseLostError } from '../../client/errors.js'
import { TransportError } from '../../client/transport.js'
import { settle } from '../support/virtual-clock.js'
import { lease, sessionFixture } from './fake-coordinator.js'

/** Notes when a promise has settled. */
function watched(promise: Promise<unknown>): { isDone: boolean } {
  const seen = { isDone: false }
  void promise.then(() => {
    seen.isDone = true
  })
  return seen
}

test('is not held from the moment release is called, and released when the coordinator has answered', async t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const released = watched(hold.release())
  t.false(hold.isHeld())
  t.is(hold.state, 'lost')
  t.true(hold.signal.aborted)
  t.is(hold.error instanceof LeaseLostError && hold.error.lossCause, 'released')
  t.is(coordinator.stream.last('release').handle, 1)
  await settle()
  t.false(released.isDone)
  coordinator.stream.released()
  await settle()
  t.true(released.isDone)
})

test('a second release is the first one', t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  t.is(hold.release(), hold.release())
  t.is(coordinator.stream.of('release').length, 1)
})

test('release of a waiter leaves the queue', async t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const held = hold.whenHeld()
  coordinator.stream.waiting({ handle: 4 })
  const released = watched(hold.release())
  t.is(coordinator.stream.last('release').handle, 4)
  await t.throwsAsync(held, { instanceOf: LeaseLostError })
  coordinator.stream.released()
  await settle()
  t.true(released.isDone)
})

test('release before the acquire is answered gives back what the answer brings', async t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const released = watched(hold.release())
  t.is(coordinator.stream.of('release').length, 0)
  coordinator.stream.acquired({ handle: 9 })
  t.false(hold.isHeld())
  t.is(coordinator.stream.last('release').handle, 9)
  coordinator.stream.released()
  await settle()
  t.true(released.isDone)
})

test('a grant that crosses a release is not taken', t => {
  const { coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.waiting()
  void hold.release()
  coordinator.stream.granted()
  t.is(coordinator.stream.of('renew').length, 0)
  t.false(hold.isHeld())
})

test('release of what was never sent needs no coordinator', async t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.isDown = true
  const hold = session.acquire(lease)
  await hold.release()
  clock.advance(60_000)
  t.is(coordinator.streams.length, 1)
})

test('a release whose stream breaks goes on as a call with the token', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const released = watched(hold.release())
  let calls = 0
  coordinator.onCall = async () => {
    if (++calls < 3) throw new TransportError('UNAVAILABLE', 'away')
    return {}
  }
  coordinator.stream.end()
  await clock.run(1_000)
  t.true(released.isDone)
  t.is(calls, 3)
  t.deepEqual(coordinator.calls[0], {
    address: 'one:1',
    method: 'ReleaseLease',
    request: { namespace: 'default', name: 'db', fencingToken: 100 },
  })
})

test('a release by token that finds the tenancy over is done', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const released = watched(hold.release())
  coordinator.onCall = async () => {
    throw new TransportError('FAILED_PRECONDITION', 'stale', { reason: 'STALE_FENCING_TOKEN' })
  }
  coordinator.stream.end()
  await clock.run(0)
  t.true(released.isDone)
})

test('a release that finds no coordinator is over at the local deadline', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  coordinator.isDown = true
  coordinator.onCall = async () => {
    throw new TransportError('UNAVAILABLE', 'away')
  }
  coordinator.stream.end()
  const released = watched(hold.release())
  await clock.run(9_699)
  t.false(released.isDone)
  await clock.run(1)
  t.true(released.isDone)
})

test('the next acquire of a lease comes after the release of the one before', async t => {
  const { coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  coordinator.stream.acquired()
  void first.release()
  const second = session.acquire(lease)
  t.is(coordinator.stream.of('acquire').length, 1)
  coordinator.stream.released()
  t.is(coordinator.stream.of('acquire').length, 2)
  coordinator.stream.acquired({ handle: 2, fencingToken: 200 })
  t.true(second.isHeld())
})

test('a blocked acquire stays behind its release over a break', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  coordinator.stream.acquired()
  void first.release()
  session.acquire(lease)
  let finish = (): void => {}
  coordinator.onCall = () => new Promise(resolve => (finish = () => resolve({})))
  coordinator.stream.end()
  await clock.run(1_000)
  t.is(coordinator.stream.of('acquire').length, 0)
  finish()
  await settle()
  t.is(coordinator.stream.of('acquire').length, 1)
})

test('after a release that went unanswered the next acquire resumes nothing, since the release may still arrive', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  coordinator.stream.acquired()
  const { instance } = coordinator.stream.last('acquire')
  void first.release()
  session.acquire(lease)
  coordinator.onCall = () => new Promise((_, reject) => clock.setTimer(5_000, () => reject(late)))
  coordinator.stream.end()
  await clock.run(12_000)
  t.not(coordinator.stream.last('acquire').instance, instance)
  session.acquire({ ...lease, name: 'other' })
  t.not(coordinator.stream.last('acquire').instance, instance)
})

test('after a release that was answered the next acquire has the instance it had', async t => {
  const { clock, coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  coordinator.stream.acquired()
  const { instance } = coordinator.stream.last('acquire')
  void first.release()
  session.acquire(lease)
  coordinator.stream.end()
  await clock.run(1_000)
  t.is(coordinator.stream.last('acquire').instance, instance)
})

const late = new TransportError('DEADLINE_EXCEEDED', 'late')

test('closing a session releases what it holds and ends its stream', async t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  const holds = [session.acquire(lease), session.acquire({ ...lease, name: 'second' })]
  await session.close()
  t.is(coordinator.stream.of('release').length, 2)
  t.true(holds.every(hold => hold.state === 'lost'))
  t.true(coordinator.stream.isClosed)
  t.is(clock.timerCount, 0)
  t.throws(() => session.acquire(lease), { message: /closed/ })
})

test('closing without release leaves leases to run their time', async t => {
  const { clock, coordinator, session } = sessionFixture()
  coordinator.answerAll()
  const hold = session.acquire(lease)
  await session.close({ release: false })
  t.is(coordinator.stream.of('release').length, 0)
  t.is(hold.error instanceof LeaseLostError && hold.error.lossCause, 'closed')
  t.is(clock.timerCount, 0)
})

test('closing takes no longer than its time limit', async t => {
  const { clock, coordinator, session } = sessionFixture()
  session.acquire({ ...lease, leaseDurationMs: 600_000 })
  coordinator.stream.acquired()
  const closed = watched(session.close({ timeoutMs: 2_000 }))
  await clock.run(1_999)
  t.false(closed.isDone)
  await clock.run(1)
  t.true(closed.isDone)
  t.is(clock.timerCount, 0)
})

test('a listener may acquire anew when a lease is lost', t => {
  const { coordinator, session } = sessionFixture()
  const first = session.acquire(lease)
  let second = first
  first.onChange(hold => {
    if (hold.state === 'lost') second = session.acquire(lease)
  })
  coordinator.stream.acquired()
  coordinator.stream.say({ type: 'lost', handle: 1, cause: 'revoked' })
  t.not(second, first)
  t.is(coordinator.stream.of('acquire').length, 2)
})
