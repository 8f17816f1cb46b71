import type { Instant, Leases } from '../../../services/coordinator/lease/commands.js'
import type { Fault } from '../plan.js'
import type { World } from '../world.js'
import type { NatsFaultType } from './nats-plan.js'

/** What each type of fault does to NATS; without NATS nothing. */
export const natsFaults: Record<NatsFaultType, (world: World, fault: Fault) => void> = {
  natsAway({ nats, timeline }, { lastsMs }) {
    const process = nats?.server.kill()
    if (process === undefined) return
    nats?.network.lost(process)
    timeline.after(lastsMs, () => nats?.server.start())
  },

  natsPause({ nats, timeline }, { lastsMs }) {
    const process = nats?.server.process
    process?.pause()
    timeline.after(lastsMs, () => process?.resume())
  },

  natsCut({ coordinator, nats, timeline }, { lastsMs }) {
    if (nats === undefined) return
    nats.network.cut(coordinator.name, nats.server.name)
    timeline.after(lastsMs, () => nats.network.mend(coordinator.name, nats.server.name))
  },

  natsBreak({ nats }) {
    nats?.network.breakOne()
  },

  natsSlow({ nats, timeline }, { lastsMs }) {
    if (nats === undefined) return
    nats.server.slownessMs = Math.min(lastsMs / 4, 2_000)
    timeline.after(lastsMs, () => {
      nats.server.slownessMs = 0
    })
  },

  natsStall({ nats }, { lastsMs }) {
    nats?.server.stall(lastsMs)
  },

  streamDeleted({ nats }) {
    nats?.server.deleteStream()
  },

  streamPurged({ nats }) {
    nats?.server.purgeStream()
  },

  stray({ nats }) {
    nats?.server.publishStray()
  },

  churn({ coordinator, timeline }, { lastsMs }) {
    for (let round = 0; round < 3; round++) {
      timeline.after((round * lastsMs) / 3, () => {
        const { open, running } = coordinator
        running?.receive(() => {
          const done = open?.coordinator.execute('write', (leases, time) => change(leases, time, 10 + lastsMs / 50))
          // Where it is refused, as while the coordinator stops, nothing has changed.
          done?.catch(() => {})
        })
      })
    }
  },
}

/** Creates leases that nobody takes, changes every second of those that are there, and deletes the others. */
function change(leases: Leases, time: Instant, count: number): void {
  const { leases: present } = leases.list({ namespace: churned, matches: () => true, limit: count })
  const names = new Set(present.map(({ name }) => name))
  for (let index = 0; index < Math.min(count, 400); index++) {
    const name = `lease-${index}`
    if (!names.has(name)) leases.create({ namespace: churned, name, changes: {} }, time)
    else if (index % 2 === 0)
      leases.update({ namespace: churned, name, changes: { labels: { at: `${time.now}` } } }, time)
    else leases.delete({ namespace: churned, name }, time)
  }
}

const churned = 'churned'
