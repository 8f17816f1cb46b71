import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'
import { isBy, type Place } from './streams.js'

/** A free lease goes to whom has waited with the greatest priority, among equals the longest; nobody passes those who wait. */
export const queueOrder: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  const lastHolders = new Map<string, { holderIdentity?: string; instance?: string }>()
  book.ears.push({
    record({ type, lease: { name } }, lease) {
      // Who held it before the tenancy that is told next.
      if (lease !== undefined && type !== 'updated') lastHolders.set(name, lease.image)
    },
    said(stream, response, asked) {
      if (response.type !== 'acquired') return
      const granted = asked === undefined ? stream.places.get(response.handle) : undefined
      const request = asked?.request ?? granted?.request
      if (request?.type !== 'acquire' || response.resumed || request.supersede) return
      const first = [...book.waiters(request.name)].sort(byRank)[0]
      if (first === undefined || first === granted || isBy(first.request, request)) return
      if (granted === undefined && isBack(request, lastHolders.get(request.name))) return
      const way = granted === undefined ? 'took' : 'was granted'
      broken = `${request.holderIdentity} ${way} lease ${request.name} before ${first.request.holderIdentity}, which waited first`
    },
  })
  return { check: () => broken }
}

const byRank = (one: Place, other: Place): number =>
  other.request.priority - one.request.priority || one.order - other.order

/** Whether it is the last holder that comes back, which it may before those who wait while a takeover delay runs. */
const isBack = (request: Place['request'], last: { holderIdentity?: string; instance?: string } | undefined): boolean =>
  last !== undefined && isBy(request, last)
