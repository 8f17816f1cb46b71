import test from 'ava'
import fc from 'fast-check'
import { endingTimes, graces } from '../../../agents/runtime/ending-times.js'

const running = { deadlineMs: 10_000, graceMs: 2_000, marginMs: 500, asked: undefined, terminatedAtMs: undefined }

test('SIGTERM comes a grace before the deadline, SIGKILL a margin before it', t => {
  t.deepEqual(endingTimes(running), { terminateAtMs: 8_000, killAtMs: 9_500 })
})

test('a group that is asked to end gets SIGTERM at once and SIGKILL after the grace it was given', t => {
  t.deepEqual(endingTimes({ ...running, asked: { atMs: 1_000, graceMs: 5_000 } }), {
    terminateAtMs: 1_000,
    killAtMs: 6_000,
  })
})

test('no grace goes beyond the deadline', t => {
  t.is(endingTimes({ ...running, asked: { atMs: 7_000, graceMs: 5_000 } }).killAtMs, 9_500)
})

test('a renewal after SIGTERM gives the group its whole grace, and does not take SIGTERM back', t => {
  const late = { ...running, deadlineMs: 20_000, terminatedAtMs: 8_000 }
  t.deepEqual(endingTimes(late), { terminateAtMs: 8_000, killAtMs: 10_000 })
})

test('SIGKILL always comes before the deadline', t => {
  const time = fc.integer({ min: 0, max: 1_000_000 })
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 3_600_000 }),
      time,
      fc.option(time, { nil: undefined }),
      (leaseDurationMs, sentMs, askedAtMs) => {
        const deadlineMs = sentMs + leaseDurationMs
        const asked = askedAtMs === undefined ? undefined : { atMs: askedAtMs, graceMs: 5_000 }
        const { killAtMs } = endingTimes({ ...graces(leaseDurationMs), deadlineMs, asked, terminatedAtMs: undefined })
        return killAtMs < deadlineMs
      },
    ),
  )
  t.pass()
})
