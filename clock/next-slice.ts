import type { Clock } from './clock.js'

/** How far apart slices are while nothing but leases should be worked at. */
const pressedPauseMs = 10

/**
 * Calls `run` when the next slice of work in the background may be done: after a poll, so that batches and sockets come
 * first, and only once in a while where `isPressed` says that leases have no time for it.
 */
export function nextSlice(clock: Pick<Clock, 'afterPoll' | 'setTimer'>, isPressed: boolean, run: () => void): void {
  if (isPressed) clock.setTimer(pressedPauseMs, run)
  else clock.afterPoll(run)
}
