import type { Random } from '../../../clock/random.js'
import { streamSubjects } from '../../../services/coordinator/feed/cloud-event.js'
import type { NetworkFaults } from '../network.js'
import type { Fault } from '../plan.js'

/** How a stream is made. */
export interface StreamPlan {
  readonly subjects: readonly string[]
  readonly duplicateWindowMs: number
  /** Beyond so many the oldest go. */
  readonly maxMessages: number
}

/** The NATS server of a world, and what the coordinator tells it. */
export interface NatsPlan {
  readonly hasJetStream: boolean
  /** How long JetStream takes at most to be there after a start, in ms. */
  readonly readyMs: number
  readonly maxPayload: number
  /** A stream that an operator has made beforehand; undefined: the coordinator makes it. */
  readonly stream: StreamPlan | undefined
  /** The shares of messages that never reach the stream, and of acknowledgements that never leave it. */
  readonly lostMessages: number
  readonly lostAcks: number
  readonly network: NetworkFaults
  readonly renewedEvents: boolean
  readonly outboxLimit: number
}

/**
 * What goes wrong with NATS: gone, hung, unreachable, cut off at once, slow, late to read what its connections of now
 * say, its stream deleted or emptied, or written to by others; and changes in bursts, more than it takes at once.
 */
export const natsFaultTypes = [
  'natsAway',
  'natsPause',
  'natsCut',
  'natsBreak',
  'natsSlow',
  'natsStall',
  'streamDeleted',
  'streamPurged',
  'stray',
  'churn',
] as const
export type NatsFaultType = (typeof natsFaultTypes)[number]

/** Draws the NATS of a world; a few worlds have none. */
export function drawNats(random: Random): NatsPlan | undefined {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random.fraction() * choices.length)] as T
  const [isAbsent, hasJetStream, hasStream] = [
    random.fraction() < 0.05,
    random.fraction() < 0.85,
    random.fraction() < 0.4,
  ]
  const [isPartial, keepsRenewals] = [random.fraction() < 0.2, random.fraction() < 0.5]
  const plan: NatsPlan = {
    hasJetStream,
    readyMs: pick([0, 2_000]),
    maxPayload: pick([1_048_576, 1_048_576, 1_048_576, 2_600]),
    stream: hasStream
      ? {
          subjects: [
            ...(isPartial ? streamSubjects.slice(0, 3) : streamSubjects),
            ...(keepsRenewals ? ['leases.*.renewed.>'] : []),
          ],
          duplicateWindowMs: pick([100, 2_000, 120_000]),
          maxMessages: pick([1, 20, 1_000_000]),
        }
      : undefined,
    lostMessages: pick([0, 0, 0.01]),
    lostAcks: pick([0, 0.01, 0.1]),
    network: { latencyMs: pick([0.5, 2, 20]), slowShare: pick([0, 0.01, 0.1]), slowMs: pick([100, 1_000]) },
    renewedEvents: random.fraction() < 0.5,
    outboxLimit: pick([1_000_000, 1_000_000, 1_000_000, 20, 3]),
  }
  return isAbsent ? undefined : plan
}

/** Draws what goes wrong with it. */
export function drawNatsFaults(random: Random, durationMs: number): Fault[] {
  // A burst is dear to simulate.
  const types = natsFaultTypes.filter(type => random.fraction() < (type === 'churn' ? 0.15 : 0.4))
  const paceMs = 5_000 + random.fraction() * 35_000
  const faults: Fault[] = []
  for (let atMs = random.fraction() * paceMs; types.length > 0; atMs += random.fraction() * paceMs) {
    if (atMs >= durationMs) break
    const type = types[Math.floor(random.fraction() * types.length)] as NatsFaultType
    const longestMs = [500, 5_000, 40_000][Math.floor(random.fraction() * 3)] ?? 0
    faults.push({ type, atMs, lastsMs: random.fraction() * longestMs, at: 'nats' })
  }
  return faults
}
