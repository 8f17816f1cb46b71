import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** What sums of times may be off, in ms. */
const roundingMs = 1e-3

/**
 * No lease expires before its whole duration has passed on the lease clock, from when its last renewal was read, whether that
 * was answered or not; from the start, when the coordinator started after it.
 */
export const noEarlyExpiry: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  book.ears.push({
    record({ type, lease: { name } }, lease) {
      if (type !== 'expired' || lease === undefined) return
      const earlyMs = lease.notBeforeMs - book.decidedMs
      if (earlyMs > roundingMs)
        broken = `lease ${name} of ${lease.image.holderIdentity} expired ${earlyMs.toFixed(3)} ms early`
    },
  })
  return { check: () => broken }
}
