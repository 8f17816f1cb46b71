import { drawPlan, type Plan } from './plan.js'
import { Broken, World } from './world.js'

/** What came of a world. */
export interface Outcome {
  readonly plan: Plan
  /** What was broken, and when; undefined for a world in which every promise held. */
  readonly broken: string | undefined
  readonly trace: readonly string[]
  readonly counts: ReadonlyMap<string, number>
  readonly steps: number
  /** How much time passed in the world. */
  readonly virtualMs: number
}

/** Runs the world that a seed draws. */
export const runSeed = (seed: number): Promise<Outcome> => runPlan(drawPlan(seed))

/** Runs a world to its end, or to the first promise that is broken. */
export async function runPlan(plan: Plan): Promise<Outcome> {
  const world = new World(plan)
  let broken: string | undefined
  try {
    await world.run()
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    broken = error.message
  }
  const { trace, counts, timeline } = world
  return { plan, broken, trace, counts, steps: timeline.steps, virtualMs: timeline.nowMs }
}
