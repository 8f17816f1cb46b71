import type { BenchCase, BenchContext, Measurement } from '../harness/bench-case.js'
import { Meter } from '../harness/measured-process.js'
import { settled } from '../harness/settled.js'
import { openFleet } from '../load/fleet.js'
import { renewClosedLoop } from '../load/renew.js'

const streamCount = 100

/** Messages on their way on each stream. */
const window = 8

/** What the most may have over the least. */
const flat = 1.2

async function measure(context: BenchContext, leases: number): Promise<Measurement> {
  const seconds = context.scaled({ full: 20, short: 5, smoke: 0.2 })
  const coordinator = await context.startCoordinator()
  const streams = await openFleet(coordinator.address, { leases, streams: streamCount, isOneByOne: true })
  try {
    await settled(coordinator)
    await renewClosedLoop(streams.all, { seconds: seconds / 4, window })
    const [server, load] = [new Meter(coordinator), new Meter()]
    const { renewals, latencies, seconds: lasted } = await renewClosedLoop(streams.all, { seconds, window })
    const { cpuMicros = 0, peakMb } = server.figures(renewals)
    return {
      load: `${leases.toLocaleString('en')} leases`,
      subject: 'leasehold',
      figures: {
        renewalsPerSecond: renewals / lasted,
        cpuMicros,
        loadCpuMicros: load.figures(renewals).cpuMicros ?? 0,
        peakMb,
        p50Ms: latencies.percentile(50),
        p99Ms: latencies.percentile(99),
      },
    }
  } finally {
    streams.close()
    await coordinator.remove()
  }
}

export const growth: BenchCase = {
  name: 'growth',
  about:
    `One lease a message over ${streamCount} streams, in an order of chance, as fast as it goes: what a renewal costs ` +
    'when there are more leases. Without NATS, which hears nothing of renewals.',
  async run(context) {
    const counts = context.scaled({
      full: [1_000, 10_000, 100_000, 1_000_000],
      short: [1_000, 10_000, 100_000],
      smoke: [100, 200],
    })
    const measurements: Measurement[] = []
    for (const count of counts) {
      context.say(`${count.toLocaleString('en')} leases`)
      measurements.push(await measure(context, count))
    }
    const spread = (name: 'renewalsPerSecond' | 'cpuMicros'): number => {
      const figures = measurements.map(measurement => measurement.figures[name] ?? 0)
      return Math.max(...figures) / Math.min(...figures)
    }
    const aims = (['renewalsPerSecond', 'cpuMicros'] as const).map(name => ({
      aim: `${name === 'cpuMicros' ? 'CPU a renewal' : 'renewals a second'} flat within 20 %`,
      reached: `the most is ${spread(name).toFixed(2)} x the least`,
      isMet: spread(name) <= flat,
    }))
    return { measurements, aims }
  },
}
