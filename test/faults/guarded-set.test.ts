import test from 'ava'
import { until } from '../support/until.js'
import { faultKinds, faults } from './guarded-set/faults.js'
import { World } from './guarded-set/world.js'
import { Results } from './results.js'

const leaseDurationMs = 1_500
const rounds = Number(process.env.ROUNDS ?? 1)

test.serial('rule 5: a set that ignores tokens loses what was added while a holder was stopped', async t => {
  const world = await World.start(t, { checksTokens: false, leaseDurationMs, sessions: 2, callers: 0 })
  const results = new Results('guarded set, tokens ignored')
  for (const [holder, other] of [world.writers, [...world.writers].reverse()]) {
    if (holder === undefined || other === undefined) throw new Error('there are two writers')
    const lostBefore = world.set.lost.length
    await holder.stopBeforeWrite()
    await other.adds()
    holder.signal('SIGCONT')
    await holder.adds()
    results.injected('writer stopped before its write')
    t.true(world.set.lost.length > lostBefore)
  }
  // The lease itself was right: nobody else held it before its time had run out.
  results.add(await world.checkHistories(t))
  results.add({ rounds: 1, acknowledged: world.set.acknowledged, lost: world.set.lost.length })
  results.write(t)
})

const title =
  'rules 3, 4, 5: a set that checks tokens loses nothing, whoever is stopped, killed or cut off; one order explains what ' +
  'every client saw of the lease'

for (let round = 1; round <= rounds; round++) {
  test.serial(rounds === 1 ? title : `${title} (round ${round})`, async t => {
    const world = await World.start(t, { checksTokens: true, leaseDurationMs, sessions: 2, callers: 2 })
    const results = new Results('guarded set, tokens checked')
    for (const kind of faultKinds) {
      await faults[kind](world, Math.random)
      results.injected(kind)
    }
    await until(() => world.writers.every(writer => !writer.isStopped))
    t.deepEqual(world.set.lost, [])
    const checked = await world.checkHistories(t)
    t.true(checked.acquires > world.set.acknowledged / 2)
    results.add(checked)
    results.add({ rounds: 1, acknowledged: world.set.acknowledged, refused: world.set.refused, lost: 0 })
    results.write(t)
  })
}
