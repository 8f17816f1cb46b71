import test from 'ava'
import { nextSlice } from '../../clock/next-slice.js'
import { VirtualClock } from '../support/virtual-clock.js'

test('a slice comes after a poll, and where leases have no time for it after a pause', async t => {
  const clock = new VirtualClock()
  const done: string[] = []
  nextSlice(clock, true, () => done.push('pressed'))
  nextSlice(clock, false, () => done.push('free'))
  await clock.run(9)
  t.deepEqual(done, ['free'])
  await clock.run(1)
  t.deepEqual(done, ['free', 'pressed'])
})
