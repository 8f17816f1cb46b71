import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SeedResult } from './seed-result.js'

export interface RunSeedsOptions {
  readonly seeds: Iterable<number>
  /** Told of every seed, in the order in which they end. */
  readonly onResult: (result: SeedResult) => void
  /** Where the sources are, compiled or not; by default here. */
  readonly root?: string
  readonly workers?: number
}

/** The root of the sources that this is one of. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A world that takes longer hangs. */
const longestWorldMs = 60_000

/** Runs the worlds of the seeds on all processors, each worker a process with the sources of `root`. */
export async function runSeeds(options: RunSeedsOptions): Promise<void> {
  const { seeds, onResult, root: from = root, workers = availableParallelism() } = options
  const iterator = seeds[Symbol.iterator]()
  const next = (): number | undefined => {
    const { value, done } = iterator.next()
    return done ? undefined : value
  }
  await Promise.all(Array.from({ length: workers }, () => runWorker(from, next, onResult)))
}

/** One worker after another, until there are no more seeds: one that hangs or ends breaks its world, and is replaced. */
async function runWorker(
  from: string,
  next: () => number | undefined,
  onResult: (result: SeedResult) => void,
): Promise<void> {
  let worker: ChildProcess | undefined
  for (let seed = next(); seed !== undefined; seed = next()) {
    worker ??= start(from)
    const result = await run(worker, seed)
    if (worker.exitCode !== null || worker.signalCode !== null) worker = undefined
    onResult(result)
  }
  worker?.disconnect()
}

/** Most of what a world makes does not outlive it: the more room there is for what is new, the less is copied. */
const workerFlags = ['--max-semi-space-size=64', '--expose-gc']

function start(from: string): ChildProcess {
  const file = join(from, 'test/simulation/runner/worker')
  const isCompiled = existsSync(`${file}.js`)
  return fork(isCompiled ? `${file}.js` : `${file}.ts`, {
    cwd: from,
    execArgv: isCompiled ? workerFlags : ['--import=tsx', ...workerFlags],
    stdio: 'inherit',
  })
}

function run(worker: ChildProcess, seed: number): Promise<SeedResult> {
  return new Promise(resolve => {
    let why = 'the process of the world has ended'
    const timer = setTimeout(() => {
      why = `the world took longer than ${longestWorldMs / 1e3} s`
      worker.kill('SIGKILL')
    }, longestWorldMs)
    const finish = (result: SeedResult): void => {
      clearTimeout(timer)
      worker.off('message', heard)
      worker.off('exit', ended)
      resolve(result)
    }
    // The worker sends nothing else.
    const heard = (message: unknown): void => finish(message as SeedResult)
    const ended = (): void => {
      finish({ seed, broken: why, seenBy: 'runner', counts: {}, steps: 0, virtualMs: 0, memoryBytes: 0 })
    }
    worker.on('message', heard)
    worker.on('exit', ended)
    worker.send(seed)
  })
}
