import type { CollectionRule } from '../../services/coordinator/lease/collection.js'
import { Actor, namespace } from './actors/actor.js'
import { acts } from './actors/acts.js'
import type { Command } from './actors/guardian.js'
import { SimulatedCoordinator } from './coordinator.js'
import { SimulatedDisk } from './disk.js'
import { faults } from './faults.js'
import { DurableHistory } from './history.js'
import { invariants } from './invariants/index.js'
import type { Invariant } from './invariants/invariant.js'
import { SimulatedNats } from './nats/server.js'
import { Network } from './network.js'
import { type ActorPlan, type Fault, type Plan, randomOf } from './plan.js'
import { GuardedResource } from './resource.js'
import { settled, Timeline } from './timeline.js'

/** A promise was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
  /** Who saw it: the name of an invariant. */
  readonly seenBy: string

  constructor(seenBy: string, message: string) {
    super(message)
    this.seenBy = seenBy
  }
}

/** A rule for all leases. */
const collectionRules = ({ collectExpiredForMs }: Plan): CollectionRule[] =>
  collectExpiredForMs === undefined ? [] : [{ namespace, matches: () => true, expiredForMs: collectExpiredForMs }]

/** How long a process that crashed is down. */
const restartMs = 500

/** A coordinator, its disk, clients and what guards them, on one timeline, with all that goes wrong as planned. */
export class World {
  readonly plan: Plan
  readonly timeline = new Timeline()
  readonly network: Network
  readonly coordinator: SimulatedCoordinator
  readonly history: DurableHistory
  /** Undefined: the coordinator runs without. */
  readonly nats: { readonly server: SimulatedNats; readonly network: Network } | undefined
  readonly resource: GuardedResource
  readonly actors = new Set<Actor>()
  /** Groups of processes that run under a guardian. */
  readonly commands = new Set<Command>()
  readonly counts = new Map<string, number>()
  /** What happened, for whoever looks at a failure. */
  readonly trace: string[] = []
  /** Nobody begins anything new. */
  isOver = false
  readonly #invariants: readonly { readonly seenBy: string; readonly invariant: Invariant }[]
  #lives = 0
  #failure: Broken | undefined

  constructor(plan: Plan) {
    const { seed, network, disk, coordinatorClock } = plan
    this.plan = plan
    this.network = new Network(this.timeline, randomOf(seed, 'network'), network)
    this.resource = new GuardedResource(this.timeline, randomOf(seed, 'resource'))
    const simulatedDisk = new SimulatedDisk(this.timeline, randomOf(seed, 'disk'), disk)
    const random = randomOf(seed, 'coordinator')
    this.history = new DurableHistory(this.timeline, simulatedDisk.store)
    if (plan.nats !== undefined) {
      this.nats = {
        server: new SimulatedNats(this.timeline, randomOf(seed, 'nats server'), plan.nats),
        network: new Network(this.timeline, randomOf(seed, 'nats network'), plan.nats.network),
      }
    }
    this.coordinator = new SimulatedCoordinator('coordinator', this.timeline, random, coordinatorClock, simulatedDisk, {
      random: randomOf(seed, 'background'),
      snapshots: plan.snapshots,
      collectionRules: collectionRules(plan),
      nats: this.nats,
      count: what => this.count(what),
      note: text => this.note(text),
    })
    this.coordinator.onEnd = process => {
      this.network.lost(process)
      this.nats?.network.lost(process)
    }
    this.coordinator.onFailure = () => this.timeline.after(restartMs, () => this.coordinator.start())
    this.#invariants = invariants.map(make => ({ seenBy: make.name, invariant: make(this) }))
    this.coordinator.start()
    for (const actorPlan of plan.actors) this.live(actorPlan)
    for (const fault of plan.faults) this.timeline.after(fault.atMs, () => this.#happen(fault))
    this.timeline.after(plan.durationMs, () => {
      this.network.isCalm = true
      simulatedDisk.isCalm = true
    })
  }

  /** Runs to the end. @throws Broken */
  async run(): Promise<void> {
    const { durationMs, quietMs = 0 } = this.plan
    while (this.timeline.step(durationMs + quietMs)) {
      await settled()
      if (this.#failure !== undefined) throw this.#failure
      for (const { seenBy, invariant } of this.#invariants) {
        const broken = invariant.check()
        if (broken !== undefined) throw this.#broken(seenBy, broken)
      }
    }
    for (const { seenBy, invariant } of this.#invariants) {
      const broken = await invariant.checkEnd?.()
      if (broken !== undefined) throw this.#broken(seenBy, broken)
    }
  }

  /** Says what is broken, for whoever sees it where it happens. */
  fail(broken: string, seenBy = 'world'): void {
    this.#failure ??= this.#broken(seenBy, broken)
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by)
  }

  note(text: string): void {
    this.trace.push(`${this.timeline.nowMs.toFixed(3)} ${text}`)
  }

  /** A process of an actor begins to live. */
  live(plan: ActorPlan): void {
    const actor = new Actor(plan, this, this.#lives++)
    this.actors.add(actor)
    for (const lease of plan.leases) acts[plan.type](actor, lease)
  }

  /** A process of an actor is gone. */
  end(actor: Actor): void {
    actor.process.kill()
    this.network.lost(actor.process)
    this.actors.delete(actor)
    for (const hear of actor.whenGone) hear()
  }

  #broken(seenBy: string, broken: string): Broken {
    return new Broken(seenBy, `at ${this.timeline.nowMs.toFixed(3)} ms: ${broken}`)
  }

  #happen(fault: Fault): void {
    const { type, at, lastsMs } = fault
    this.count(`fault ${type}`)
    this.note(`${type} of ${at} for ${lastsMs.toFixed(0)} ms`)
    faults[type](this, fault)
  }
}
