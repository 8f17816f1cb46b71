import { constants } from 'node:os'

/**
 * What an agent's exit code tells a supervisor. An agent that runs a command exits with the command's own code when the
 * command ends by itself, as shells do: 126 and 127 when it could not be started, 128 + n when signal n ended it.
 */
export const exitCode = {
  /** It was told to stop, or its work was done. */
  ok: 0,
  /** It failed; the log says why. Start it again. */
  failure: 1,
  /** An option or the plugin is wrong. Starting it again changes nothing. */
  usage: 2,
  /** Another process of the same holder has its lease. Do not start it again beside that one. */
  superseded: 3,
  /** It was told to stop and its work did not end in time; its leases run out by themselves. */
  stopTimeout: 4,
  commandNotExecutable: 126,
  commandNotFound: 127,
} as const

/** The code of a process that a signal ended. */
export const exitCodeOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
