import type { Actor } from './actors/actor.js'
import { bookOf } from './invariants/book.js'
import { natsFaults } from './nats/nats-faults.js'
import type { Fault, FaultType } from './plan.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** What each type of fault does. */
export const faults: Record<FaultType, (world: World, fault: Fault) => void> = {
  ...natsFaults,

  crash(world, { at, lastsMs }) {
    const { coordinator, timeline } = world
    if (at === coordinator.name) {
      coordinator.kill()
      timeline.after(lastsMs, () => coordinator.start())
    }
    for (const actor of actorsAt(world, at)) {
      world.end(actor)
      timeline.after(lastsMs, () => world.live(actor.plan))
    }
  },

  /** SIGTERM, and another start, which may come before the end. */
  stop(world, { at, lastsMs }) {
    const { coordinator, timeline } = world
    if (at === coordinator.name) coordinator.drain().then(() => timeline.after(lastsMs, () => coordinator.start()))
    for (const actor of actorsAt(world, at)) {
      void actor.stop()
      timeline.after(lastsMs, () => world.live(actor.plan))
    }
  },

  /** A second process with the same identity, while the first one lives; or on the same disk. */
  twin(world, { at }) {
    const { coordinator } = world
    if (at === coordinator.name) coordinator.usurp()
    const [actor, ...others] = actorsAt(world, at)
    if (actor !== undefined && others.length < 2) world.live(actor.plan)
  },

  pause(world, { at, lastsMs }) {
    for (const process of processesAt(world, at)) {
      process.pause()
      world.timeline.after(lastsMs, () => process.resume())
    }
  },

  /** The machine sleeps. */
  suspend(world, { at, lastsMs }) {
    for (const machine of machinesAt(world, at)) {
      const processes = [...machine]
      const clock = processes[0]?.clock
      clock?.suspend()
      for (const process of processes) process.pause()
      world.timeline.after(lastsMs, () => {
        clock?.wake()
        for (const process of processes) process.resume()
      })
    }
  },

  cut(world, { at, lastsMs }) {
    for (const name of namesAt(world, at)) {
      cutFor(world, name, world.coordinator.name, lastsMs)
      cutFor(world, world.coordinator.name, name, lastsMs)
    }
  },

  /** What one end sends does not arrive. */
  cutOneWay(world, { at, lastsMs }) {
    for (const name of namesAt(world, at)) {
      if (partOf(lastsMs) < 0.5) cutFor(world, name, world.coordinator.name, lastsMs)
      else cutFor(world, world.coordinator.name, name, lastsMs)
    }
  },

  break({ network }) {
    network.breakOne()
  },

  halfOpen({ network }) {
    network.forgetOne()
  },

  wallJump(world, { at, lastsMs }) {
    for (const { clock } of processesAt(world, at)) clock.wallOffsetMicros += Math.round((lastsMs - 2_000) * 1e6)
  },

  /** The clocks of a machine go at another rate from now on, by 1 % off at most. */
  clockRate(world, { at, lastsMs }) {
    for (const machine of machinesAt(world, at)) {
      for (const process of machine) {
        process.clock.rate = 0.99 + 0.02 * partOf(lastsMs)
        process.look()
      }
    }
  },

  diskError({ coordinator }) {
    coordinator.disk.failNext()
  },

  diskStall({ coordinator }, { lastsMs }) {
    coordinator.disk.stall(lastsMs)
  },

  /** What a holder sends is held up, and arrives just before its lease would expire, while the coordinator stands still. */
  stallAtDeadline(world, { lastsMs }) {
    const { coordinator, plan, timeline } = world
    const { process } = coordinator
    const part = partOf(lastsMs)
    const found = [...deadlines(world)]
    const { holder, leftMs } = found[Math.floor(part * found.length)] ?? {}
    if (process === undefined || holder === undefined || leftMs === undefined) return
    const stallInMs = process.clock.untilMs(process.monotonicMs() + leftMs - 102 - 4 * partOf(lastsMs * 7))
    const stallMs = 200 + lastsMs / 2
    if (timeline.nowMs + stallInMs + stallMs > plan.durationMs) return
    cutFor(world, holder, coordinator.name, stallInMs + 1)
    cutFor(world, coordinator.name, holder, stallInMs + 1)
    timeline.after(stallInMs, () => {
      process.pause()
      timeline.after(stallMs, () => process.resume())
    })
  },

  /** The entries that are written beside the next snapshot are slow, and the process ends when the snapshot is there. */
  crashAtSnapshot({ coordinator, plan, timeline }, { lastsMs }) {
    coordinator.disk.whenSnapshot(lastsMs / 2, () =>
      timeline.after(0, () => {
        if (timeline.nowMs + lastsMs > plan.durationMs) return
        coordinator.kill()
        timeline.after(lastsMs, () => coordinator.start())
      }),
    )
  },

  diskFull({ coordinator, timeline }, { lastsMs }) {
    const { store } = coordinator.disk
    store.freeBytes = 0
    timeline.after(lastsMs, () => {
      store.freeBytes = Number.POSITIVE_INFINITY
    })
  },
}

/** The deadlines of leases whose holders believe in them, and who those are. */
function* deadlines(world: World): Generator<{ readonly holder: string; readonly leftMs: number }> {
  const { leases, time } = bookOf(world)
  for (const { holds, process } of world.actors) {
    if (process.isPaused) continue
    for (const hold of holds) {
      const leftMs = (leases.get(hold.name)?.notBeforeMs ?? 0) - time.now()
      if (leftMs > 0 && hold.isHeld()) yield { holder: process.name, leftMs }
    }
  }
}

/** A number from 0 to 1 that was drawn with the fault. */
const partOf = (lastsMs: number): number => (lastsMs * 1e3) % 1

function cutFor({ network, timeline }: World, from: string, to: string, lastsMs: number): void {
  network.cut(from, to)
  timeline.after(lastsMs, () => network.mend(from, to))
}

const actorsAt = ({ actors }: World, at: string): Actor[] => [...actors].filter(({ plan }) => plan.name === at)

/** The clients whose way to the coordinator it is about: all of them where it is the coordinator's. */
function namesAt({ actors, coordinator }: World, at: string): Set<string> {
  const isMeant = ({ plan }: Actor): boolean => at === coordinator.name || at === plan.name
  return new Set([...actors].filter(isMeant).map(({ process }) => process.name))
}

function machinesAt(world: World, at: string): (readonly SimulatedProcess[])[] {
  const { running, name } = world.coordinator
  if (at === name) return running === undefined ? [] : [[running]]
  return actorsAt(world, at).map(({ machine }) => machine)
}

const processesAt = (world: World, at: string): SimulatedProcess[] =>
  at === world.coordinator.name ? machinesAt(world, at).flat() : actorsAt(world, at).map(({ process }) => process)
