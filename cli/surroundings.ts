import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'

/** All of the process and the machine that a command touches; a test brings its own. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  /** Standard input, to be read once; reading it fails when the user wants the command to stop. */
  input(): AsyncIterable<Uint8Array>
  /** Writes to standard output. */
  out(text: string): void
  /** Writes to standard error. */
  err(text: string): void
  /** Aborted when the user wants the command to stop. */
  readonly signal: AbortSignal
}
