import { type BenchCase, type Measurement, measuredSeconds, warmUpSeconds } from '../harness/bench-case.js'
import { Meter } from '../harness/measured-process.js'
import { plotOf } from '../harness/plot.js'
import { HoldStream } from '../load/hold-stream.js'
import { renewClosedLoop, renewOpenLoop } from '../load/renew.js'
import { Streams } from '../load/renewal-stream.js'

const sessionCounts = [1, 8, 64]
const leasesPerMessage = 1_000
/** Messages on their way on each stream. */
const window = 4
const aimPerSecond = 3_000_000

/** Messages a second at which times are taken. */
const offeredPerSecond = 500

export const batch: BenchCase = {
  name: 'batch',
  about:
    `${leasesPerMessage.toLocaleString('en')} leases a message, each renewed by name, over 1 to 64 sessions, without NATS: ` +
    `as fast as it goes; the times at ${offeredPerSecond} messages a second.`,
  async run(context) {
    const seconds = context.scaled(measuredSeconds)
    const leases = context.scaled({ full: leasesPerMessage, short: leasesPerMessage, smoke: 10 })
    const measurements: Measurement[] = []
    for (const count of context.scaled({ full: sessionCounts, short: sessionCounts, smoke: [2] })) {
      const coordinator = await context.startCoordinator()
      const streams = await Streams.open(coordinator.address, count, (client, index) =>
        HoldStream.open(client, index, { leases }),
      )
      await renewClosedLoop(streams.all, { seconds: context.scaled(warmUpSeconds), window })
      const [server, load] = [new Meter(coordinator), new Meter()]
      const { renewals, seconds: tookSeconds } = await renewClosedLoop(streams.all, { seconds, window })
      const { cpuMicros = 0, peakMb } = server.figures(renewals)
      const { cpuMicros: loadCpuMicros = 0 } = load.figures(renewals)
      const { latencies } = await renewOpenLoop(streams.all, { seconds, perSecond: offeredPerSecond })
      streams.close()
      await coordinator.remove()
      measurements.push({
        load: count === 1 ? '1 session' : `${count} sessions`,
        subject: 'leasehold',
        figures: {
          renewalsPerSecond: renewals / tookSeconds,
          cpuMicros,
          loadCpuMicros,
          peakMb,
          p50Ms: latencies.percentile(50),
          p99Ms: latencies.percentile(99),
        },
      })
    }
    const most = Math.max(...measurements.map(({ figures }) => figures.renewalsPerSecond ?? 0))
    return {
      measurements,
      aims: [
        {
          aim: `at least ${aimPerSecond.toLocaleString('en')} durable renewals/s`,
          reached: `${Math.round(most).toLocaleString('en')}/s`,
          isMet: most >= aimPerSecond,
        },
      ],
      plot: plotOf(measurements, 'renewalsPerSecond', {
        title: `Durable renewals a second, ${leasesPerMessage.toLocaleString('en')} leases a message`,
        axis: 'renewals/s',
      }),
    }
  },
}
