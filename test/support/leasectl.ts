import { Readable } from 'node:stream'
import { leasectl } from '../../cli/leasectl/leasectl.js'
import { runProgram } from '../../cli/run-program.js'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'

/** A run of leasectl in this process. */
export interface LeasectlRun {
  /** What it has printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exitCode: Promise<number>
  /** What Ctrl-C does. */
  stop(): void
}

/** What a run of leasectl came to. */
export interface LeasectlEnd {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Starts leasectl with these arguments. */
export const startLeasectl = (...args: string[]): LeasectlRun => startLeasectlWith('', ...args)

/** The same, with this text as standard input. */
export function startLeasectlWith(input: string, ...args: string[]): LeasectlRun {
  const stop = new AbortController()
  let [stdout, stderr] = ['', '']
  const surroundings = {
    clock: systemClock,
    random: systemRandom,
    input: () => Readable.from([Buffer.from(input)]),
    out: (text: string) => {
      stdout += text
    },
    err: (text: string) => {
      stderr += text
    },
    signal: stop.signal,
  }
  const exitCode = runProgram(leasectl(surroundings), args, surroundings)
  return { stdout: () => stdout, stderr: () => stderr, exitCode, stop: () => stop.abort() }
}

/** Runs leasectl to its end. */
export const runLeasectl = (...args: string[]): Promise<LeasectlEnd> => runLeasectlWith('', ...args)

/** The same, with this text as standard input. */
export async function runLeasectlWith(input: string, ...args: string[]): Promise<LeasectlEnd> {
  const run = startLeasectlWith(input, ...args)
  const exitCode = await run.exitCode
  return { exitCode, stdout: run.stdout(), stderr: run.stderr() }
}
