import type { AgentContext } from '../../../agents/runtime/agent.js'
import { type Hold, LeaseholdClient, type Session } from '../../../client/index.js'
import { randomInstance } from '../../../client/instance.js'
import type { Random } from '../../../clock/random.js'
import { silent } from '../../agents/fake-session.js'
import type { ActorPlan } from '../plan.js'
import { randomOf } from '../plan.js'
import { SimulatedProcess } from '../process.js'
import { SimulatedTransport } from '../transport.js'
import type { World } from '../world.js'
import type { Watched } from './watcher.js'

/** The namespace of every lease in the world. */
export const namespace = 'sim'

/** What a process believes of a lease: a hold of its session, or what it counts itself. */
export type Belief = Pick<Hold, 'name' | 'leaseDurationMs' | 'isHeld' | 'fencingToken'>

/** A client process: what it does is its type's; every hold that it has is seen by the invariants. */
export class Actor {
  readonly plan: ActorPlan
  readonly world: World
  readonly random: Random
  readonly process: SimulatedProcess
  /** Every process on its machine, which have the same clocks. */
  readonly machine: SimulatedProcess[]
  readonly client: LeaseholdClient
  /** Of its unary acquires. */
  instance: string
  /** Those that are not lost. */
  readonly holds = new Set<Belief>()
  /** Those that keep up. */
  readonly watches = new Set<Watched>()
  /** Aborted when the process is told to stop. */
  readonly stopping = new AbortController()
  /** Told that the process is gone, however it ended. */
  readonly whenGone = new Set<() => void>()
  #session: Session | undefined
  #work: Promise<unknown> = Promise.resolve()

  constructor(plan: ActorPlan, world: World, life: number) {
    this.plan = plan
    this.world = world
    this.random = randomOf(world.plan.seed, `${plan.name}/${life}`)
    this.process = new SimulatedProcess(plan.name, world.timeline, plan.clock)
    this.machine = [this.process]
    this.instance = randomInstance(this.random)
    this.client = new LeaseholdClient({
      addresses: [world.coordinator.name],
      clock: this.process,
      random: this.random,
      transport: () => new SimulatedTransport(world.network, this.process, world.coordinator),
    })
  }

  /** What the runtime gives an agent, on a session of its own whose holds the invariants look at. */
  context(): Pick<AgentContext, 'client' | 'session' | 'signal' | 'log' | 'clock' | 'random'> {
    const session = this.client.openSession()
    return {
      client: this.client,
      session: {
        acquire: options => this.watch(session.acquire(options)),
        close: options => session.close(options),
      },
      signal: this.stopping.signal,
      log: silent,
      clock: this.process,
      random: this.random,
    }
  }

  /** What it holds beside other leases. */
  get session(): Session {
    this.#session ??= this.client.openSession()
    return this.#session
  }

  /** From now on it resumes nothing that it acquired before. */
  renewInstance(): void {
    this.instance = randomInstance(this.random)
  }

  /** How long a lease lasts; in every third world hardly longer than it must, so that all that is slow costs leases. */
  leaseDurationMs(minMs: number, maxMs: number): number {
    const isTight = this.world.plan.seed % 3 === 0
    return Math.floor(this.between(minMs, isTight ? Math.min(1.5 * minMs, maxMs) : maxMs))
  }

  /** Some ms from the one to the other. */
  between(minMs: number, maxMs: number): number {
    return minMs + this.random.fraction() * (maxMs - minMs)
  }

  /** Work that a stop waits for. What it throws is no part of the plan. */
  does(work: Promise<unknown>): void {
    const done = work.catch(error => this.world.fail(`${this.process.name} failed: ${error?.stack ?? error}`))
    this.#work = Promise.all([this.#work, done])
  }

  /** SIGTERM: the work ends, leases are released, and the process is gone. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.#work
    await this.client.close()
    this.world.end(this)
  }

  /** Makes a hold one that the invariants look at. */
  watch(hold: Hold): Hold {
    this.holds.add(hold)
    hold.signal.addEventListener('abort', () => this.holds.delete(hold))
    return hold
  }
}
