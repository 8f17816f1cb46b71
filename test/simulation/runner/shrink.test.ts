import test from 'ava'
import { drawPlan, type Plan } from '../plan.js'
import { shrink, smaller } from './shrink.js'

/** A plan with faults enough to take some away. */
const plan: Plan = {
  ...drawPlan(7),
  faults: Array.from({ length: 20 }, (_, index) => ({
    type: index % 5 === 0 ? 'crash' : 'pause',
    atMs: index * 1_000,
    lastsMs: 4_000,
    at: 'coordinator',
  })),
}

test('a plan shrinks to what it breaks by', async t => {
  const breaks = async ({ faults }: Plan) => faults.some(({ atMs, lastsMs }) => atMs === 15_000 && lastsMs >= 900)
  const shrunk = await shrink(plan, { breaks, tries: 1_000 })
  t.deepEqual(shrunk.actors, [])
  t.deepEqual(shrunk.faults, [{ type: 'crash', atMs: 15_000, lastsMs: 1_000, at: 'coordinator' }])
  t.deepEqual(shrunk.coordinatorClock, { rate: 1, wallOffsetMicros: 0 })
})

test('a shrunk plan keeps its seed: the parts that are left draw the same numbers', async t => {
  const shrunk = await shrink(plan, { breaks: async () => true, tries: 1_000 })
  t.is(shrunk.seed, plan.seed)
  t.is([...smaller(shrunk)].length, 0)
})

test('shrinking tries no more plans than it may', async t => {
  let tried = 0
  const breaks = async () => ++tried > 0
  await shrink(plan, { breaks, tries: 5 })
  t.is(tried, 5)
})
