import type { KubernetesAnswer } from '../kubernetes-calls.js'
import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'
import type { Place } from './streams.js'

/** The methods that write. */
const writing: readonly string[] = ['KubernetesCreate', 'KubernetesWrite']

/** What belongs to a holder over gRPC: only its own acquires and renewals may change it. */
const protectedFields = ['holderIdentity', 'fencingToken', 'instance', 'acquireTime', 'leaseTransitions'] as const

/**
 * A write of a Kubernetes client neither takes nor changes a tenancy that began over gRPC, and takes no lease that sessions
 * wait for, unless it comes back within its own takeover delay.
 */
export const writes: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  /** Who had each lease before its present tenancy, if it wrote it. */
  const lastWriters = new Map<string, string | undefined>()
  /** Who waited when the last entry was decided: those that it made wait may have come after a write. */
  const waited = new Set<Place>()
  world.coordinator.ears.push({
    decided() {
      waited.clear()
      for (const { places } of book.streams.values())
        for (const place of places.values()) if (place.state === 'waiting') waited.add(place)
    },
  })
  book.ears.push({
    record({ type, cause, lease }, before) {
      const { name, state } = lease
      if (type === 'deleted') lastWriters.delete(name)
      if (before === undefined) return
      const held = before.image.state === 'held' ? before.image : undefined
      if (state === 'held' && lease.fencingToken !== before.image.fencingToken) {
        lastWriters.set(name, before.image.isWritten ? before.image.holderIdentity : undefined)
      }
      if (held?.isWritten || held === undefined) return
      if (cause === 'kubernetes-write')
        broken = `a write took lease ${name} from ${held.holderIdentity}, which holds it over gRPC`
      const changed = protectedFields.find(field => lease[field] !== held[field])
      if (type === 'updated' && changed !== undefined) {
        broken = `${changed} of lease ${name} was changed while ${held.holderIdentity} holds it over gRPC`
      }
    },
    answered(method, response) {
      if (!writing.includes(method)) return
      // Such calls are answered with this.
      const { lease, written, renews } = response as unknown as KubernetesAnswer
      const { name } = lease.metadata
      world.count('writes')
      if (!renews || lease.state !== 'held' || lease.fencingToken !== lease.revision) return
      world.count('tenancies by writes')
      const waiter = [...book.waiters(name)].find(place => waited.has(place))
      if (waiter === undefined || lastWriters.get(name) === written.holderIdentity) return
      broken = `${written.holderIdentity} took lease ${name} by a write before ${waiter.request.holderIdentity}, which waited`
    },
  })
  return { check: () => broken }
}
