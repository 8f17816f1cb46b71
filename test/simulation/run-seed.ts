import { drawPlan, type Plan } from './plan.js'
import { traceCoordinator } from './trace.js'
import { Broken, World } from './world.js'

/** What came of a world. */
export interface Outcome {
  readonly plan: Plan
  /** What was broken, and when; undefined for a world in which every promise held. */
  readonly broken: string | undefined
  /** The invariant that saw it; 'error' for one that nobody expected. */
  readonly seenBy: string | undefined
  readonly trace: readonly string[]
  readonly counts: ReadonlyMap<string, number>
  readonly steps: number
  /** How much time passed in the world. */
  readonly virtualMs: number
}

/** Runs the world that a seed draws. */
export const runSeed = (seed: number): Promise<Outcome> => runPlan(drawPlan(seed))

/**
 * Runs a world to its end, or to the first promise that is broken; so is one by an error which nobody handles.
 *
 * @param isTraced the trace has every message beside the faults.
 */
export async function runPlan(plan: Plan, { isTraced = false } = {}): Promise<Outcome> {
  const world = new World(plan)
  if (isTraced) traceCoordinator(world)
  const unhandled = (error: unknown): void => world.fail(textOf(error), 'error')
  process.on('unhandledRejection', unhandled)
  let broken: string | undefined
  let seenBy: string | undefined
  try {
    await world.run()
  } catch (error) {
    broken = error instanceof Broken ? error.message : textOf(error)
    seenBy = error instanceof Broken ? error.seenBy : 'error'
  } finally {
    process.off('unhandledRejection', unhandled)
  }
  const { trace, counts, timeline } = world
  return { plan, broken, seenBy, trace, counts, steps: timeline.steps, virtualMs: timeline.nowMs }
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
