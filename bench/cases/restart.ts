import type { BenchCase, Measurement } from '../harness/bench-case.js'
import { settled } from '../harness/settled.js'
import { openFleet, renewAll } from '../load/fleet.js'
import { HoldStream } from '../load/hold-stream.js'
import { nodeName } from '../load/node-name.js'
import { renewClosedLoop } from '../load/renew.js'
import { Streams } from '../load/renewal-stream.js'

const streamCount = 64

/** How often each lease is renewed after the snapshot. */
const rounds = 5

const aimMs = 5_000

export const restart: BenchCase = {
  name: 'restart',
  about:
    'A coordinator is killed with leases in its journal and started again: how long until it serves, and until a holder ' +
    'has resumed and renewed its lease. The journal is in the page cache.',
  async run(context) {
    const leases = context.scaled({ full: 1_000_000, short: 200_000, smoke: 1_000 })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url })
    const measurements: Measurement[] = []

    const restarted = async (load: string): Promise<void> => {
      await coordinator.stop('SIGKILL')
      const startMs = performance.now()
      await coordinator.start()
      const servingMs = performance.now() - startMs
      const holder = await Streams.open(coordinator.address, 1, (client, index) =>
        HoldStream.open(client, index, { name: nodeName }),
      )
      await renewClosedLoop(holder.all, { seconds: 0, window: 1 })
      const firstRenewalMs = performance.now() - startMs
      holder.close()
      const { cpuSeconds, peakBytes } = coordinator.usage()
      const held = await coordinator.metric('leasehold_leases{state="held"}')
      if (held !== leases) throw new Error(`${held} of ${leases} leases were held after the restart`)
      measurements.push({
        load,
        subject: 'leasehold',
        figures: { servingMs, firstRenewalMs, cpuSeconds, peakMb: peakBytes / 1e6 },
      })
    }

    const count = `${leases.toLocaleString('en')} leases`
    context.say(`${count} are acquired`)
    const streams = await openFleet(coordinator.address, { leases, streams: streamCount })
    await settled(coordinator)
    streams.close()
    await restarted(count)
    context.say(`and renewed ${rounds} times`)
    const again = await openFleet(coordinator.address, { leases, streams: streamCount })
    await settled(coordinator)
    await renewAll(again, rounds)
    again.close()
    await restarted(`and ${(rounds * leases).toLocaleString('en')} renewals`)

    const longestMs = Math.max(...measurements.map(({ figures }) => figures.servingMs ?? 0))
    return {
      measurements,
      aims: [
        {
          aim: `serving in under ${aimMs / 1e3} s`,
          reached: `${(longestMs / 1e3).toFixed(2)} s`,
          isMet: longestMs < aimMs,
        },
      ],
    }
  },
}
