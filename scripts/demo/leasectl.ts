import { leasectl } from '../../cli/leasectl/leasectl.js'
import { runProgram } from '../../cli/run-program.js'
import type { Surroundings } from '../../cli/surroundings.js'

/** Runs leasectl in this process; returns what it printed, its complaints too. */
export async function runLeasectl(
  args: readonly string[],
  surroundings: Pick<Surroundings, 'clock' | 'random' | 'signal'>,
): Promise<string> {
  let output = ''
  const print = (text: string): void => {
    output += text
  }
  const captured = { ...surroundings, out: print, err: print, input: () => process.stdin }
  await runProgram(leasectl(captured), args, captured)
  return output
}
