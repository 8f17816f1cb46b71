import type { Fleet } from './fleet.js'

/** The first signal asks for an orderly end, the second for one at once; a terminal that closes may tell it twice. */
export function stopOnSignals(stopping: AbortController, fleet: Fleet): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => (stopping.signal.aborted ? fleet.kill() : stopping.abort()))
  }
  process.on('SIGHUP', () => stopping.abort())
  // The terminal, or whoever reads, is gone.
  process.stdout.on('error', () => stopping.abort())
}
