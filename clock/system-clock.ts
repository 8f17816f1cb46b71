import { uptime } from 'node:os'
import type { Clock, Timer } from './clock.js'

/** The longest delay that setTimeout takes; a longer one would fire at once. */
const maxDelayMs = 2 ** 31 - 1

/** The machine's clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  // CLOCK_MONOTONIC stops while the machine is suspended and uptime does not: the greater counts.
  sinceBootMs: () => Math.max(Number(process.hrtime.bigint()) / 1e6, uptime() * 1e3),
  wallMicros: () => Date.now() * 1e3,
  setTimer(delayMs, fire): Timer {
    const timer = setTimeout(fire, Math.min(Math.max(delayMs, 0), maxDelayMs))
    return { cancel: () => clearTimeout(timer) }
  },
  afterPoll: run => void setImmediate(run),
}
