import test from 'ava'
import { MachineClock } from './machine-clock.js'
import { Timeline } from './timeline.js'

test('a machine that was suspended twice is awake when it was woken twice', t => {
  const timeline = new Timeline()
  const clock = new MachineClock(timeline, { rate: 1, wallOffsetMicros: 0 })
  const [monotonicMs, sinceBootMs] = [clock.monotonicMs(), clock.sinceBootMs()]
  const shown: (readonly number[])[] = []
  const look = (): void => {
    shown.push([clock.monotonicMs() - monotonicMs, clock.sinceBootMs() - sinceBootMs, clock.awakeMs])
  }
  timeline.after(10, () => clock.suspend())
  timeline.after(20, () => clock.suspend())
  timeline.after(30, () => clock.wake())
  timeline.after(40, look)
  timeline.after(50, () => clock.wake())
  timeline.after(60, look)
  while (timeline.step(100));
  t.deepEqual(shown, [
    [10, 40, 0],
    [20, 60, 10],
  ])
})
