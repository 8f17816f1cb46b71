import type { Option } from 'commander'
import { outputFormats } from '../leasectl/output.js'
import { type CommandLine, optionsOf } from './command-line.js'

/** What a word may become. */
export interface Completion {
  readonly text: string
  /** A few words on it. */
  readonly about?: string
}

/** Names that only the coordinator knows; what cannot be told in time is left out. */
export interface Names {
  namespaces(): Promise<readonly string[]>
  /** Leases whose names begin so; of all namespaces when it is ''. */
  leases(
    namespace: string,
    beginning: string,
  ): Promise<readonly { readonly namespace: string; readonly name: string }[]>
}

/** Completions of the word at the cursor, or 'files' where the shell itself knows better. */
export async function completionsOf(line: CommandLine, names: Names): Promise<readonly Completion[] | 'files'> {
  const { option, current, prefix } = line
  if (line.isForeign || option?.attributeName() === 'filename') return 'files'
  const all = option === undefined ? await words(line, names) : await valuesOf(option, names)
  return all
    .filter(({ text }) => text.startsWith(current))
    .map(completion => ({ ...completion, text: `${prefix}${completion.text}` }))
}

const plain = (texts: readonly string[]): Completion[] => texts.map(text => ({ text }))

async function valuesOf(option: Option, names: Names): Promise<Completion[]> {
  if (option.argChoices !== undefined) return plain(option.argChoices)
  if (option.attributeName() === 'namespace') return plain(await names.namespaces())
  return option.attributeName() === 'output' ? plain([...outputFormats, 'jsonpath=']) : []
}

async function words(line: CommandLine, names: Names): Promise<Completion[]> {
  const { command, operands, current, argument } = line
  if (current.startsWith('-')) return flags(line)
  if (command.commands.length > 0 && operands.length === 0) {
    const verbs = command.createHelp().visibleCommands(command)
    return verbs.map(verb => ({ text: verb.name(), about: verb.summary() || verb.description() }))
  }
  if (argument?.argChoices !== undefined) return plain(argument.argChoices)
  if (argument?.name() === 'resource') return resources(line, names)
  if (argument?.name() === 'names' || argument?.name() === 'name') {
    const found = await names.leases(namespaceOf(line), current)
    return plain(found.map(({ name }) => name).filter(name => !operands.includes(name)))
  }
  if (argument?.name() === 'lease') return plain(await leasePaths(line, names))
  return []
}

/** The flags that are not given yet. */
const flags = ({ command, options }: CommandLine): Completion[] => [
  ...optionsOf(command)
    .filter(option => !option.hidden && !options.has(option.attributeName()))
    .map(option => ({ text: option.long ?? option.short ?? '', about: option.description })),
  { text: '--help', about: 'help for this command' },
]

/** `leases`, or `lease/NAME`. */
async function resources(line: CommandLine, names: Names): Promise<Completion[]> {
  const { current, options } = line
  const [kind = '', beginning] = current.split('/')
  if (beginning === undefined) {
    const kinds = line.command.name() === 'delete' ? ['lease', 'leases'] : ['lease', 'leases', 'node', 'nodes']
    return plain(kinds)
  }
  const namespace = kind.startsWith('node') && !options.has('namespace') ? 'kube-node-lease' : namespaceOf(line)
  return plain((await names.leases(namespace, beginning)).map(({ name }) => `${kind}/${name}`))
}

/** NAME in the namespace of -n, and without -n NAMESPACE/NAME of any. */
async function leasePaths(line: CommandLine, names: Names): Promise<string[]> {
  const { current, options } = line
  const given = options.get('namespace')
  if (given !== undefined) return (await names.leases(given, current)).map(({ name }) => name)
  const [namespace = '', beginning] = current.split('/')
  const found = beginning === undefined ? await names.leases('', '') : await names.leases(namespace, beginning)
  return found.map(lease => `${lease.namespace}/${lease.name}`)
}

/** Where a name is looked for; nodes have a namespace of their own. */
function namespaceOf({ options, operands: [kind = ''] }: CommandLine): string {
  const given = options.get('namespace')
  return given ?? (kind.startsWith('node') ? 'kube-node-lease' : 'default')
}
