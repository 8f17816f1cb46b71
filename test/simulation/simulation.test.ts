import test from 'ava'
import { runSeed } from './run-seed.js'

for (let from = 1; from <= 100; from += 20) {
  test(`every promise holds in the worlds of the seeds ${from} to ${from + 19}`, async t => {
    for (let seed = from; seed < from + 20; seed++) {
      const { broken } = await runSeed(seed)
      t.is(broken, undefined, `make simulate SEED=${seed}`)
    }
  })
}

test('a seed is a history: the same steps, the same counts', async t => {
  const [one, two] = [await runSeed(3), await runSeed(3)]
  t.is(one.steps, two.steps)
  t.deepEqual(one.counts, two.counts)
  t.deepEqual(one.trace, two.trace)
})
