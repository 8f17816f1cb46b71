import { dirname } from 'node:path'

/** What V8's profiler writes: a tree of calls, and which of them was on top when it looked, every so often. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** The id of the node on top. */
  readonly samples: readonly number[]
  /** Microseconds from the sample before, or from the start, to each. */
  readonly timeDeltas: readonly number[]
}

/** Time that something was on top of the stack. */
export interface SelfTime {
  readonly name: string
  readonly ms: number
  /** Of the time in which the process did something. */
  readonly share: number
}

export interface ProfileSummary {
  readonly busyMs: number
  readonly idleMs: number
  /** The most first. */
  readonly functions: readonly SelfTime[]
  /** Node itself, each npm package, each folder of leasehold. */
  readonly packages: readonly SelfTime[]
}

/**
 * Where the time of a process went.
 *
 * @param root the directory of leasehold's own files in the profile, with a slash at its end.
 */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile, root: string): ProfileSummary {
  const functions = new Map<string, number>()
  const packages = new Map<string, number>()
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  let [busyMs, idleMs] = [0, 0]
  for (const [i, id] of samples.entries()) {
    // What is on top is so until the next look.
    const ms = Math.max(0, timeDeltas[i + 1] ?? 0) / 1e3
    const frame = frames.get(id)
    if (frame === undefined) continue
    if (frame.functionName === '(idle)') {
      idleMs += ms
      continue
    }
    busyMs += ms
    const file = frame.url.replace(/^file:\/\//, '').replace(root, '')
    const place = file === '' ? '' : ` ${file}:${frame.lineNumber + 1}`
    add(functions, `${frame.functionName || '(anonymous)'}${place}`, ms)
    add(packages, packageOf(file, frame.functionName), ms)
  }
  return { busyMs, idleMs, functions: most(functions, busyMs), packages: most(packages, busyMs) }
}

/** The package or, of leasehold, the folder that a file is in. */
function packageOf(file: string, functionName: string): string {
  if (file === '') return functionName.startsWith('(') ? functionName : 'V8'
  if (file.startsWith('node:')) return 'node'
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]
  return installed ?? dirname(file)
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms)
}

const most = (times: ReadonlyMap<string, number>, busyMs: number): SelfTime[] =>
  [...times].map(([name, ms]) => ({ name, ms, share: ms / (busyMs || 1) })).sort((a, b) => b.ms - a.ms)

/** For a terminal: the functions that took most, then every package. */
export function profileText({ busyMs, idleMs, functions, packages }: ProfileSummary, count = 25): string {
  const line = ({ name, ms, share }: SelfTime): string =>
    `${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${name}`
  return [
    `busy for ${(busyMs / 1e3).toFixed(1)} s, idle for ${(idleMs / 1e3).toFixed(1)} s`,
    '',
    ...functions.slice(0, count).map(line),
    '',
    ...packages.map(line),
  ].join('\n')
}
