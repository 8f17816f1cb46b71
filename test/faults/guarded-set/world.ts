import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { LeaseholdClient } from '../../../client/index.js'
import { CoordinatorProcess, temporaryDirectory } from '../../support/coordinator-process.js'
import { checkLease, described } from '../history/linearizability.js'
import { operationsOf } from '../history/operation.js'
import { recordingClient } from '../history/recording-client.js'
import { GuardedSet } from './guarded-set.js'
import { WriterProcess } from './writer-process.js'

const lookEveryMs = 50

export interface WorldOptions {
  readonly checksTokens: boolean
  readonly leaseDurationMs: number
  /** Writers that hold the lease by a session. */
  readonly sessions: number
  /** Writers that hold it by single calls. */
  readonly callers: number
  /** More environment, of coordinator and writers. */
  readonly env?: {
    readonly coordinator: Readonly<Record<string, string>>
    readonly writers: Readonly<Record<string, string>>
  }
}

/** A coordinator, writers, the set that they add to, and somebody who looks at the lease all the time. */
export class World {
  readonly coordinator: CoordinatorProcess
  readonly set: GuardedSet
  readonly writers: readonly WriterProcess[]
  readonly leaseDurationMs: number
  readonly #observer: LeaseholdClient
  readonly #observed: string
  readonly #end = new AbortController()
  readonly #observing: Promise<void>

  private constructor(
    coordinator: CoordinatorProcess,
    set: GuardedSet,
    writers: readonly WriterProcess[],
    leaseDurationMs: number,
    observed: string,
  ) {
    this.coordinator = coordinator
    this.set = set
    this.writers = writers
    this.leaseDurationMs = leaseDurationMs
    this.#observed = observed
    this.#observer = recordingClient(coordinator.address, { path: observed, process: 'observer' })
    this.#observing = this.#observe()
  }

  /** Starts all of it and waits until every writer has added something. */
  static async start(t: ExecutionContext, options: WorldOptions): Promise<World> {
    const { checksTokens, leaseDurationMs, sessions, callers, env } = options
    const folder = await temporaryDirectory(t)
    const set = await GuardedSet.start(t, { checksTokens })
    const coordinator = await CoordinatorProcess.start(t, { ...(env === undefined ? {} : { env: env.coordinator }) })
    const writers = await Promise.all(
      Array.from({ length: sessions + callers }, (_, index) =>
        WriterProcess.start(t, {
          ...{ address: coordinator.address, set: set.url, folder, leaseDurationMs, isUnary: index >= sessions },
          name: `${index >= sessions ? 'caller' : 'session'}-${index}`,
          ...(env === undefined ? {} : { env: env.writers }),
        }),
      ),
    )
    const world = new World(coordinator, set, writers, leaseDurationMs, join(folder, 'observer.jsonl'))
    t.teardown(() => world.#stopObserving())
    await Promise.all(writers.map(writer => writer.adds()))
    return world
  }

  /** Ends the writers, and looks for an order that explains their histories; returns how many operations that were. */
  async checkHistories(t: ExecutionContext): Promise<{ histories: number; operations: number; acquires: number }> {
    await Promise.all(this.writers.map(writer => writer.kill()))
    await this.#stopObserving()
    const paths = [this.#observed, ...this.writers.flatMap(({ histories }) => histories)]
    const operations = operationsOf(...paths.map(path => readFileSync(path, 'utf8')))
    const verdict = checkLease(operations)
    t.true(verdict.isLinearizable, described(verdict))
    const acquires = operations.filter(({ outcome }) => outcome.type === 'acquired').length
    return { histories: 1, operations: operations.length, acquires }
  }

  async #observe(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      await this.#observer.get({ namespace: 'default', name: 'set' }, { signal, timeoutMs: 1_000 }).catch(() => {})
      await new Promise(resolve => setTimeout(resolve, lookEveryMs))
    }
  }

  async #stopObserving(): Promise<void> {
    this.#end.abort()
    await this.#observing
    await this.#observer.close({ release: false })
  }
}
