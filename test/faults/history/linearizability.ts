import { after, expired, isStillPossible, type LeaseRegister, missing } from './lease-model.js'
import type { Operation } from './operation.js'

/** Whether one order explains all that was seen of a lease. */
export type Verdict =
  | { readonly isLinearizable: true; readonly operations: number }
  | {
      readonly isLinearizable: false
      /** The first operation whose return nothing explains. */
      readonly operation: Operation
      /** What the lease can have been just before, after every order of what came before. */
      readonly registers: readonly LeaseRegister[]
    }

/** More places than this are too many to look at: then the history is too loose to be checked. */
const maxPlaces = 100_000

/** A place in some order of the operations so far. */
interface Place {
  readonly register: LeaseRegister
  /** Under way, and not yet in the order. */
  readonly open: ReadonlySet<Operation>
}

/**
 * Looks for an order of the operations on one lease in which each takes effect at one moment between its call and its
 * return, and gets what the register of lease-model.ts would give it then. Expiry may come in between anywhere, but not
 * before the deadline that follows from the moments of the renewals.
 *
 * The method is Lowe's just-in-time linearization: go through calls and returns as they happened, keep every place that
 * an order can have reached, and put an operation into the order only when a return demands it. A place with the same
 * register and the same open operations as another, but later or with a later deadline, allows nothing more and is left
 * out. What was not seen by anybody afterwards need not be in an order.
 *
 * @throws Error when too many answers are unknown for it to be checked.
 */
export function checkLease(operations: readonly Operation[], initially: LeaseRegister = missing): Verdict {
  const telling = operations.filter(isTelling)
  const lastSeenMs = lastSightings(telling)
  let places: Place[] = [{ register: initially, open: new Set() }]
  for (const { operation, isCall, atMs } of eventsOf(telling)) {
    if (isCall) {
      places = places.map(({ register, open }) => ({ register, open: new Set(open).add(operation) }))
      continue
    }
    const reached = new Places()
    for (const place of places) followOrders(place, operation, lastSeenMs, reached)
    if (reached.size === 0) {
      return { isLinearizable: false, operation, registers: places.map(({ register }) => register) }
    }
    places = reached.withoutForgotten(open => (lastSeenMs.get(open.holderIdentity) ?? 0) >= atMs)
  }
  return { isLinearizable: true, operations: operations.length }
}

/** A verdict in words, for a failing test. */
export function described(verdict: Verdict): string {
  if (verdict.isLinearizable) return `${verdict.operations} operations have an order`
  return [
    `no order explains ${JSON.stringify(verdict.operation)}`,
    ...verdict.registers.slice(0, 10).map(register => `before it the lease was ${JSON.stringify(register)}`),
  ].join('\n')
}

/** Puts open operations into the order, in every way, until the one that has returned is among them. */
function followOrders(
  start: Place,
  returned: Operation,
  lastSeenMs: ReadonlyMap<string, number>,
  reached: Places,
): void {
  const seen = new Places()
  const next = [start]
  for (let place = next.pop(); place !== undefined; place = next.pop()) {
    if (!place.open.has(returned)) {
      reached.add(place)
      continue
    }
    for (const found of placesAfter(place, lastSeenMs)) {
      if (found.register.nowMs <= returned.returnMs && seen.add(found)) next.push(found)
    }
    if (seen.size > maxPlaces) throw new Error(`too many orders are possible at ${returned.id}`)
  }
}

/** Where one more operation, or the end of the tenancy's time, leads to. */
function* placesAfter({ register, open }: Place, lastSeenMs: ReadonlyMap<string, number>): Generator<Place> {
  const tried = new Set<string>()
  for (const operation of open) {
    if (isUnknownAcquire(operation)) {
      if ((lastSeenMs.get(operation.holderIdentity) ?? 0) < register.nowMs) continue
      // Of those that ask for the same, the one that was called first may be anywhere that the others may be.
      const { holderIdentity, leaseDurationMs } = operation
      const key = `${holderIdentity} ${leaseDurationMs}`
      if (tried.has(key)) continue
      tried.add(key)
    }
    const then = after(register, operation)
    if (then === undefined) continue
    const left = [...open].filter(other => other !== operation && (isKnown(other) || isStillPossible(then, other)))
    yield { register: then, open: new Set(left) }
  }
  const then = expired(register)
  if (then !== undefined) yield { register: then, open }
}

/** Places, without those that allow nothing which another does not allow. */
class Places {
  readonly #byKey = new Map<string, Place[]>()

  get size(): number {
    return this.#byKey.size
  }

  /** False when it allows nothing new. */
  add(place: Place): boolean {
    const { status, holderIdentity, token, floor, isSeen, leaseDurationMs } = place.register
    const open = [...place.open].map(({ id }) => id).sort()
    const key = JSON.stringify([status, holderIdentity, token ?? null, floor, isSeen, leaseDurationMs, open])
    const same = this.#byKey.get(key) ?? []
    if (same.some(other => allowsAsMuch(other.register, place.register))) return false
    this.#byKey.set(key, [...same.filter(other => !allowsAsMuch(place.register, other.register)), place])
    return true
  }

  /** The places, without open acquires of unknown outcome that nobody will have seen take effect. */
  withoutForgotten(isRemembered: (operation: Operation) => boolean): Place[] {
    const kept = new Places()
    for (const { register, open } of [...this.#byKey.values()].flat()) {
      kept.add({
        register,
        open: new Set([...open].filter(operation => !isUnknownAcquire(operation) || isRemembered(operation))),
      })
    }
    return [...kept.#byKey.values()].flat()
  }
}

const allowsAsMuch = (one: LeaseRegister, other: LeaseRegister): boolean =>
  one.nowMs <= other.nowMs && one.deadlineMs <= other.deadlineMs

const isKnown = ({ outcome }: Operation): boolean => outcome.type !== 'unknown'
const isUnknownAcquire = ({ kind, outcome }: Operation): boolean => kind === 'acquire' && outcome.type === 'unknown'

/** Whether the operation says anything of the lease or may have changed it. */
const isTelling = (operation: Operation): boolean =>
  isKnown(operation) || operation.kind === 'acquire' || operation.kind === 'release'

/** Until when anybody saw that a holder had, or had had, the lease. */
function lastSightings(operations: readonly Operation[]): Map<string, number> {
  const lastSeenMs = new Map<string, number>()
  for (const { outcome, holderIdentity, returnMs } of operations) {
    if (outcome.type === 'unknown') continue
    const seen = outcome.type === 'acquired' || outcome.type === 'done' ? holderIdentity : outcome.holderIdentity
    lastSeenMs.set(seen, Math.max(lastSeenMs.get(seen) ?? 0, returnMs))
  }
  return lastSeenMs
}

/** Calls and returns in time; at one time calls come first, so that nothing is taken for later than it may be. */
function eventsOf(operations: readonly Operation[]): { operation: Operation; isCall: boolean; atMs: number }[] {
  return operations
    .flatMap(operation => [
      { operation, isCall: true, atMs: operation.callMs },
      ...(isKnown(operation) ? [{ operation, isCall: false, atMs: operation.returnMs }] : []),
    ])
    .sort((one, other) => one.atMs - other.atMs || Number(other.isCall) - Number(one.isCall))
}
