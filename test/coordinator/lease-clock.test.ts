import test from 'ava'
import { LeaseClock } from '../../services/coordinator/lease-clock.js'
import { VirtualClock } from '../support/virtual-clock.js'

function makeClocks(): { clock: VirtualClock; leaseClock: LeaseClock } {
  const clock = new VirtualClock()
  return { clock, leaseClock: new LeaseClock(clock) }
}

test('begins at 0 and follows the monotonic clock', t => {
  const { clock, leaseClock } = makeClocks()
  t.is(leaseClock.now(), 0)
  clock.block(60)
  t.is(leaseClock.now(), 60)
})

test('a gap of 100 ms counts in full', t => {
  const { clock, leaseClock } = makeClocks()
  clock.block(100)
  t.is(leaseClock.now(), 100)
  t.is(leaseClock.gaps, 0)
  t.is(leaseClock.skippedMs, 0)
})

test('of a longer gap 100 ms count, and it is told', t => {
  const { clock, leaseClock } = makeClocks()
  clock.block(101)
  t.is(leaseClock.now(), 100)
  t.is(leaseClock.gaps, 1)
  t.is(leaseClock.skippedMs, 1)
  clock.block(3_600_000)
  t.is(leaseClock.now(), 200)
  t.is(leaseClock.gaps, 2)
  t.is(leaseClock.skippedMs, 3_599_901)
})

test('looks at the time by itself: a quiet process has no gaps', t => {
  const { clock, leaseClock } = makeClocks()
  leaseClock.start()
  clock.advance(10_000)
  t.is(leaseClock.now(), 10_000)
  t.is(leaseClock.gaps, 0)
})

test('goes on by itself after a gap', t => {
  const { clock, leaseClock } = makeClocks()
  leaseClock.start()
  clock.advance(1_000)
  clock.block(5_000)
  clock.advance(1_000)
  t.is(leaseClock.gaps, 1)
  // The beat that was due within the gap is late by it.
  t.is(leaseClock.now(), 1_000 + 100 + 1_000)
})

test('stands still while the machine is suspended', t => {
  const { clock, leaseClock } = makeClocks()
  leaseClock.start()
  clock.suspend(60_000)
  clock.advance(50)
  t.is(leaseClock.now(), 50)
})

test('leaves no timer behind when it is stopped', t => {
  const { clock, leaseClock } = makeClocks()
  leaseClock.start()
  clock.advance(100)
  leaseClock.stop()
  t.is(clock.timerCount, 0)
})

test('where somebody listens, it stands still from a gap until it is told to go on', t => {
  const { clock, leaseClock } = makeClocks()
  let gaps = 0
  leaseClock.onGap = () => gaps++
  clock.block(5_000)
  t.is(leaseClock.now(), 100)
  t.is(gaps, 1)
  clock.block(80)
  t.is(leaseClock.now(), 100)
  clock.block(20)
  leaseClock.goOn()
  clock.block(30)
  t.is(leaseClock.now(), 130)
  t.is(leaseClock.skippedMs, 5_000)
})
