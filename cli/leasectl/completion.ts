import { Argument, Command } from 'commander'
import type { LeaseholdClient, LeaseName } from '../../client/index.js'
import { readCommandLine } from '../completion/command-line.js'
import { completionsOf, type Names } from '../completion/completions.js'
import { answeringVerb, completionScripts, filesLine } from '../completion/scripts.js'
import type { Surroundings } from '../surroundings.js'
import { withClient } from './connection.js'
import type { GlobalOptions } from './global-options.js'

/** How long somebody who types waits for names. */
const boundMs = 1_000

/** The most names that are offered. */
const maxNames = 1_000

type Shell = keyof typeof completionScripts

/** `leasectl completion`: what a shell loads to complete leasectl's commands. */
export const completionCommand = ({ out }: Surroundings): Command =>
  new Command('completion')
    .summary('print what makes a shell complete leasectl')
    .description(
      'Prints a script for a shell to load, which completes verbs, flags and their values, and the names of leases and\n' +
        'namespaces as the coordinator has them.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(completionScripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(leasectl completion bash)
  leasectl completion zsh > ~/.zfunc/_leasectl
  leasectl completion fish > ~/.config/fish/completions/leasectl.fish`,
    )
    .action((shell: Shell) => out(completionScripts[shell]))

/** What those scripts call. */
export const completeCommand = (surroundings: Surroundings): Command =>
  new Command(answeringVerb)
    .argument('[words...]')
    .helpOption(false)
    .action(async (words: string[], options: GlobalOptions, verb: Command) => {
      const line = readCommandLine(verb.parent ?? verb, words)
      const address = line.options.get('address') ?? options.address
      const completions = await completionsOf(line, namesAt(address, surroundings))
      if (completions === 'files') return surroundings.out(`${filesLine}\n`)
      const lines = completions.map(({ text, about }) => (about ? `${text}\t${about.replaceAll(/\s+/g, ' ')}` : text))
      surroundings.out(lines.map(text => `${text}\n`).join(''))
    })

/** Names from a coordinator; none where there is none, since a completion has nobody to tell what is wrong. */
function namesAt(address: string, surroundings: Surroundings): Names {
  async function collect(namespace: string, wanted: (lease: LeaseName) => boolean): Promise<readonly LeaseName[]> {
    const found: LeaseName[] = []
    const { clock, signal } = surroundings
    const endMs = clock.monotonicMs() + boundMs
    const work = async (client: LeaseholdClient): Promise<void> => {
      for await (const page of client.list({ namespace, pageSize: 1_000 }, { timeoutMs: boundMs, signal })) {
        found.push(...page.leases.filter(wanted))
        if (found.length >= maxNames || clock.monotonicMs() >= endMs) return
      }
    }
    await withClient({ address }, surroundings, work, 0).catch(() => undefined)
    return found
  }
  return {
    async namespaces() {
      const namespaces = new Set<string>()
      await collect('', ({ namespace }) => !namespaces.has(namespace) && namespaces.add(namespace) !== undefined)
      return [...namespaces]
    },
    leases: (namespace, beginning) => collect(namespace, ({ name }) => name.startsWith(beginning)),
  }
}
