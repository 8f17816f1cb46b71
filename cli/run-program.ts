import { type Command, CommanderError } from 'commander'
import { TransportError } from '../client/transport.js'
import type { Surroundings } from './surroundings.js'

/** Exit codes that every command shares. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

/** A command that failed: the message is one line for people that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A command that has said what it had to say and ends with an exit code of its own. */
export class Exit extends Error {
  override readonly name = 'Exit'
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/**
 * Runs a program with these arguments and tells what went wrong in one line.
 *
 * @returns the exit code.
 */
export async function runProgram(
  program: Command,
  args: readonly string[],
  surroundings: Pick<Surroundings, 'out' | 'err'>,
): Promise<number> {
  eachCommand(program, command =>
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: text => surroundings.out(text),
        writeErr: text => surroundings.err(text),
        outputError: (text, write) => write(`${program.name()}: ${oneLine(text.replace(/^error: /, ''))}\n`),
      }),
  )
  try {
    await program.parseAsync(withoutEquals(args), { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    if (error instanceof Exit) return error.exitCode
    // Commander has told its own already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    surroundings.err(`${program.name()}: ${describeError(error)}\n`)
    return error instanceof CommandError ? error.exitCode : exitCodes.failed
  }
}

/** `-o=yaml` says what `-oyaml` says, as kubectl has it; what follows `--` belongs to another program. */
function withoutEquals(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return args.map((arg, index) => (end === -1 || index < end ? arg.replace(/^(-[A-Za-z])=/, '$1') : arg))
}

/** Settings are inherited only by commands that are added later, so each gets its own. */
function eachCommand(command: Command, set: (command: Command) => void): void {
  set(command)
  for (const child of command.commands) eachCommand(child, set)
}

/** An error in one line for people. */
export function describeError(error: unknown): string {
  if (error instanceof TransportError && error.reason === '') return `${error.status}: ${oneLine(error.message)}`
  return oneLine(error instanceof Error ? error.message : String(error))
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ')
