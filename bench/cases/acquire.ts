import type { Client } from '@grpc/grpc-js'
import type { BenchCase, BenchContext, Measurement } from '../harness/bench-case.js'
import type { Usage } from '../harness/measured-process.js'
import { rounds, Subject, takeTurns } from '../harness/side-by-side.js'
import { callClosedLoop } from '../load/calls.js'
import { grant, put, revoke } from '../load/etcd-client.js'
import { HoldCalls } from '../load/hold-calls.js'
import { acquireLease, releaseLease } from '../load/lease-calls.js'
import { connect } from '../load/renewal-stream.js'

/** Callers, each of which has one pair on its way. */
const fewCallers = 64
/** Hold streams, and the pairs on their way on each. */
const streams = 64
const window = 8

const leaseSeconds = 60

/** Takes a lease that nobody had before, and gives it up. */
type Pair = (caller: number) => Promise<void>

/** A lease's number: none is asked for twice, by whatever load. */
let next = 1

const unaryPair =
  (client: Client): Pair =>
  async caller => {
    const name = `job-${next++}`
    await releaseLease(client, name, await acquireLease(client, name, `holder-${caller}`, leaseSeconds))
  }

function streamPair(client: Client): Pair {
  const sessions = Array.from({ length: streams }, (_, index) => new HoldCalls(client, index))
  return async caller => {
    const session = sessions[caller % streams]
    const answer = await session?.acquire(`job-${next++}`, { leaseDurationMs: leaseSeconds * 1e3 })
    await session?.release(answer?.handle ?? 0)
  }
}

/** What a lease is in etcd: a key that goes with it. */
const etcdPair =
  (client: Client): Pair =>
  async caller => {
    const id = next++
    await grant(client, id, leaseSeconds)
    await put(client, `job-${id}`, Buffer.from(`holder-${caller}`), id)
    await revoke(client, id)
  }

interface Load {
  readonly load: string
  readonly callers: number
  readonly pair: (client: Client) => Pair
}

/** What is measured: a server, and the pairs that one of the loads asks it for. */
interface Entrant {
  readonly load: string
  readonly subject: Subject
}

interface Server {
  readonly name: string
  readonly address: string
  usage(): Usage
}

/** In a closed loop: each caller begins the next pair when one is over. */
function entrant(context: BenchContext, server: Server, { load, callers, pair: open }: Load): Entrant {
  const client = connect(server.address)
  context.defer(() => client.close())
  const pair = open(client)
  const all = Array.from({ length: callers }, (_, caller) => () => pair(caller))
  const run = (seconds: number) => callClosedLoop(all, seconds)
  return { load, subject: new Subject({ name: server.name, server, run }) }
}

const measurement = ({ load, subject }: Entrant): Measurement => ({
  load,
  subject: subject.name,
  figures: {
    pairsPerSecond: subject.perSecond,
    p50Ms: subject.latencies.percentile(50),
    p99Ms: subject.latencies.percentile(99),
    ...subject.costs,
  },
})

const loads: readonly Load[] = [
  { load: `${fewCallers} callers, unary`, callers: fewCallers, pair: unaryPair },
  { load: `${streams} Hold streams, ${window} pairs on each`, callers: streams * window, pair: streamPair },
]

export const acquire: BenchCase = {
  name: 'acquire',
  about:
    'Acquire and release of leases that nobody had before, each of them durable, in a closed loop; beside a grant, a put ' +
    'and a revoke of etcd, with as many callers. Events go to NATS where the row says so. ' +
    `In ${rounds} rounds, of which the middle one counts.`,
  async run(context) {
    const nats = await context.startNats()
    const ours: Server[] = []
    for (const [name, options] of [
      ['leasehold, events to NATS', { natsUrl: nats.url }],
      ['leasehold, no events', {}],
    ] as const) {
      const coordinator = await context.startCoordinator(options)
      ours.push({ name, address: coordinator.address, usage: () => coordinator.usage() })
    }
    const peers: Server[] = []
    for (const binary of context.etcds) peers.push(await context.startEtcd(binary))

    const pairings = loads.map(load => ({
      ours: ours.map(server => entrant(context, server, load)),
      theirs: peers.map(server =>
        entrant(context, server, { ...load, load: `${load.callers} callers, unary`, pair: etcdPair }),
      ),
    }))
    const all = pairings.flatMap(({ ours, theirs }) => [...ours, ...theirs])
    await takeTurns(context, all)
    const ratios = pairings.flatMap(({ ours, theirs }) =>
      theirs.flatMap(peer =>
        ours.map(({ load, subject }) => ({
          name: `${load}, ${subject.name}, against ${peer.subject.name}`,
          ratio: subject.timesAsFastAs(peer.subject),
        })),
      ),
    )
    const aims = ratios.map(({ name, ratio }) => ({
      aim: `${name}: ahead`,
      reached: `${ratio.toFixed(2)} x`,
      isMet: ratio > 1,
    }))
    return { measurements: all.map(measurement), ratios, aims }
  },
}
