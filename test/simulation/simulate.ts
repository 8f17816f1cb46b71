/**
 * `make simulate`: runs worlds, and says what was broken in which.
 *
 * SEEDS=1000 runs so many, from FROM=1 on; SEED=7 that one and PLAN=FILE that plan, with a trace where it breaks.
 * RESULTS=FILE writes the figures as JSON, added to those of a run that ended where this one begins. Ctrl-C ends a run
 * early, and what it has is kept. WORKERS=2: processes; by default one for each processor.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { drawPlan, type Plan } from './plan.js'
import { report } from './runner/report.js'
import { runAll } from './runner/run-all.js'

const { SEED, PLAN, RESULTS, FROM = '1', SEEDS = '1000', WORKERS = String(availableParallelism()) } = process.env
const options = { from: Number(FROM), count: Number(SEEDS), workers: Number(WORKERS), results: RESULTS }
const isBroken =
  PLAN !== undefined
    ? await breaks(JSON.parse(readFileSync(PLAN, 'utf8')) as Plan, 'plan')
    : SEED !== undefined
      ? await breaks(drawPlan(Number(SEED)))
      : (await runAll(options)) > 0
process.exitCode = isBroken ? 1 : 0

async function breaks(plan: Plan, name?: string): Promise<boolean> {
  const { broken } = await report(plan, name)
  return broken !== undefined
}
