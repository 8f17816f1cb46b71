import { type Hold, LeaseholdClient } from '../../../client/index.js'
import type { Random } from '../../../clock/random.js'
import type { ActorPlan } from '../plan.js'
import { randomOf } from '../plan.js'
import { SimulatedProcess } from '../process.js'
import { SimulatedTransport } from '../transport.js'
import type { World } from '../world.js'

/** The namespace of every lease in the world. */
export const namespace = 'sim'

/** A client process: what it does is its type's; every hold that it has is seen by the invariants. */
export class Actor {
  readonly plan: ActorPlan
  readonly world: World
  readonly random: Random
  readonly process: SimulatedProcess
  readonly client: LeaseholdClient
  /** Those that are not lost. */
  readonly holds = new Set<Hold>()

  constructor(plan: ActorPlan, world: World, life: number) {
    this.plan = plan
    this.world = world
    this.random = randomOf(world.plan.seed, `${plan.name}/${life}`)
    this.process = new SimulatedProcess(plan.name, world.timeline, plan.clock)
    this.client = new LeaseholdClient({
      addresses: [world.coordinator.name],
      clock: this.process,
      random: this.random,
      transport: () => new SimulatedTransport(world.network, this.process, world.coordinator),
    })
  }

  /** Makes a hold one that the invariants look at. */
  watch(hold: Hold): Hold {
    this.holds.add(hold)
    hold.signal.addEventListener('abort', () => this.holds.delete(hold))
    return hold
  }
}
