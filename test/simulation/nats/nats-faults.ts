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

  streamDeleted({ nats }) {
    nats?.server.deleteStream()
  },

  streamPurged({ nats }) {
    nats?.server.purgeStream()
  },

  stray({ nats }) {
    nats?.server.publishStray()
  },
}
