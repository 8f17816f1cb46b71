import type { Actor } from './actors/actor.js'
import type { Fault, FaultType } from './plan.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** What each type of fault does. */
export const faults: Record<FaultType, (world: World, fault: Fault) => void> = {
  crash(world, { at, lastsMs }) {
    const { coordinator, network, timeline } = world
    const { running } = coordinator
    if (at !== coordinator.name) {
      for (const actor of actorsAt(world, at)) {
        world.end(actor)
        timeline.after(lastsMs, () => world.live(actor.plan))
      }
    } else if (running !== undefined) {
      coordinator.kill()
      network.lost(running)
      timeline.after(lastsMs, () => coordinator.start())
    }
  },

  pause(world, { at, lastsMs }) {
    for (const process of processesAt(world, at)) {
      process.pause()
      world.timeline.after(lastsMs, () => process.resume())
    }
  },

  cut({ actors, coordinator, network, timeline }, { at, lastsMs }) {
    for (const { process } of actors) {
      if (at !== coordinator.name && at !== process.name) continue
      network.cut(process.name, coordinator.name)
      timeline.after(lastsMs, () => network.mend(process.name, coordinator.name))
    }
  },

  break({ network }) {
    network.breakOne()
  },

  wallJump(world, { at, lastsMs }) {
    for (const process of processesAt(world, at)) process.clock.wallOffsetMicros += Math.round((lastsMs - 2_000) * 1e6)
  },
}

const actorsAt = ({ actors }: World, at: string): Actor[] => [...actors].filter(({ plan }) => plan.name === at)

function processesAt(world: World, at: string): SimulatedProcess[] {
  const { running, name } = world.coordinator
  if (at === name) return running === undefined ? [] : [running]
  return actorsAt(world, at).map(({ process }) => process)
}
