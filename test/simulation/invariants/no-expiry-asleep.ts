import { type BookedLease, bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** What the turn in which a message is read may take, in ms. */
const turnMs = 1

/** No lease expires whose renewal came in while the coordinator slept, before it would have expired had the coordinator been awake. */
export const noExpiryAsleep: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  /** The leases that a renewal in a socket must keep, and until when at least. */
  const kept = new Map<BookedLease, number>()
  book.ears.push({
    arrived(stream, request) {
      for (const place of stream.covered(request)) {
        const lease = book.leases.get(place.request.name)
        const latestMs = book.time.latestAfterPause + turnMs
        if (lease?.place !== place || latestMs >= lease.notBeforeMs) continue
        kept.set(lease, book.time.now() + (lease.image.leaseDurationMs ?? 0))
      }
    },
    record({ type, lease: { name, holderIdentity } }, lease) {
      if (lease === undefined) return
      const untilMs = kept.get(lease) ?? 0
      // Also an update: its holder may have asked for a shorter duration since.
      kept.delete(lease)
      if (type !== 'expired' || book.decidedMs >= untilMs) return
      broken = `lease ${name} of ${holderIdentity} expired, whose renewal waited in a socket while the coordinator slept`
    },
    restored: () => kept.clear(),
  })
  return { check: () => broken }
}
