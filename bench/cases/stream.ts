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

interface Subject {
  readonly name: string
  readonly address: string
  usage(): Usage
}

/** Renews as fast as it goes, then at a fixed rate. */
async function measure<Stream extends RenewalStream>(
  context: BenchContext,
  subject: Subject,
  { streams: count, window }: { streams: number; window: number },
  open: Parameters<typeof Streams.open<Stream>>[2],
): Promise<Measurement> {
  const seconds = context.scaled({ full: 10, short: 4, smoke: 0.2 })
  const streams = await Streams.open(subject.address, context.scaled({ full: count, short: count, smoke: 2 }), open)
  try {
    await renewClosedLoop(streams.all, { seconds: seconds / 4, window })
    const [server, load] = [new Meter(subject), new Meter()]
    const fast = await renewClosedLoop(streams.all, { seconds, window })
    const { cpuMicros = 0, peakMb } = server.figures(fast.renewals)
    const loadMicros = load.figures(fast.renewals).cpuMicros ?? 0
    const paced = await renewOpenLoop(streams.all, { seconds, perSecond: offeredPerSecond })
    return {
      load: `${count.toLocaleString('en')} ${count === 1 ? 'stream' : 'streams'}`,
      subject: subject.name,
      figures: {
        renewalsPerSecond: fast.renewals / fast.seconds,
        cpuMicros,
        loadCpuMicros: loadMicros,
        peakMb,
        p50Ms: paced.latencies.percentile(50),
        p99Ms: paced.latencies.percentile(99),
      },
    }
  } finally {
    streams.close()
  }
}

export const stream: BenchCase = {
  name: 'stream',
  about:
    'One lease a message: durable renewals over Hold streams, beside LeaseKeepAlive of etcd, which is not durable. As fast ' +
    `as it goes; the times at ${offeredPerSecond.toLocaleString('en')} a second.`,
  async run(context) {
    const measurements: Measurement[] = []
    const ratios: Ratio[] = []
    const aims: Aim[] = []
    for (const load of loads) {
      const coordinator = await context.startCoordinator()
      const subject = { name: 'leasehold', address: coordinator.address, usage: () => coordinator.usage() }
      const ours = await measure(context, subject, load, (client, index) => HoldStream.open(client, index))
      await coordinator.remove()
      measurements.push(ours)
      for (const binary of context.etcds) {
        const etcd = await context.startEtcd(binary)
        const theirs = await measure(context, etcd, load, (client, index) => KeepAliveStream.open(client, index))
        await etcd.remove()
        measurements.push(theirs)
        const ratio = (ours.figures.renewalsPerSecond ?? 0) / (theirs.figures.renewalsPerSecond ?? 1)
        ratios.push({
          name: `${ours.load} against ${etcd.name}`,
          ratio,
        })
        const isAimed = etcd.name.startsWith('etcd 3.4')
        const times = isAimed ? load.aim : 1
        aims.push({
          aim: `${ours.load}: ${times} x ${etcd.name}`,
          reached: `${ratio.toFixed(2)} x`,
          isMet: ratio >= times,
        })
      }
    }
    const plot = plotOf(measurements, 'renewalsPerSecond', { title: 'One lease a message', axis: 'renewals/s' })
    return { measurements, ratios, aims, plot }
  },
}
