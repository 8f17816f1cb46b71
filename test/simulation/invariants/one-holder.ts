import { ForcedEnds } from './forced-ends.js'
import type { InvariantMaker } from './invariant.js'

/**
 * At most one process believes that it holds a lease, by its own clock, whatever became of the others. One whose tenancy
 * was ended by force does not count.
 */
export const oneHolder: InvariantMaker = world => {
  const forcedEnds = new ForcedEnds(world)
  return {
    check() {
      const holders = new Map<string, string>()
      for (const { holds, process } of world.actors) {
        // Who stands still believes nothing, and must not be made to act by a question.
        if (process.isPaused) continue
        for (const hold of holds) {
          if (!hold.isHeld() || forcedEnds.has(hold.fencingToken)) continue
          const holder = `${process.name} by ${hold.fencingToken}`
          const other = holders.get(hold.name)
          if (other !== undefined) return `lease ${hold.name} is held by ${other} and by ${holder}`
          holders.set(hold.name, holder)
        }
      }
      return undefined
    },
  }
}
