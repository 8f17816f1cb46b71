import { ForcedEnds } from './forced-ends.js'
import type { InvariantMaker } from './invariant.js'

/**
 * At most one guarded command runs under a lease, though none looks at anything, and whether their agents stand still or
 * are gone. One whose machine sleeps does not run; one whose tenancy was ended by force has its grace.
 */
export const oneCommand: InvariantMaker = world => {
  const forcedEnds = new ForcedEnds(world)
  return {
    check() {
      if (world.commands.size < 2) return undefined
      const running = new Map<string, string>()
      for (const { lease, token, actor, guardian } of world.commands) {
        if (guardian.isPaused || forcedEnds.has(token)) continue
        const command = `${actor.plan.name} by ${token}`
        const other = running.get(lease)
        if (other !== undefined) return `under lease ${lease} runs a command of ${other} and one of ${command}`
        running.set(lease, command)
      }
      return undefined
    },
  }
}
