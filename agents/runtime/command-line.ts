import { Command, CommanderError } from 'commander'
import type { Agent } from './agent.js'
import { type CommonOptions, commonOptions } from './common-options.js'
import { exitCode } from './exit-codes.js'
import { builtInNames, loadAgent } from './load-agent.js'
import { commanderOptions, environmentPrefix } from './options.js'
import { UsageError } from './usage-error.js'

/** An agent and everything the command line and the environment say about how to run it. */
export interface AgentCall {
  readonly agent: Agent
  readonly common: CommonOptions
  /** The values of the agent's own options. */
  readonly options: Readonly<Record<string, unknown>>
  readonly command: readonly string[]
}

/** Where help and complaints go. */
export interface Output {
  out(text: string): void
  error(text: string): void
}

/**
 * Reads `NAME|./path/to/plugin.js [options] [-- COMMAND ...]`.
 *
 * @param folder what a path is relative to.
 * @returns the call, or the exit code when help was asked for or something is wrong and the output says so.
 */
export async function readCommandLine(
  argv: readonly string[],
  folder: string,
  output: Output,
): Promise<AgentCall | number> {
  const separator = argv.indexOf('--')
  const [nameOrPath = '--help', ...args] = separator < 0 ? argv : argv.slice(0, separator)
  const command = separator < 0 ? [] : argv.slice(separator + 1)
  if (nameOrPath === '--help' || nameOrPath === '-h') {
    output.out(overview)
    return argv.length === 0 ? exitCode.usage : exitCode.ok
  }
  try {
    if (nameOrPath.startsWith('-')) throw new UsageError(`the agent's name comes first, then its options`)
    const agent = await loadAgent(nameOrPath, folder)
    const parsed = parser(agent, output)
    parsed.parse(args, { from: 'user' })
    checkCommand(agent, command, separator >= 0)
    // Commander has filled in each of the common options as they are declared.
    return { agent, common: parsed.opts<CommonOptions>(), options: parsed.opts(), command }
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    if (!(error instanceof UsageError)) throw error
    output.error(`error: ${error.message}\n`)
    return exitCode.usage
  }
}

const overview = `Usage: leasehold agent NAME [options] [-- COMMAND ...]
       leasehold agent ./path/to/plugin.js [options] [-- COMMAND ...]

Runs an agent: a process that holds leases and does something with them. These come with leasehold:

${builtInNames.map(name => `  ${name}\n`).join('')}
\`leasehold agent NAME --help\` tells more about each.

Examples:
  leasehold agent kubelet-heartbeat --node node-1
  leasehold agent scheduler-leader --help
  leasehold agent ./my-plugin.js --address 10.0.0.5:7070
`

function parser(agent: Agent, output: Output): Command {
  const parsed = new Command(`leasehold agent ${agent.name}`)
    .description(agent.description)
    .usage(agent.command === undefined ? '[options]' : '[options] [-- COMMAND ...]')
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeOut: text => output.out(text), writeErr: text => output.error(text) })
    .showHelpAfterError('(--help tells all options)')
  if (agent.command !== undefined) parsed.addHelpText('after', `\nCOMMAND: ${agent.command}`)
  if (agent.examples !== undefined) {
    const lines = agent.examples.map(example => `  leasehold agent ${agent.name} ${example}`)
    parsed.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  }
  const own = agent.options ?? {}
  for (const name of Object.keys(own)) {
    if (name in commonOptions) throw new UsageError(`options.${name} of ${agent.name} is one that every agent has`)
  }
  for (const option of commanderOptions(own, environmentPrefix(agent.name))) parsed.addOption(option)
  for (const option of commanderOptions(commonOptions, 'LEASEHOLD')) {
    parsed.addOption(option.helpGroup('Options of every agent:'))
  }
  return parsed
}

function checkCommand(agent: Agent, command: readonly string[], isGiven: boolean): void {
  if (isGiven && agent.command === undefined)
    throw new UsageError(`${agent.name} runs no command: leave out what follows --`)
  if (isGiven && (command[0] ?? '') === '') throw new UsageError('no command follows --')
}
