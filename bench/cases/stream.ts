import type { Aim, BenchCase, BenchContext, Measurement, Ratio } from '../harness/bench-case.js'
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

/** Who is measured, with its streams open and its code compiled. */
interface Subject {
  readonly name: string
  readonly streams: readonly RenewalStream[]
  usage(): Usage
}

/** What a subject did as fast as it goes. */
class Sum {
  /** Renewals a second, round by round. */
  readonly rates: number[] = []
  #renewals = 0
  #cpuSeconds = 0
  #loadCpuSeconds = 0

  async add(subject: Subject, at: { seconds: number; window: number }): Promise<void> {
    const [server, load] = [new Meter(subject), new Meter()]
    const { renewals, seconds } = await renewClosedLoop(subject.streams, at)
    this.rates.push(renewals / seconds)
    this.#renewals += renewals
    this.#cpuSeconds += server.figures().cpuSeconds
    this.#loadCpuSeconds += load.figures().cpuSeconds
  }

  get figures(): Record<string, number> {
    return {
      renewalsPerSecond: median(this.rates),
      cpuMicros: (this.#cpuSeconds * 1e6) / this.#renewals,
      loadCpuMicros: (this.#loadCpuSeconds * 1e6) / this.#renewals,
    }
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Renews as fast as it goes, in turns, then at a fixed rate, one after the other. Renewals/s of each, round by round. */
async function inTurns(
  context: BenchContext,
  subjects: readonly Subject[],
  { load, window }: { load: string; window: number },
): Promise<{ measurements: Measurement[]; rates: number[][] }> {
  const seconds = context.scaled({ full: 10, short: 4, smoke: 0.2 })
  for (const { streams } of subjects) await renewClosedLoop(streams, { seconds: seconds / 4, window })
  const sums = subjects.map(() => new Sum())
  for (let round = 0; round < rounds; round++) {
    for (const [index, subject] of subjects.entries())
      await sums[index]?.add(subject, { seconds: seconds / rounds, window })
  }
  const measurements: Measurement[] = []
  for (const [index, { name, streams, usage }] of subjects.entries()) {
    const { latencies } = await renewOpenLoop(streams, { seconds, perSecond: offeredPerSecond })
    const { p50Ms, p99Ms } = latencies.figures()
    const peakMb = usage().peakBytes / 1e6
    measurements.push({ load, subject: name, figures: { ...sums[index]?.figures, peakMb, p50Ms, p99Ms } })
  }
  return { measurements, rates: sums.map(sum => sum.rates) }
}

/** All of them are there at once, and one has something to do at a time. */
async function sideBySide(context: BenchContext, { streams: count, window }: (typeof loads)[number]) {
  const ends: (() => unknown)[] = []
  const streams = context.scaled({ full: count, short: count, smoke: 2 })
  const open = async <Stream extends RenewalStream>(
    server: { readonly address: string; usage(): Usage; remove(): Promise<void> },
    name: string,
    stream: Parameters<typeof Streams.open<Stream>>[2],
  ): Promise<Subject> => {
    ends.push(() => server.remove())
    const opened = await Streams.open(server.address, streams, stream)
    ends.push(() => opened.close())
    return { name, streams: opened.all, usage: () => server.usage() }
  }
  const coordinator = await context.startCoordinator()
  const subjects = [await open(coordinator, 'leasehold', (client, index) => HoldStream.open(client, index))]
  for (const binary of context.etcds) {
    const etcd = await context.startEtcd(binary)
    subjects.push(await open(etcd, etcd.name, (client, index) => KeepAliveStream.open(client, index)))
  }
  const load = `${count.toLocaleString('en')} ${count === 1 ? 'stream' : 'streams'}`
  const { measurements, rates } = await inTurns(context, subjects, { load, window })
  for (const end of ends.toReversed()) await end()
  const [ours = [], ...theirs] = rates
  const ratios = theirs.map((each, index) => ({
    peer: subjects[index + 1]?.name ?? '',
    ratio: median(each.map((rate, round) => (ours[round] ?? 0) / rate)),
  }))
  return { load, measurements, ratios }
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
