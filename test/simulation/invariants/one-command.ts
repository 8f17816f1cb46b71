import { ForcedEnds } from './forced-ends.js'
import type { InvariantMaker } from './invariant.js'

/** A guardian looks at the time at least as often as this, and a little later when it is busy. */
const guardianLooksMs = 600

/**
 * At most one guarded command runs under a lease, though none looks at anything, and whether their agents stand still or
 * are gone. One whose machine slept may run until its guardian has looked at the time; one whose tenancy was ended by force has its grace.
 */
export const oneCommand: InvariantMaker = world => {
  const forcedEnds = new ForcedEnds(world)
  return {
    check() {
      if (world.commands.size < 2) return undefined
      const running = new Map<string, string>()
      for (const { lease, token, actor, guardian } of world.commands) {
        if (guardian.clock.awakeMs < guardianLooksMs || forcedEnds.has(token)) continue
        const command = `${actor.plan.name} by ${token}`
        const other = running.get(lease)
        if (other !== undefined) return `under lease ${lease} runs a command of ${other} and one of ${command}`
        running.set(lease, command)
      }
      return undefined
    },
  }
}
