import {
  type Aim,
  type BenchCase,
  type BenchContext,
  type Measurement,
  measuredSeconds,
  type Ratio,
} from '../harness/bench-case.js'
import type { Usage } from '../harness/measured-process.js'
import { plotOf } from '../harness/plot.js'
import { rounds, Subject, takeTurns } from '../harness/side-by-side.js'
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

/** A subject, and what its times are taken over. */
interface Entrant {
  readonly subject: Subject
  readonly streams: readonly RenewalStream[]
}

/** Leasehold and its peers under one load. */
async function sideBySide(context: BenchContext, { streams: count, window }: (typeof loads)[number]) {
  const streams = context.scaled({ full: count, short: count, smoke: 2 })
  const ends: (() => Promise<void> | void)[] = []
  const open = async <Stream extends RenewalStream>(
    name: string,
    server: { readonly address: string; usage(): Usage; remove(): Promise<void> },
    stream: Parameters<typeof Streams.open<Stream>>[2],
  ): Promise<Entrant> => {
    ends.push(() => server.remove())
    const opened = await Streams.open(server.address, streams, stream)
    ends.push(() => opened.close())
    const run = (seconds: number) => renewClosedLoop(opened.all, { seconds, window })
    return { subject: new Subject({ name, server, run }), streams: opened.all }
  }
  try {
    const coordinator = await context.startCoordinator()
    const ours = await open('leasehold', coordinator, (client, index) => HoldStream.open(client, index))
    const peers: Entrant[] = []
    for (const binary of context.etcds) {
      const etcd = await context.startEtcd(binary)
      peers.push(await open(etcd.name, etcd, (client, index) => KeepAliveStream.open(client, index)))
    }
    const all = [ours, ...peers]
    await takeTurns(context, all)
    const load = `${count.toLocaleString('en')} ${count === 1 ? 'stream' : 'streams'}`
    const measurements: Measurement[] = []
    for (const entrant of all) measurements.push(await measurement(context, load, entrant))
    const ratios = peers.map(({ subject }) => ({ peer: subject.name, ratio: ours.subject.timesAsFastAs(subject) }))
    return { load, measurements, ratios }
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

/** Renews at a fixed rate, and sums up. */
async function measurement(
  { scaled }: BenchContext,
  load: string,
  { subject, streams }: Entrant,
): Promise<Measurement> {
  const { perSecond: renewalsPerSecond, costs } = subject
  const seconds = scaled(measuredSeconds)
  const { latencies } = await renewOpenLoop(streams, { seconds, perSecond: offeredPerSecond })
  return {
    load,
    subject: subject.name,
    figures: {
      renewalsPerSecond,
      ...costs,
      p50Ms: latencies.percentile(50),
      p99Ms: latencies.percentile(99),
    },
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
