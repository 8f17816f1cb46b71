import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { type BookedLease, bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** What clients are told is durable by then, and a coordinator that starts has all that was. */
export const toldIsDurable: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  /** The entries that were durable when a renewal was read. */
  const entriesAt = new WeakMap<object, number>()
  /** The greatest durable token of each name, also where the lease is deleted by now. */
  const tokens = new Map<string, number>()
  world.coordinator.ears.push({
    read: (_stream, request) => void entriesAt.set(request, book.entries),
    durable(records) {
      for (const record of records) {
        if (record.type === 'renewed' || record.type === 'published') continue
        const { name, fencingToken } = record.lease
        tokens.set(name, Math.max(tokens.get(name) ?? 0, fencingToken))
      }
    },
  })
  book.ears.push({
    said(stream, response, asked) {
      if (response.type === 'acquired') {
        const request = asked?.request ?? stream.places.get(response.handle)?.request
        if (request?.type !== 'acquire') return
        const token = tokens.get(request.name) ?? 0
        if (token < response.fencingToken) {
          broken = `${request.holderIdentity} was told that it has ${request.name} with token ${response.fencingToken}, and durable is ${token}`
        }
      }
      if (response.type === 'released') {
        const place = stream.places.get(response.handle)
        const lease = place === undefined ? undefined : book.leases.get(place.request.name)
        if (place === undefined || place.fencingToken === 0 || lease?.image.state !== 'held') return
        if (lease.image.fencingToken === place.fencingToken) {
          broken = `${place.request.holderIdentity} was told that ${place.request.name} is released, and durable is that it is held`
        }
      }
      if (response.type !== 'renewed' || asked === undefined) return
      const since = entriesAt.get(asked.request) ?? 0
      for (const place of stream.covered(asked.request)) {
        const lease = book.leases.get(place.request.name)
        if (response.failures.some(({ handle }) => handle === place.handle)) continue
        if (lease === undefined || lease.place !== place || lease.renewedIn > since) continue
        broken = `${place.request.holderIdentity} was told that ${place.request.name} is renewed, and no renewal is durable`
      }
    },
    answered(method, { lease: told }) {
      const name = told?.metadata?.name ?? ''
      const durable = book.leases.get(name)?.image
      const isTold = told !== undefined && durable !== undefined && method !== 'DeleteLease'
      if (!isTold) return
      if ((told.fencingToken ?? 0) > durable.fencingToken) {
        broken = `${method} of ${name} told token ${told.fencingToken}, and durable is ${durable.fencingToken}`
      }
    },
    restored({ table }) {
      const found = new Set<string>()
      for (const image of table.images()) {
        found.add(image.name)
        const difference = differenceOf(book.leases.get(image.name), image)
        if (difference !== undefined) broken = `after a start lease ${image.name} ${difference}`
      }
      for (const name of book.leases.keys()) if (!found.has(name)) broken = `after a start lease ${name} is missing`
    },
  })
  return { check: () => broken }
}

function differenceOf(lease: BookedLease | undefined, image: LeaseImage): string | undefined {
  if (lease === undefined) return 'exists, and was deleted'
  const fields = [
    'uid',
    'state',
    'fencingToken',
    'holderIdentity',
    'instance',
    'isWritten',
    'leaseDurationMs',
    'takeoverDelayMs',
  ] as const
  const field = fields.find(name => lease.image[name] !== image[name])
  return field === undefined ? undefined : `has ${field} ${image[field]}, and had ${lease.image[field]}`
}
