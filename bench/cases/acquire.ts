import type { Client } from '@grpc/grpc-js'
import {
  type Aim,
  type BenchCase,
  type BenchContext,
  type Measurement,
  type Ratio,
  warmUpSeconds,
} from '../harness/bench-case.js'
import { Latencies } from '../harness/latencies.js'
import { Meter, type Usage } from '../harness/measured-process.js'
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

interface Server {
  readonly name: string
  readonly address: string
  usage(): Usage
}

/** Takes a lease that nobody had before, and gives it up. */
type Pair = (caller: number, index: number) => Promise<void>

const unaryPair =
  (client: Client): Pair =>
  async (caller, index) => {
    const name = `job-${index}`
    await releaseLease(client, name, await acquireLease(client, name, `holder-${caller}`, leaseSeconds))
  }

function streamPair(client: Client): Pair {
  const sessions = Array.from({ length: streams }, (_, index) => new HoldCalls(client, index))
  return async (caller, index) => {
    const session = sessions[caller % streams]
    const answer = await session?.acquire(`job-${index}`, { leaseDurationMs: leaseSeconds * 1e3 })
    await session?.release(answer?.handle ?? 0)
  }
}

/** What a lease is in etcd: a key that goes with it. */
const etcdPair =
  (client: Client): Pair =>
  async (caller, index) => {
    const id = index + 1
    await grant(client, id, leaseSeconds)
    await put(client, `job-${index}`, Buffer.from(`holder-${caller}`), id)
    await revoke(client, id)
  }

/** In a closed loop: each caller begins the next pair when one is over. */
async function measure(
  context: BenchContext,
  server: Server,
  { load, callers, pair: open }: { load: string; callers: number; pair: (client: Client) => Pair },
): Promise<Measurement> {
  const seconds = context.scaled({ full: 10, short: 4, smoke: 0.2 })
  const client = connect(server.address)
  const pair = open(client)
  let begun = 0
  const loop = async (seconds: number): Promise<{ latencies: Latencies; seconds: number }> => {
    const latencies = new Latencies()
    const startMs = performance.now()
    const endMs = startMs + seconds * 1e3
    const call = async (caller: number): Promise<void> => {
      for (let beganMs = startMs; beganMs < endMs; ) {
        await pair(caller, begun++)
        const nowMs = performance.now()
        latencies.add(nowMs - beganMs)
        beganMs = nowMs
      }
    }
    await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
    return { latencies, seconds: (performance.now() - startMs) / 1e3 }
  }
  try {
    await loop(context.scaled(warmUpSeconds))
    const [meter, own] = [new Meter(server), new Meter()]
    const { latencies, seconds: took } = await loop(seconds)
    const { cpuMicros = 0, peakMb } = meter.figures(latencies.count)
    const loadCpuMicros = own.figures(latencies.count).cpuMicros ?? 0
    const figures = {
      pairsPerSecond: latencies.count / took,
      p50Ms: latencies.percentile(50),
      p99Ms: latencies.percentile(99),
      cpuMicros,
      loadCpuMicros,
      peakMb,
    }
    context.say(`${load}, ${server.name}: ${Math.round(figures.pairsPerSecond)} pairs/s`)
    return { load, subject: server.name, figures }
  } finally {
    client.close()
  }
}

const loads = [
  { load: `${fewCallers} callers, unary`, callers: fewCallers, pair: unaryPair },
  { load: `${streams} Hold streams, ${window} pairs on each`, callers: streams * window, pair: streamPair },
]

export const acquire: BenchCase = {
  name: 'acquire',
  about:
    'Acquire and release of leases that nobody had before, each of them durable, in a closed loop; beside a grant, a put ' +
    'and a revoke of etcd, with as many callers. Events go to NATS where the row says so.',
  async run(context) {
    const measurements: Measurement[] = []
    const ratios: Ratio[] = []
    const aims: Aim[] = []
    for (const load of loads) {
      const ours: Measurement[] = []
      for (const natsUrl of [(await context.startNats()).url, undefined]) {
        const coordinator = await context.startCoordinator(natsUrl === undefined ? {} : { natsUrl })
        const { address } = coordinator
        const name = natsUrl === undefined ? 'leasehold, no events' : 'leasehold, events to NATS'
        ours.push(await measure(context, { name, address, usage: () => coordinator.usage() }, load))
        await coordinator.remove()
      }
      measurements.push(...ours)
      for (const binary of context.etcds) {
        const etcd = await context.startEtcd(binary)
        const callers = `${load.callers} callers, unary`
        const theirs = await measure(context, etcd, { load: callers, callers: load.callers, pair: etcdPair })
        await etcd.remove()
        measurements.push(theirs)
        for (const { load, subject, figures } of ours) {
          const ratio = (figures.pairsPerSecond ?? 0) / (theirs.figures.pairsPerSecond ?? 1)
          const name = `${load}, ${subject}, against ${etcd.name}`
          ratios.push({ name, ratio })
          aims.push({ aim: `${name}: ahead`, reached: `${ratio.toFixed(2)} x`, isMet: ratio > 1 })
        }
      }
    }
    return { measurements, ratios, aims }
  },
}
