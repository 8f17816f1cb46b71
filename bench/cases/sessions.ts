import type { BenchCase } from '../harness/bench-case.js'
import { collectsOnSignal, liveBytes } from '../harness/live-bytes.js'
import { Meter } from '../harness/measured-process.js'
import { settled } from '../harness/settled.js'
import { HoldStream } from '../load/hold-stream.js'
import { nodeName } from '../load/node-name.js'
import { renewOpenLoop } from '../load/renew.js'
import { Streams } from '../load/renewal-stream.js'

/** How often each is heard from. */
const cadenceSeconds = 10

export const sessions: BenchCase = {
  name: 'sessions',
  about:
    `Open Hold streams with a lease each, 100 on a connection, each renewed every ${cadenceSeconds} s: what a stream ` +
    'takes of the memory of the coordinator, with its lease, and how long a renewal takes.',
  async run(context) {
    const count = context.scaled({ full: 20_000, short: 5_000, smoke: 50 })
    const seconds = context.scaled({ full: 60, short: 20, smoke: 1 })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url, nodeFlags: collectsOnSignal })
    await settled(coordinator)
    const emptyBytes = await liveBytes(coordinator)
    const emptyResidentBytes = coordinator.usage().residentBytes
    const streams = await Streams.open(coordinator.address, count, (client, index) =>
      HoldStream.open(client, index, { name: () => nodeName(index) }),
    )
    context.defer(() => streams.close())
    context.say(`${count.toLocaleString('en')} streams are open`)
    await settled(coordinator)

    const server = new Meter(coordinator)
    const { renewals, latencies } = await renewOpenLoop(streams.all, { seconds, perSecond: count / cadenceSeconds })
    const { cpuSeconds, cpuMicros = 0, peakMb } = server.figures(renewals)
    const { residentBytes } = coordinator.usage()
    const liveStreamBytes = ((await liveBytes(coordinator)) - emptyBytes) / count
    return {
      measurements: [
        {
          load: `${count.toLocaleString('en')} streams`,
          subject: 'leasehold',
          figures: {
            streamKb: liveStreamBytes / 1e3,
            residentStreamKb: (residentBytes - emptyResidentBytes) / count / 1e3,
            ...latencies.figures(),
            cpuSeconds,
            cpuMicros,
            peakMb,
          },
        },
      ],
      aims: [],
    }
  },
}
