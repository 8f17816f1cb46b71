import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** Kubernetes' mark of one process at the end of an identity. */
const processMark = /_[0-9a-f-]{36}$/

/** What sums of times may be off, in ms. */
const roundingMs = 1e-3

/** After an expiry nobody but the last holder takes the lease before its takeover delay is over. */
export const takeoverDelayKept: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  book.ears.push({
    record({ type, lease: { name, holderIdentity = '' } }, before) {
      if (before?.image.state !== 'expired' || (type !== 'acquired' && type !== 'transferred')) return
      const earlyMs = before.keptUntilMs - book.decidedMs
      const isLastHolder = nameOf(before.image.holderIdentity ?? '') === nameOf(holderIdentity)
      if (earlyMs > roundingMs && !isLastHolder) {
        broken = `${holderIdentity} took lease ${name} ${earlyMs.toFixed(3)} ms before its takeover delay was over`
      }
    },
  })
  return { check: () => broken }
}

const nameOf = (holderIdentity: string): string => holderIdentity.replace(processMark, '')
