import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** Whoever is in the queue of a lease when it comes free gets it with that very entry: nobody waits for what is free. */
export const theFreeAreGranted: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  world.coordinator.ears.push({
    decided() {
      // A takeover delay keeps it for its last holder, for as long as only the coordinator knows.
      for (const { places } of book.streams.values()) {
        for (const { state, request } of places.values()) {
          if (state !== 'waiting') continue
          const image = book.leases.get(request.name)?.image
          if (image?.state === 'held' || (image?.state === 'expired' && image.takeoverDelayMs !== undefined)) continue
          broken = `${request.holderIdentity} waits for lease ${request.name}, which is ${image?.state ?? 'not there'}`
        }
      }
    },
  })
  return { check: () => broken }
}
