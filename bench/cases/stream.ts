import {
  type Aim,
  type BenchCase,
  type BenchContext,
  type Measurement,
  type Ratio,
  warmUpSeconds,
} from '../harness/bench-case.js'
import { Meter, type Usage } from '../harness/measured-process.js'
import { plotOf } from '../harness/plot.js'
import { KeepAliveStream } from '../load/etcd-client.js'
import { HoldStream } from '../load/hold-stream.js'
import { renewClosedLoop, renewOpenLoop } from '../load/renew.js'
import { type RenewalStream, Streams } from '../load/renewal-stream.js'

/** Messages on their way on each stream: together so many that nobody waits for the wire. */
const loads = [
  { streams: 1, window: 256, aim: 1.2 },
  { streams: 100, window: 8, aim: 2 },
  { streams: 1_000, window: 2, aim: 2 },
]

/** The rate at which times are taken: what either can do. */
const offeredPerSecond = 5_000

/** How often each is measured: a machine that is slow for a while is to be slow for all of them. */
const rounds = 3

/** A server that is measured, with its streams open, and what it did as fast as it goes. */
class Subject {
  readonly name: string
  /** Renewals a second, round by round. */
  readonly rates: number[] = []
  readonly #server: { usage(): Usage }
  readonly #streams: readonly RenewalStream[]
  readonly #total = { renewals: 0, cpuSeconds: 0, loadCpuSeconds: 0 }

  constructor(name: string, server: { usage(): Usage }, streams: readonly RenewalStream[]) {
    this.name = name
    this.#server = server
    this.#streams = streams
  }

  async warmUp(at: { seconds: number; window: number }): Promise<void> {
    await renewClosedLoop(this.#streams, at)
  }

  /** A round. */
  async renew(at: { seconds: number; window: number }): Promise<void> {
    const [server, load] = [new Meter(this.#server), new Meter()]
    const { renewals, seconds } = await renewClosedLoop(this.#streams, at)
    this.rates.push(renewals / seconds)
    this.#total.renewals += renewals
    this.#total.cpuSeconds += server.figures().cpuSeconds
    this.#total.loadCpuSeconds += load.figures().cpuSeconds
  }

  /** Renews at a fixed rate, and sums up. */
  async measurement(load: string, seconds: number): Promise<Measurement> {
    const { renewals, cpuSeconds, loadCpuSeconds } = this.#total
    const { latencies } = await renewOpenLoop(this.#streams, { seconds, perSecond: offeredPerSecond })
    return {
      load,
      subject: this.name,
      figures: {
        renewalsPerSecond: median(this.rates),
        cpuMicros: (cpuSeconds * 1e6) / renewals,
        loadCpuMicros: (loadCpuSeconds * 1e6) / renewals,
        peakMb: this.#server.usage().peakBytes / 1e6,
        p50Ms: latencies.percentile(50),
        p99Ms: latencies.percentile(99),
      },
    }
  }

  /** How many times as fast as another it was in the middle one of their rounds. */
  timesAsFastAs({ rates }: Subject): number {
    return median(this.rates.map((rate, round) => rate / (rates[round] ?? 1)))
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Leasehold and its peers under one load: all of them are there at once, and one has something to do at a time. */
async function sideBySide(context: BenchContext, { streams: count, window }: (typeof loads)[number]) {
  const streams = context.scaled({ full: count, short: count, smoke: 2 })
  const ends: (() => Promise<void> | void)[] = []
  const open = async <Stream extends RenewalStream>(
    name: string,
    server: { readonly address: string; usage(): Usage; remove(): Promise<void> },
    stream: Parameters<typeof Streams.open<Stream>>[2],
  ): Promise<Subject> => {
    ends.push(() => server.remove())
    const opened = await Streams.open(server.address, streams, stream)
    ends.push(() => opened.close())
    return new Subject(name, server, opened.all)
  }
  try {
    const coordinator = await context.startCoordinator()
    const ours = await open('leasehold', coordinator, (client, index) => HoldStream.open(client, index))
    const peers: Subject[] = []
    for (const binary of context.etcds) {
      const etcd = await context.startEtcd(binary)
      peers.push(await open(etcd.name, etcd, (client, index) => KeepAliveStream.open(client, index)))
    }
    const all = [ours, ...peers]
    const seconds = context.scaled({ full: 10, short: 4, smoke: 0.2 })
    for (const subject of all) await subject.warmUp({ seconds: context.scaled(warmUpSeconds), window })
    for (let round = 0; round < rounds; round++) {
      for (const subject of all) await subject.renew({ seconds: seconds / rounds, window })
    }
    const load = `${count.toLocaleString('en')} ${count === 1 ? 'stream' : 'streams'}`
    const measurements: Measurement[] = []
    for (const subject of all) measurements.push(await subject.measurement(load, seconds))
    return { load, measurements, ratios: peers.map(peer => ({ peer: peer.name, ratio: ours.timesAsFastAs(peer) })) }
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

export const stream: BenchCase = {
  name: 'stream',
  about:
    'One lease a message: durable renewals over Hold streams, beside LeaseKeepAlive of etcd, which is not durable. As fast ' +
    `as it goes, in ${rounds} rounds, of which the middle one counts; the times at ${offeredPerSecond.toLocaleString('en')} a second.`,
  async run(context) {
    const measurements: Measurement[] = []
    const ratios: Ratio[] = []
    const aims: Aim[] = []
    for (const each of loads) {
      const { load, measurements: measured, ratios: found } = await sideBySide(context, each)
      measurements.push(...measured)
      for (const { peer, ratio } of found) {
        ratios.push({ name: `${load} against ${peer}`, ratio })
        const times = peer.startsWith('etcd 3.4') ? each.aim : 1
        aims.push({ aim: `${load}: ${times} x ${peer}`, reached: `${ratio.toFixed(2)} x`, isMet: ratio >= times })
      }
    }
    const plot = plotOf(measurements, 'renewalsPerSecond', { title: 'One lease a message', axis: 'renewals/s' })
    return { measurements, ratios, aims, plot }
  },
}
