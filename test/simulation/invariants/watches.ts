import type { InvariantMaker } from './invariant.js'

/** Every watch that reads has been told all there is, when nothing has gone wrong for a while. */
export const watches: InvariantMaker = world => ({
  check: () => undefined,

  async checkEnd() {
    const quietSinceMs = Math.max(0, ...world.plan.faults.map(({ atMs, lastsMs }) => atMs + lastsMs))
    for (const { plan, watches } of world.actors) {
      for (const watched of watches) {
        const late = watched.late(quietSinceMs)
        if (late !== undefined) return `of the watch of ${plan.name}: ${late}`
      }
    }
    return undefined
  },
})
