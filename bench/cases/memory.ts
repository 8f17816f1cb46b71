import type { BenchCase } from '../harness/bench-case.js'
import { collectsOnSignal, liveBytes } from '../harness/live-bytes.js'
import { settled } from '../harness/settled.js'
import { openFleet, renewAll } from '../load/fleet.js'

const streamCount = 64

const aimBytes = 500

export const memory: BenchCase = {
  name: 'memory',
  about:
    `Leases named as the nodes of a cluster on EC2, held over ${streamCount} streams: heap and buffers of the coordinator ` +
    'for each, when garbage is collected, its events are with NATS and its journal is on disk.',
  async run(context) {
    const leases = context.scaled({ full: 1_000_000, short: 200_000, smoke: 1_000 })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url, nodeFlags: collectsOnSignal })
    await settled(coordinator)
    const emptyBytes = await liveBytes(coordinator)
    const emptyResidentBytes = coordinator.usage().residentBytes
    const measure = async (load: string) => {
      await settled(coordinator)
      const bytes = await liveBytes(coordinator)
      const { residentBytes, peakBytes } = coordinator.usage()
      return {
        load,
        subject: 'leasehold',
        figures: {
          leaseBytes: (bytes - emptyBytes) / leases,
          residentLeaseBytes: (residentBytes - emptyResidentBytes) / leases,
          liveMb: bytes / 1e6,
          residentMb: residentBytes / 1e6,
          peakMb: peakBytes / 1e6,
        },
      }
    }
    const streams = await openFleet(coordinator.address, { leases, streams: streamCount })
    context.defer(() => streams.close())
    const count = `${leases.toLocaleString('en')} leases`
    context.say(`${count} are acquired`)
    const acquired = await measure(`${count}, acquired`)
    await renewAll(streams, 3)
    const renewed = await measure(`${count}, renewed`)
    const most = Math.max(acquired.figures.leaseBytes, renewed.figures.leaseBytes)
    return {
      measurements: [acquired, renewed],
      aims: [
        {
          aim: `under ${aimBytes} B of heap and buffers a lease`,
          reached: `${Math.round(most)} B`,
          isMet: most < aimBytes,
        },
      ],
    }
  },
}
