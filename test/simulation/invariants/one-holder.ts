import type { Belief } from '../actors/actor.js'
import type { SimulatedProcess } from '../process.js'
import { ForcedEnds } from './forced-ends.js'
import type { InvariantMaker } from './invariant.js'

interface Holder {
  readonly process: SimulatedProcess
  readonly hold: Belief
}

/**
 * At most one process believes that it holds a lease, by its own clock, whatever became of the others. One whose tenancy
 * was ended by force does not count.
 */
export const oneHolder: InvariantMaker = world => {
  const forcedEnds = new ForcedEnds(world)
  /** Who holds each lease: made once, since this is asked after every step. */
  const holders = new Map<string, Holder>()
  return {
    check() {
      holders.clear()
      for (const { holds, process } of world.actors) {
        // Who stands still believes nothing, and must not be made to act by a question.
        if (process.isPaused) continue
        for (const hold of holds) {
          if (!hold.isHeld()) continue
          const holder = { process, hold }
          const other = holders.get(hold.name)
          if (other === undefined || forcedEnds.has(other.hold.fencingToken)) holders.set(hold.name, holder)
          else if (!forcedEnds.has(hold.fencingToken))
            return `lease ${hold.name} is held by ${textOf(other)} and by ${textOf(holder)}`
        }
      }
      return undefined
    },
  }
}

const textOf = ({ process, hold }: Holder): string => `${process.name} by ${hold.fencingToken}`
