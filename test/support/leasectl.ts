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

/** Starts leasectl with these arguments. */
export function startLeasectl(...args: string[]): LeasectlRun {
  const stop = new AbortController()
  let [stdout, stderr] = ['', '']
  const surroundings = {
    clock: systemClock,
    random: systemRandom,
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
export async function runLeasectl(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const run = startLeasectl(...args)
  const exitCode = await run.exitCode
  return { exitCode, stdout: run.stdout(), stderr: run.stderr() }
}
