/** Whether a command line of leasectl or leasehold is one that the program can read, without doing what it says. */
import type { Command } from 'commander'
import { readCommandLine } from '../../agents/runtime/command-line.js'
import { leasectl } from '../../cli/leasectl/leasectl.js'
import { runProgram } from '../../cli/run-program.js'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { coordinatorCommand } from '../../services/coordinator/main.js'

/** leasectl with nothing to do and nobody to tell. */
export const idleLeasectl = (): Command =>
  leasectl({
    clock: systemClock,
    random: systemRandom,
    input: async function* () {},
    out() {},
    err() {},
    signal: new AbortController().signal,
  })

/** What the program says is wrong with a command line; '' when nothing is. */
export async function faultOf([program = '', ...args]: readonly string[]): Promise<string> {
  if (program === 'leasectl') return faultOfRun(idleLeasectl(), args)
  const [face, ...rest] = args
  if (face === 'coordinator') return faultOfRun(coordinatorCommand(), rest)
  if (face === 'agent') return faultOfAgent(rest)
  return face === '--help' || face === '--version' ? '' : `there is no ${program} ${face}`
}

async function faultOfRun(program: Command, args: readonly string[]): Promise<string> {
  let fault = ''
  idle(program)
  const streams = {
    out() {},
    err(text: string) {
      fault += text
    },
  }
  const exitCode = await runProgram(program, args, streams)
  return exitCode === 0 ? '' : fault
}

function idle(command: Command): void {
  if (command.commands.length === 0) command.action(() => {})
  for (const child of command.commands) idle(child)
}

async function faultOfAgent(args: readonly string[]): Promise<string> {
  const [name = ''] = args
  // A plugin of somebody's own has options of its own.
  if (name.startsWith('./')) return ''
  let fault = ''
  const output = {
    out() {},
    error(text: string) {
      fault += text
    },
  }
  const call = await readCommandLine(args, '.', output)
  return typeof call === 'number' && call !== 0 ? fault : ''
}
