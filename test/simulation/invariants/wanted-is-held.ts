import type { Hold } from '../../../client/index.js'
import { SessionHold } from '../../../client/session-hold.js'
import type { ActorType } from '../plan.js'
import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'
import { isBy } from './streams.js'

/** Within this time after the last fault, tenancies of those that are gone are over and everybody is connected again. */
const settledAfterMs = 30_000

/** How long nobody may hold a lease that somebody wants: a takeover delay, and those who were about to ask. */
const longestUnheldMs = 9_000

/** How long a waiter may be without a place in the queue: its acquire is on its way, or it backs off. */
const longestPlacelessMs = 7_000

/** Who always wants its leases; a presence that was superseded does not, for a while. */
const wanting: readonly ActorType[] = ['worker', 'leader', 'exclusive']

/** When nothing goes wrong any more, every lease that somebody wants is held, and everybody who waits has a place in its queue. */
export const wantedIsHeld: InvariantMaker = world => {
  const { durationMs, quietMs = 0, faults } = world.plan
  const settledMs = Math.max(durationMs, ...faults.map(({ atMs, lastsMs }) => atMs + lastsMs)) + settledAfterMs
  const endMs = durationMs + quietMs
  const book = bookOf(world)
  const leases = new Set(world.plan.actors.flatMap(actor => actor.leases))
  const freeSince = new Map([...leases].map(name => [name, 0]))
  const placeless = new Set<Hold>()
  let broken: string | undefined
  book.ears.push({
    record({ type, lease: { name, state } }) {
      if (state !== 'held' || type === 'deleted') {
        if (!freeSince.has(name)) freeSince.set(name, world.timeline.nowMs)
      } else {
        broken ??= late(name)
        freeSince.delete(name)
      }
    },
  })
  const isWanted = (name: string): boolean =>
    [...world.actors].some(({ plan }) => plan.leases.includes(name) && wanting.includes(plan.type))
  const late = (name: string): string | undefined => {
    const sinceMs = freeSince.get(name) ?? Number.POSITIVE_INFINITY
    const unheldMs = world.timeline.nowMs - Math.max(sinceMs, settledMs)
    if (unheldMs < longestUnheldMs || !isWanted(name)) return undefined
    return `nobody holds lease ${name} for ${unheldMs.toFixed(0)} ms, and nothing goes wrong`
  }
  const waiters = function* (): Generator<SessionHold> {
    for (const { holds, process } of world.actors) {
      if (process.isPaused) continue
      for (const hold of holds)
        if (hold instanceof SessionHold && hold.state === 'waiting' && !hasPlace(hold)) yield hold
    }
  }
  const hasPlace = ({ name, options, instance }: SessionHold): boolean => {
    const { holderIdentity } = options
    for (const stream of book.streams.values()) {
      for (const { request } of stream.places.values()) {
        if (request.name === name && isBy(request, { holderIdentity, instance })) return true
      }
    }
    return false
  }
  if (endMs > settledMs + longestPlacelessMs) {
    world.timeline.after(endMs - longestPlacelessMs, () => {
      for (const hold of waiters()) placeless.add(hold)
    })
  }
  return {
    check: () => broken,
    async checkEnd() {
      for (const name of leases) broken ??= late(name)
      for (const hold of waiters()) {
        if (placeless.has(hold))
          broken ??= `${hold.options.holderIdentity} waits for lease ${hold.name} and has no place in its queue`
      }
      return broken
    },
  }
}
