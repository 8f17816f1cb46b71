import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Agent } from './agent.js'
import { UsageError } from './usage-error.js'

/** The agents that come with leasehold; each is loaded only when it is asked for. */
const builtIn: Readonly<Record<string, () => Promise<{ agent: Agent }>>> = {
  'apiserver-identity': async () => anyOptions(await import('../apiserver-identity/agent.js')),
  'kubelet-heartbeat': async () => anyOptions(await import('../kubelet-heartbeat/agent.js')),
  'node-monitor': async () => anyOptions(await import('../node-monitor/agent.js')),
  'scheduler-leader': async () => anyOptions(await import('../scheduler-leader/agent.js')),
}

export const builtInNames: readonly string[] = Object.keys(builtIn)

/**
 * Loads a plugin: one that comes with leasehold by its name, any other by the path of its file.
 *
 * @throws UsageError that says what is wrong with the name, the path or the file.
 */
export async function loadAgent(nameOrPath: string, folder: string): Promise<Agent> {
  if (isPath(nameOrPath)) return loadFile(resolve(folder, nameOrPath))
  const load = Object.hasOwn(builtIn, nameOrPath) ? builtIn[nameOrPath] : undefined
  if (load) return (await load()).agent
  throw new UsageError(
    `there is no agent "${nameOrPath}"; those that come with leasehold are ${builtInNames.join(', ')}, ` +
      `and one of your own is named by its path, as in ./${nameOrPath}.js`,
  )
}

const isPath = (text: string): boolean => /[/\\]/.test(text) || ['.js', '.mjs', '.ts', '.mts'].includes(extname(text))

async function loadFile(path: string): Promise<Agent> {
  const module = await importFile(path)
  const { agent } = module
  if (agent === undefined) {
    throw new UsageError(`${path} exports no agent: write \`export const agent = { name, description, run }\` in it`)
  }
  const wrong = whatIsWrong(agent)
  // What was checked is what the type says, as far as the runtime relies on it.
  if (wrong === undefined) return agent as Agent
  throw new UsageError(`the agent that ${path} exports is not one: ${wrong}`)
}

async function importFile(path: string): Promise<{ agent?: unknown }> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    const { code, message, stack } = error as NodeJS.ErrnoException
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${path}'`)
    throw new UsageError(isMissing ? `there is no file ${path}` : `${path} could not be loaded: ${stack ?? message}`)
  }
}

function whatIsWrong(agent: unknown): string | undefined {
  if (typeof agent !== 'object' || agent === null) return 'it is not an object'
  const { name, description, run, options = {}, command, leasesAtExit } = agent as Partial<Record<keyof Agent, unknown>>
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return 'name must be lower-case words joined by dashes'
  }
  if (typeof description !== 'string') return 'description must be a text'
  if (typeof run !== 'function') return 'run must be a function'
  if (command !== undefined && typeof command !== 'string') return 'command must be a text'
  if (leasesAtExit !== undefined && leasesAtExit !== 'release' && leasesAtExit !== 'leave') {
    return "leasesAtExit must be 'release' or 'leave'"
  }
  if (typeof options !== 'object' || options === null) return 'options must be an object'
  for (const [option, declaration] of Object.entries(options)) {
    if (!/^[a-z][a-zA-Z0-9]*$/.test(option)) return `options.${option} must be named in camelCase`
    if (!['text', 'integer', 'duration', 'flag'].includes(declaration?.type)) {
      return `options.${option}.type must be 'text', 'integer', 'duration' or 'flag'`
    }
    if (typeof declaration.description !== 'string') return `options.${option}.description must be a text`
  }
  return undefined
}

/** The runtime gives each agent the values of its own options, so that it need not know their types. */
const anyOptions = (module: { agent: unknown }): { agent: Agent } => module as { agent: Agent }
