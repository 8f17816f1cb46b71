import type { Hold } from '../../../client/index.js'
import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** Every so many steps the holders are asked. */
const every = 16

/** What a holder's clock and the coordinator's may be apart in their rates, 1 % each. */
const slowestRate = 0.98

/** A holder never believes in its lease for longer than the coordinator keeps it, while that one serves. */
export const holderBelievesLess: InvariantMaker = world => {
  const book = bookOf(world)
  let steps = 0
  return {
    check() {
      book.time.look()
      if (++steps % every > 0 || world.coordinator.process === undefined || book.time.isPaused) return undefined
      const now = book.time.now()
      for (const { holds, process } of world.actors) {
        if (process.isPaused || process.isDead) continue
        for (const hold of holds) {
          const lease = book.leases.get(hold.name)
          const isOfToken = lease?.image.fencingToken === hold.fencingToken
          if (lease?.image.state === 'expired' && isOfToken && hold.isHeld())
            return `${process.name} believes in lease ${hold.name}, which has expired`
          // While another stream asks for it nobody can say which of them has it.
          if (lease?.image.instance !== undefined && lease.place === undefined) continue
          if (lease?.image.state !== 'held' || !isOfToken || !hold.isHeld()) continue
          const remainingMs = 'remainingMs' in hold ? (hold as Hold).remainingMs() * slowestRate : 0
          const tooLongMs = now + remainingMs - lease.notBeforeMs
          if (tooLongMs > 0) return `${process.name} believes in lease ${hold.name} ${tooLongMs.toFixed(3)} ms too long`
        }
      }
      return undefined
    },
  }
}
