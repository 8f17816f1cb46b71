import test from 'ava'
import { LeaseLostError } from '../../client/errors.js'
import { lease, sessionFixture } from './fake-coordinator.js'

test('is held until 0.97 of the duration after the acquire was sent, and not 1 ms longer', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  t.true(hold.isHeld())
  clock.block(9_699)
  t.true(hold.isHeld())
  t.is(hold.remainingMs(), 1)
  clock.block(1)
  t.false(hold.isHeld())
  t.is(hold.remainingMs(), 0)
  t.is(hold.state, 'lost')
})

test('counts from when the request was sent, not from when the answer came', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const sentMs = clock.sinceBootMs()
  clock.advance(2_000)
  coordinator.stream.acquired()
  t.is(hold.localDeadlineMs(), sentMs + 9_700)
  t.is(hold.remainingMs(), 7_700)
})

test('an answered renewal counts from when the renewal was sent', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  clock.advance(2_500)
  const sentMs = clock.sinceBootMs()
  clock.advance(1_000)
  coordinator.stream.renewed()
  t.is(hold.localDeadlineMs(), sentMs + 9_700)
})

test('an unanswered renewal extends nothing', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  const deadlineMs = clock.sinceBootMs() + 9_700
  coordinator.stream.acquired()
  clock.advance(3_000)
  t.is(coordinator.stream.of('renew').length, 1)
  t.is(hold.localDeadlineMs(), deadlineMs)
})

test('the time a machine was suspended counts: the lease is lost at once', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  clock.suspend(9_699)
  t.true(hold.isHeld())
  clock.suspend(1)
  t.false(hold.isHeld())
})

test('a suspend is noticed within a second of waking, without anybody asking', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, leaseDurationMs: 600_000 })
  coordinator.stream.acquired()
  const { signal } = hold
  clock.suspend(3_600_000)
  t.false(signal.aborted)
  clock.advance(1_000)
  t.true(signal.aborted)
})

test('the signal is aborted at the local deadline, with the cause', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const { signal } = hold
  coordinator.isDown = true
  coordinator.stream.end()
  clock.advance(9_699)
  t.false(signal.aborted)
  clock.advance(1)
  t.true(signal.aborted)
  t.true(signal.reason instanceof LeaseLostError && signal.reason.lossCause === 'expired')
  t.is(hold.error, signal.reason)
})

test('a lease that ran out unseen is lost before its late renewal is looked at', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  clock.advance(2_500)
  clock.block(9_000)
  coordinator.stream.renewed()
  t.false(hold.isHeld())
  t.is(hold.state, 'lost')
})

test('an acquire whose answer comes after its own deadline is confirmed by a renewal first', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire({ ...lease, leaseDurationMs: 1_000 })
  clock.block(970)
  coordinator.stream.acquired()
  t.false(hold.isHeld())
  t.deepEqual(coordinator.stream.last('renew').handles, [1])
  coordinator.stream.renewed()
  t.true(hold.isHeld())
  t.is(hold.remainingMs(), 970)
})

test('a looked-up loss is told at once: the signal is aborted when isHeld says no', t => {
  const { clock, coordinator, session } = sessionFixture()
  const hold = session.acquire(lease)
  coordinator.stream.acquired()
  const { signal } = hold
  clock.block(9_700)
  t.false(hold.isHeld())
  t.true(signal.aborted)
})
