import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** The creation of a lease is known to the second. */
const secondMicros = 1e6

/** A rule takes no lease that is held, or kept for its last holder, or was free for a shorter time than it says. */
export const onlyTheIdleAreCollected: InvariantMaker = world => {
  const expiredForMs = world.plan.collectExpiredForMs ?? Number.POSITIVE_INFINITY
  let broken: string | undefined
  const book = bookOf(world)
  book.ears.push({
    record({ cause, time, lease: { name } }, before) {
      if (cause !== 'rule' || before === undefined) return
      world.count('collected')
      const { image, keptUntilMs, freeSinceMicros } = before
      const roundedMicros = image.state === 'unheld' ? secondMicros : 0
      if (image.state === 'held') broken = `a rule took lease ${name} from ${image.holderIdentity}`
      if (keptUntilMs > book.decidedMs) broken = `a rule took lease ${name} while its takeover delay ran`
      if (time - freeSinceMicros + roundedMicros < expiredForMs * 1e3) broken = `a rule took lease ${name} too soon`
    },
  })
  return { check: () => broken }
}
