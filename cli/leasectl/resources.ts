import { CommandError, exitCodes } from '../run-program.js'

/** What a verb can be asked about: leases, or nodes, which are leases of their own namespace. */
export type Kind = 'lease' | 'node'

export interface Resources {
  readonly kind: Kind
  /** Empty: all of them. */
  readonly names: readonly string[]
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...['lease', 'leases', 'lease.coordination.k8s.io', 'leases.coordination.k8s.io'].map(
    word => [word, 'lease'] as const,
  ),
  ...['node', 'nodes'].map(word => [word, 'node'] as const),
])

/**
 * Reads what a verb is about: `leases`, `lease NAME...`, or `lease/NAME...`.
 *
 * @throws CommandError that says how to write it.
 */
export function parseResources([first = '', ...rest]: readonly string[]): Resources {
  if (!first.includes('/')) {
    const wrong = rest.find(name => name.includes('/'))
    if (wrong !== undefined)
      throw usage(`"${wrong}" has a kind of its own: leave "${first}" out, or write the name alone`)
    return { kind: kindOf(first), names: rest }
  }
  const paths = [first, ...rest].map(path => {
    const [word = '', name = '', ...more] = path.split('/')
    if (name === '' || more.length > 0) throw usage(`"${path}" is no name: write lease/NAME`)
    return { kind: kindOf(word), name }
  })
  const [kind = 'lease', ...others] = new Set(paths.map(path => path.kind))
  if (others.length > 0) throw usage('leases and nodes cannot be asked for together')
  return { kind, names: paths.map(path => path.name) }
}

function kindOf(word: string): Kind {
  const kind = kinds.get(word)
  if (kind === undefined) throw usage(`there are only leases and nodes, no "${word}"`)
  return kind
}

const usage = (message: string): CommandError => new CommandError(message, exitCodes.usage)
