import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'
import { isBy, type Stream } from './streams.js'

/** No lease goes to a client process all of whose places in its queue ended with their streams. */
export const noGrantToTheDead: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  book.ears.push({
    record({ type, lease }) {
      const { name, instance, holderIdentity } = lease
      if (type !== 'acquired' && type !== 'created') return
      if (instance === undefined || lease.state !== 'held') return
      const streams = [...book.streams.values(), ...book.endedStreams]
      if (streams.some(stream => stream.isAsking(name, lease))) return
      const waited = streams.filter(stream => isWaiting(stream, lease))
      const endedAtMs = Math.max(...waited.map(stream => stream.endedAtMs))
      if (waited.length === 0 || endedAtMs >= book.decidedTrueMs) return
      broken = `lease ${name} went to ${holderIdentity}, whose session ended at ${endedAtMs.toFixed(3)}`
    },
  })
  return { check: () => broken }
}

const isWaiting = (stream: Stream, lease: { name: string; holderIdentity?: string; instance?: string }): boolean => {
  for (const { state, request } of stream.places.values()) {
    if (state === 'waiting' && request.name === lease.name && isBy(request, lease)) return true
  }
  return false
}
