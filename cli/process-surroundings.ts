import { addAbortSignal } from 'node:stream'
import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { Surroundings } from './surroundings.js'

/** This process's own streams and signals: the first SIGINT, SIGTERM or SIGHUP asks a command to stop. */
export function processSurroundings(clock: Clock, random: Random): Surroundings {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  // A reader that went away, as with `| head`, wants no more.
  process.stdout.on('error', () => stop.abort())
  return {
    clock,
    random,
    input: () => addAbortSignal(stop.signal, process.stdin),
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    signal: stop.signal,
  }
}
