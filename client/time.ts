import type { Duration__Output } from '../protos/generated/google/protobuf/Duration.js'
import type { Timestamp__Output } from '../protos/generated/google/protobuf/Timestamp.js'

/** A duration of protobuf from milliseconds. */
export function toDuration(ms: number): Duration__Output {
  const seconds = Math.trunc(ms / 1e3)
  return { seconds: String(seconds), nanos: Math.round((ms - seconds * 1e3) * 1e6) }
}

/** Milliseconds from a duration of protobuf. */
export const toMillis = (duration: Duration__Output): number => Number(duration.seconds) * 1e3 + duration.nanos / 1e6

/** A time with its microseconds, as in 2026-11-22T21:51:00.000001Z. Works from year 1 on. */
export const microTimeText = (time: Timestamp__Output): string =>
  `${isoSeconds(time)}.${String(Math.trunc(time.nanos / 1e3)).padStart(6, '0')}Z`

/** A time in whole seconds, as in 2026-11-22T21:51:00Z. */
export const secondsText = (time: Timestamp__Output): string => `${isoSeconds(time)}Z`

const isoSeconds = (time: Timestamp__Output): string =>
  new Date(Number(time.seconds) * 1e3).toISOString().replace(/\.\d+Z$/, '')
