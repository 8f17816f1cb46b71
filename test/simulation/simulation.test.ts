import { readFileSync } from 'node:fs'
import test from 'ava'
import { drawPlan, type Plan } from './plan.js'
import { runPlan, runSeed } from './run-seed.js'
import type { FalseAlarm, Found } from './runner/results.js'
import { Tally } from './runner/seed-result.js'
import { runSeeds } from './runner/workers.js'

/** As many worlds as fit into a minute of a busy machine; `make simulate` runs more. */
const seeds = 200

// Each world that runs in this process listens for errors that nobody handles: they are no leak.
process.setMaxListeners(0)

test(`every promise holds in the worlds of the seeds 1 to ${seeds}`, async t => {
  const tally = new Tally()
  await runSeeds({
    seeds: Array.from({ length: seeds }, (_, index) => index + 1),
    onResult: result => tally.add(result),
  })
  t.is(tally.seeds, seeds)
  t.deepEqual(
    tally.failures.map(({ seed, seenBy, broken }) => `make simulate SEED=${seed}: ${seenBy}, ${broken}`),
    [],
  )
})

/** What shrinking left of a world is kept as a plan, since the world of a seed changes with what is drawn. */
const found = JSON.parse(readFileSync(new URL('found.json', import.meta.url), 'utf8')) as readonly (Found & {
  readonly plan?: Plan
})[]

for (const { what, seed, plan = drawPlan(seed) } of found) {
  test(`a world that has shown a bug holds now: ${what}`, async t => {
    const { broken } = await runPlan(plan)
    t.is(broken, undefined)
  })
}

const falseAlarms = JSON.parse(
  readFileSync(new URL('false-alarms.json', import.meta.url), 'utf8'),
) as readonly (FalseAlarm & { readonly plan: Plan })[]

for (const { what, plan } of falseAlarms) {
  test(`a world in which nothing was broken holds: ${what}`, async t => {
    const { broken } = await runPlan(plan)
    t.is(broken, undefined)
  })
}

test('a seed is a history: the same steps, the same counts, in any process', async t => {
  const [one, two] = [await runSeed(3), await runSeed(3)]
  t.is(one.steps, two.steps)
  t.deepEqual(one.counts, two.counts)
  t.deepEqual(one.trace, two.trace)
  await runSeeds({
    seeds: [2, 3],
    workers: 1,
    onResult({ seed, steps, counts }) {
      if (seed !== 3) return
      t.is(steps, one.steps)
      t.deepEqual(counts, Object.fromEntries(one.counts))
    },
  })
})
