import type { Random } from '../../clock/random.js'
import { seededRandom } from '../support/virtual-random.js'
import type { DiskFaults } from './disk.js'
import type { ClockFaults } from './machine-clock.js'
import { drawNats, drawNatsFaults, type NatsFaultType, type NatsPlan } from './nats/nats-plan.js'
import type { NetworkFaults } from './network.js'

/** Something that goes wrong, from a time on and for a while. */
export interface Fault {
  readonly type: FaultType
  readonly atMs: number
  readonly lastsMs: number
  /** The process that it happens to; 'coordinator', 'nats', or an actor's name. */
  readonly at: string
}

export const faultTypes = [
  'crash',
  'stop',
  'twin',
  'pause',
  'suspend',
  'cut',
  'cutOneWay',
  'break',
  'halfOpen',
  'wallJump',
  'clockRate',
  'diskError',
  'diskStall',
  'diskFull',
] as const

/** Those that wait for a moment at which they are at their worst. */
export const guidedFaultTypes = ['stallAtDeadline', 'crashAtSnapshot'] as const
export type GuidedFaultType = (typeof guidedFaultTypes)[number]
export type FaultType = (typeof faultTypes)[number] | GuidedFaultType | NatsFaultType

/** A client process: what it does, and with which leases. */
export interface ActorPlan {
  readonly name: string
  readonly type: ActorType
  readonly leases: readonly string[]
  readonly clock: ClockFaults
}

export const actorTypes = ['worker', 'leader', 'presence', 'exclusive', 'caller', 'watcher'] as const
/** Those of a fleet of nodes, which is in some worlds beside the others. */
export const fleetTypes = ['node', 'monitor'] as const
/** Those that write leases as Kubernetes clients do, which are in some worlds beside the others. */
export const writerTypes = ['kubernetes'] as const
export type ActorType = (typeof actorTypes)[number] | (typeof fleetTypes)[number] | (typeof writerTypes)[number]

/** How often the coordinator takes snapshots, and how many leases it writes at a stretch. */
export interface SnapshotPlan {
  readonly everyBytes: number
  readonly sliceSize: number
}

/** All of a world: the same plan is the same history. What a seed draws, and what shrinking takes away from. */
export interface Plan {
  readonly seed: number
  /** Faults happen, and are over, before this time. */
  readonly durationMs: number
  /** What comes after it: time for all that was wanted to come about. */
  readonly quietMs?: number
  readonly network: NetworkFaults
  readonly disk: DiskFaults
  readonly coordinatorClock: ClockFaults
  readonly snapshots: SnapshotPlan
  /** A lease that nobody holds for so long goes by itself; absent: none does. */
  readonly collectExpiredForMs?: number
  /** Undefined: the coordinator runs without NATS. */
  readonly nats: NatsPlan | undefined
  readonly actors: readonly ActorPlan[]
  readonly faults: readonly Fault[]
}

/** Random numbers for one part of a world, which stay the same when other parts are taken away. */
export function randomOf(seed: number, part: string): Random {
  let hash = seed | 0
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193) + 0x9e3779b9
  return seededRandom(hash >>> 0)
}

/** Draws a world, swarm style: each seed decides which faults there are at all, and how hard they are. */
export function drawPlan(seed: number, durationMs = 90_000): Plan {
  const random = randomOf(seed, 'plan')
  const between = (min: number, max: number): number => min + random.fraction() * (max - min)
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random.fraction() * choices.length)] as T
  const clock = (): ClockFaults => drawClock(random)
  const leases = ['a', 'b', 'c'].slice(0, 1 + Math.floor(random.fraction() * 3))
  const actors = Array.from(
    { length: 2 + Math.floor(random.fraction() * 4) },
    (_, index): ActorPlan => ({
      name: `actor-${index}`,
      type: pick(actorTypes),
      leases: leases.filter(() => random.fraction() < 0.7),
      clock: clock(),
    }),
  )
  const guided = guidedTypeOf(seed)
  const fleet = drawFleet(randomOf(seed, 'fleet'))
  const writers = drawWriters(randomOf(seed, 'electors'), leases, durationMs)
  const types = faultTypes.filter(() => random.fraction() < 0.5)
  const faults: Fault[] = []
  const pace = between(2_000, 40_000)
  for (let atMs = between(0, pace); types.length > 0 && atMs < durationMs; atMs += between(0, pace)) {
    const at = random.fraction() < 0.4 ? 'coordinator' : pick([...actors, ...fleet]).name
    faults.push({ type: pick(types), atMs, lastsMs: between(0, pick([500, 5_000, 40_000])), at })
  }
  return {
    seed,
    durationMs,
    quietMs: 45_000,
    network: {
      latencyMs: pick([0.5, 2, 20]),
      slowShare: pick([0, 0.01, 0.1]),
      slowMs: pick([100, 1_000, 8_000]),
      fillsBuffers: randomOf(seed, 'buffers').fraction() < (guided === 'stallAtDeadline' ? 0.8 : 0.4),
    },
    disk: { flushMs: pick([0.3, 1, 10]), slowShare: pick([0, 0.01, 0.05]), slowMs: pick([50, 500, 3_000]) },
    coordinatorClock: clock(),
    actors: [...actors, ...fleet, ...writers.actors],
    ...drawBackground(seed, guided),
    faults: [
      ...faults,
      ...writers.faults,
      ...drawNatsFaults(randomOf(seed, 'nats faults'), durationMs),
      ...drawGuidedFaults(guided, randomOf(seed, 'guided faults'), durationMs),
    ].map(fault => ({
      ...fault,
      lastsMs: Math.min(fault.lastsMs, durationMs - fault.atMs),
    })),
  }
}

const drawClock = (random: Random): ClockFaults => ({
  rate: 0.99 + random.fraction() * 0.02,
  wallOffsetMicros: Math.round((random.fraction() * 2 - 1) * 3.6e9),
})

/** Nodes and their monitors. */
function drawFleet(random: Random): ActorPlan[] {
  if (random.fraction() < 0.7) return []
  const some = (type: ActorType, most: number): ActorPlan[] =>
    Array.from({ length: 1 + Math.floor(random.fraction() * most) }, (_, index) => ({
      name: `${type}-${index}`,
      type,
      leases: ['x', 'y'].slice(0, type === 'node' ? 2 : 1),
      clock: drawClock(random),
    }))
  return [...some('node', 3), ...some('monitor', 2)]
}

/** Those that write the leases of the others, and what goes wrong with them. */
function drawWriters(random: Random, leases: readonly string[], durationMs: number): Pick<Plan, 'actors' | 'faults'> {
  if (random.fraction() < 0.6) return { actors: [], faults: [] }
  const actors = Array.from(
    { length: 1 + Math.floor(random.fraction() * 3) },
    (_, index): ActorPlan => ({
      name: `writer-${index}`,
      type: 'kubernetes',
      leases: leases.filter(() => random.fraction() < 0.7),
      clock: drawClock(random),
    }),
  )
  const types = faultTypes.filter(() => random.fraction() < 0.3)
  const faults = types.flatMap(type =>
    actors.map(({ name }): Fault => {
      const atMs = random.fraction() * durationMs
      return { type, atMs, lastsMs: random.fraction() * 10_000, at: name }
    }),
  )
  return { actors, faults }
}

/** Two worlds of three have guided faults, of one type. */
const guidedTypeOf = (seed: number): GuidedFaultType | undefined =>
  guidedFaultTypes[Math.floor(randomOf(seed, 'guided').fraction() * 1.5 * guidedFaultTypes.length)]

function drawGuidedFaults(type: GuidedFaultType | undefined, random: Random, durationMs: number): Fault[] {
  if (type === undefined) return []
  return Array.from({ length: 1 + Math.floor(random.fraction() * 8) }, () => ({
    type,
    atMs: random.fraction() * durationMs,
    lastsMs: random.fraction() * 5_000,
    at: 'coordinator',
  }))
}

/** What is drawn apart, so that the rest of a world stays as it is. */
function drawBackground(
  seed: number,
  guided: GuidedFaultType | undefined,
): Pick<Plan, 'snapshots' | 'nats' | 'collectExpiredForMs'> {
  const random = randomOf(seed, 'snapshots')
  // Where snapshots are what it is about, there are many of them, and slow ones.
  const isOfSnapshots = guided === 'crashAtSnapshot'
  const everyBytes = [1_000, isOfSnapshots ? 3_000 : 10_000, 100_000][Math.floor(random.fraction() * 3)] ?? 0
  const sliceSize = random.fraction() < (isOfSnapshots ? 0.8 : 0.5) ? 1 : 1_000
  const draw = randomOf(seed, 'collection').fraction()
  return {
    snapshots: { everyBytes, sliceSize },
    nats: drawNats(randomOf(seed, 'nats')),
    ...(draw < 0.7 ? { collectExpiredForMs: draw < 0.4 ? 0 : 3_000 } : {}),
  }
}
