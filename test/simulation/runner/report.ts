import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Plan } from '../plan.js'
import { type Outcome, runPlan } from '../run-seed.js'
import { shrink } from './shrink.js'
import { root } from './workers.js'

/** How many plans shrinking may try: some seconds' worth. */
const shrinkTries = 1_000

/** How much of a trace is printed: its end. */
const tracePrinted = 60

/** Where shrunk plans go. */
const brokenFolder = join(root, 'test/simulation/broken')

/** Runs a plan again with every message in its trace; where it breaks, shrinks it, keeps it and prints all there is to know. */
export async function report(plan: Plan, name = `seed-${plan.seed}`): Promise<Outcome> {
  const outcome = await runPlan(plan, { isTraced: true })
  const { broken, seenBy } = outcome
  if (broken === undefined) {
    console.log(`${name}: every promise held in ${outcome.steps} steps`)
    return outcome
  }
  console.log(`\n${name}, ${seenBy}: ${broken}`)
  const isSame = async (smaller: Plan): Promise<boolean> => (await runPlan(smaller)).seenBy === seenBy
  const shrunk = await shrink(plan, { breaks: isSame, tries: shrinkTries })
  const small = await runPlan(shrunk, { isTraced: true })
  const path = join(brokenFolder, `${name}.json`)
  mkdirSync(brokenFolder, { recursive: true })
  writeFileSync(path, `${JSON.stringify(shrunk, undefined, 2)}\n`)
  console.log(`shrunk from ${extent(plan)} to ${extent(shrunk)}: ${small.broken}`)
  console.log(`its plan: ${JSON.stringify(shrunk)}`)
  const { trace } = small
  const left = trace.length - tracePrinted
  console.log(`its trace${left > 0 ? `, without the first ${left} lines` : ''}:`)
  for (const line of trace.slice(-tracePrinted)) console.log(`  ${line}`)
  console.log(
    `replay: make simulate SEED=${plan.seed}, or what is left of it: make simulate PLAN=${relative(root, path)}`,
  )
  return outcome
}

const extent = ({ actors, faults }: Plan): string => `${actors.length} actors and ${faults.length} faults`
