import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { parseDuration } from '../../clock/duration.js'
import { collectionRules, identityRules } from './collection-rules.js'

/** A flag, environment variable or key with a value that cannot be used; the message names it and says what can. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be HOST:PORT, as in 127.0.0.1:7070')
  .refine(text => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'has a port beyond 65535')

const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    const durationMs = parseDuration(String(value))
    if (durationMs > 0) return durationMs
    context.addIssue({ code: 'custom', message: 'must be more than 0' })
    return z.NEVER
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'is not a duration' })
    return z.NEVER
  }
})

const count = (min: number, max: number) => {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], rule)
    .refine(value => Number.isSafeInteger(value) && value >= min && value <= max, rule)
}

const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')],
  'must be true or false',
)

/** One setting: the name of its key in the file, what it takes, and what people read about it. */
interface Setting {
  /** What follows the flag; absent for one that is on or off. */
  readonly value?: string
  readonly about: string
  readonly type: z.ZodType
  readonly preset?: string | number | boolean
}

const settings = {
  listen: { value: 'HOST:PORT', about: 'where gRPC is served', type: hostAndPort, preset: '127.0.0.1:7070' },
  http: {
    value: 'HOST:PORT',
    about: 'where /healthz, /readyz and /metrics are served',
    type: hostAndPort,
    preset: '127.0.0.1:7071',
  },
  journal: {
    value: 'HOME',
    about: 'where leases are kept: lmdb:DIRECTORY, or memory: to forget them',
    type: z.string().min(1, 'must name a home, as in lmdb:./data'),
    preset: 'lmdb:./data',
  },
  nats: {
    value: 'URL',
    about: 'the NATS server that events go to',
    type: z.string().regex(/^(nats|tls|wss?):\/\/\S+$/, 'must be a URL, as in nats://127.0.0.1:4222'),
    preset: 'nats://127.0.0.1:4222',
  },
  noNats: { about: 'send no events', type: flag, preset: false },
  renewedEvents: { about: 'send an event for each renewal too, best effort', type: flag, preset: false },
  outboxLimit: {
    value: 'N',
    about: 'events that may wait for NATS before the oldest are given up',
    type: count(1, 100_000_000),
    preset: 1_000_000,
  },
  watchWindow: {
    value: 'N',
    about: 'changes that a watch can resume over',
    type: count(100, 10_000_000),
    preset: 50_000,
  },
  maxWaiters: { value: 'N', about: 'how many may wait for one lease', type: count(1, 100_000), preset: 1_000 },
  minLeaseDuration: { value: 'TIME', about: 'the shortest lease duration', type: duration, preset: '1s' },
  maxLeaseDuration: { value: 'TIME', about: 'the longest lease duration', type: duration, preset: '168h' },
  minFree: {
    value: 'MIB',
    about: 'with less free space, only renew, release and delete go on',
    type: count(0, 1_000_000_000),
    preset: 256,
  },
  snapshotEvery: {
    value: 'MIB',
    about: 'how much is appended to the journal between two snapshots',
    type: count(1, 1_000_000),
    preset: 64,
  },
  collect: {
    value: 'RULES',
    about: 'which leases are deleted when nobody has held them for a while: a list in YAML, [] for none',
    type: collectionRules,
    preset: identityRules,
  },
  logLevel: {
    value: 'LEVEL',
    about: 'trace, debug, info, warn, error or silent',
    type: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      'must be trace, debug, info, warn, error or silent',
    ),
    preset: 'info',
  },
} as const satisfies Record<string, Setting>

type Key = keyof typeof settings

/** What the coordinator runs with: durations in ms, sizes in MiB. */
export type Config = { readonly [K in Key]: z.infer<(typeof settings)[K]['type']> }

const dashed = (key: string): string => key.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
const flagOf = (key: string): string => `--${dashed(key)}`
const variableOf = (key: string): string => `LEASEHOLD_${dashed(key).replaceAll('-', '_').toUpperCase()}`

/** Adds a flag for every setting, and `--config`. */
export function addConfigOptions(command: Command): Command {
  command.option('--config <FILE>', 'read settings from a YAML file; flags and environment variables go before it')
  for (const [key, { value, about, preset }] of Object.entries(settings) as [Key, Setting][]) {
    const presetText = preset === undefined || preset === false ? '' : `, default ${preset}`
    // commander takes a flag that begins with --no- for the opposite of another; ours is one of its own.
    const option = new Option(
      `${flagOf(key)}${value === undefined ? '' : ` <${value}>`}`,
      `${about} (${variableOf(key)}${presetText})`,
    )
    option.negate = false
    command.addOption(option)
  }
  return command
}

/**
 * The settings from flags, else environment variables, else the file, else their presets.
 *
 * @param flags what commander read.
 * @throws ConfigError naming every key at fault.
 */
export function readConfig(flags: Record<string, unknown>, environment: Record<string, string | undefined>): Config {
  const path = typeof flags.config === 'string' ? flags.config : environment.LEASEHOLD_CONFIG
  const file = path === undefined ? {} : readFile(path)
  const faults = Object.keys(file)
    .filter(key => !Object.hasOwn(settings, key))
    .map(key => `${key} in ${path} is no setting: see leasehold coordinator --help`)
  const config: Record<string, unknown> = {}
  for (const [key, { type, preset }] of Object.entries(settings) as [Key, Setting][]) {
    const [source, value] = find(key, flags, environment, file, preset)
    const result = type.safeParse(value)
    if (result.success) config[key] = result.data
    else faults.push(`${source} ${result.error.issues[0]?.message ?? 'cannot be used'} (it is ${shown(value)})`)
  }
  const { minLeaseDuration, maxLeaseDuration } = config
  if (Number(minLeaseDuration) > Number(maxLeaseDuration))
    faults.push('minLeaseDuration must not be over maxLeaseDuration')
  if (faults.length > 0) throw new ConfigError(faults.join('; '))
  // Each key was read by the type of its setting.
  return config as unknown as Config
}

const shown = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : `"${String(value)}"`)

/** Where a setting's value comes from, for messages, and the value. */
function find(
  key: Key,
  flags: Record<string, unknown>,
  environment: Record<string, string | undefined>,
  file: Record<string, unknown>,
  preset: unknown,
): [string, unknown] {
  if (flags[key] !== undefined) return [flagOf(key), flags[key]]
  const variable = variableOf(key)
  if (environment[variable] !== undefined) return [variable, environment[variable]]
  if (Object.hasOwn(file, key)) return [key, file[key]]
  return [key, preset]
}

function readFile(path: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parseYaml(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw new ConfigError(`config: ${path} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`config: ${path} must be a mapping, as in "listen: 127.0.0.1:7070"`)
  }
  return content as Record<string, unknown>
}
