import { isLeaseChange, type Lease, type WatchEvent } from '../../../client/index.js'
import { sleep } from '../../../client/sleep.js'
import type { Transition } from '../../../services/coordinator/lease/records.js'
import type { Actor } from './actor.js'
import { namespace } from './actor.js'

/** A watch must be where the coordinator is after so long without faults. */
const boundMs = 45_000

/** Watches one lease, or all, and keeps up or does not; what it is told is checked against what is durable. */
export function watch(actor: Actor, name: string): void {
  actor.does(follow(actor, name))
}

async function follow(actor: Actor, lease: string): Promise<void> {
  const { client, process, random, world } = actor
  const name = random.fraction() < 0.5 ? lease : undefined
  const watched = new Watched(actor, name)
  const isSlow = random.fraction() < 0.3
  if (!isSlow) actor.watches.add(watched)
  const renewals = [{}, { includeRenewals: true }, { includeRenewals: true, compactRenewals: true }]
  const options = {
    namespace,
    ...(name === undefined ? {} : { name }),
    ...renewals[Math.floor(random.fraction() * 3)],
    ...(random.fraction() < 0.7 ? { bookmarkIntervalMs: 1_000 + Math.floor(random.fraction() * 5_000) } : {}),
    signal: actor.stopping.signal,
  }
  for await (const event of client.watch(options)) {
    world.count(`watched ${event.type}`)
    const broken = watched.hear(event)
    if (broken !== undefined) world.fail(`${process.name}, who watches ${name ?? 'all'}: ${broken}`, 'watch')
    if (isSlow && random.fraction() < 0.2) await sleep(process, actor.between(0, 6_000), actor.stopping.signal)
  }
}

/**
 * What a watch has told: each transition in order, none left out, each as it became durable; what comes of it is what
 * there is.
 */
export class Watched {
  readonly #actor: Actor
  readonly #name: string | undefined
  readonly #leases = new Map<string, Lease>()
  /** How many of the world's transitions were told, or stood in the initial state; undefined until that is complete. */
  #told: number | undefined
  /** The newest revision that the initial state showed of a lease, which may be ahead of the watch. */
  readonly #shown = new Map<string, number>()

  constructor(actor: Actor, name: string | undefined) {
    this.#actor = actor
    this.#name = name
  }

  /** @returns what is broken. */
  hear(event: WatchEvent): string | undefined {
    const { history } = this.#actor.world
    history.readOn()
    if (isLeaseChange(event)) {
      const { type, lease, revision } = event
      const text = `${lease.name} ${type} at ${revision}`
      if (revision > history.table.revision) return `${text} is not durable`
      if (type === 'existing') return this.#existing(lease)
      if (this.#told === undefined) return `${text} came before the initial state was complete`
      return type === 'renewed' ? this.#renewed(lease) : this.#transition(lease, text)
    }
    switch (event.type) {
      case 'synced':
        this.#told = history.countThrough(event.revision)
        return this.#missing(0, this.#told)
      case 'restarted':
        this.#leases.clear()
        this.#shown.clear()
        this.#told = undefined
        return undefined
      case 'bookmark':
        return this.#bookmark(event.revision)
      case 'renewals': {
        const known = new Set([...this.#leases.values()].map(({ id }) => id))
        const unknown = event.leaseIds.find(id => !known.has(id))
        return unknown === undefined ? undefined : `lease ${unknown} was renewed, which was not told or is deleted`
      }
    }
  }

  /** What is missing now, when everything should have been told. */
  late(quietSinceMs: number): string | undefined {
    const { history, timeline } = this.#actor.world
    const next = history.transitions.findIndex(
      (transition, index) => index >= (this.#told ?? 0) && this.#isOurs(transition),
    )
    const sinceMs = Math.max(quietSinceMs, history.durableAtMs[next] ?? Number.POSITIVE_INFINITY)
    if (timeline.nowMs - sinceMs < boundMs) return undefined
    const missing = this.#missing(next, history.transitions.length)
    return missing && `${missing}, for ${boundMs} ms without faults`
  }

  #existing(lease: Lease): string | undefined {
    if (this.#told !== undefined) return `${lease.name} came as existing after the initial state was complete`
    this.#leases.set(lease.name, lease)
    this.#shown.set(lease.name, lease.revision)
    return this.#checkState(lease)
  }

  #renewed(lease: Lease): string | undefined {
    const known = this.#leases.get(lease.name)
    if (known === undefined) return `${lease.name} was renewed, which was not told or is deleted`
    const isKnown = known.fencingToken === lease.fencingToken && known.state === 'held'
    if (!isKnown)
      return `${lease.name} was renewed by ${lease.fencingToken}, and is ${known.state} by ${known.fencingToken}`
    this.#leases.set(lease.name, lease)
    return undefined
  }

  #transition(lease: Lease, text: string): string | undefined {
    const { history } = this.#actor.world
    const index = history.indexOf(lease.revision)
    const transition = index === undefined ? undefined : history.transitions[index]
    if (index === undefined || transition === undefined) return `${text} is no transition`
    if (index < (this.#told ?? 0)) return `${text} was told after a later one`
    const missing = this.#missing(this.#told ?? 0, index)
    if (missing !== undefined) return `${text} was told, and ${missing}`
    this.#told = index + 1
    if (transition.type === 'deleted') this.#leases.delete(lease.name)
    else this.#leases.set(lease.name, lease)
    const { holderIdentity = '', fencingToken, state } = transition.lease
    const is = `${state}, ${holderIdentity} by ${fencingToken}`
    const told = `${lease.state}, ${lease.holderIdentity ?? ''} by ${lease.fencingToken}`
    return told === is ? undefined : `${text} was told as ${told}, and is ${is}`
  }

  #bookmark(revision: number): string | undefined {
    const count = this.#actor.world.history.countThrough(revision)
    const missing = this.#missing(this.#told ?? 0, count)
    this.#told = Math.max(this.#told ?? 0, count)
    return missing && `the watch says that it is at ${revision}, and ${missing}`
  }

  /** The first of some transitions that was not told, and that the initial state has not shown either. */
  #missing(from: number, to: number): string | undefined {
    const { transitions } = this.#actor.world.history
    for (let index = to - 1, seen = new Set<string>(); index >= from; index--) {
      const transition = transitions[index]
      // Of the initial state the last of each lease counts.
      if (transition === undefined || !this.#isOurs(transition)) continue
      const { name, revision } = transition.lease
      if (seen.has(name)) continue
      seen.add(name)
      const isShown = (this.#shown.get(name) ?? 0) >= revision
      const isGone = from === 0 && !this.#leases.has(name) && this.#isDeletedSince(index, name)
      if (!isShown && !isGone) return `${name} ${transition.type} at ${revision} was not`
    }
    return undefined
  }

  /** Whether it was deleted then or later: the initial state is read after the revision that it completes. */
  #isDeletedSince(index: number, name: string): boolean {
    const since = this.#actor.world.history.transitions.slice(index)
    return since.some(({ type, lease }) => type === 'deleted' && lease.name === name)
  }

  #checkState(lease: Lease): string | undefined {
    const { history } = this.#actor.world
    const before = history.transitions
      .slice(0, history.countThrough(lease.revision))
      .findLast(transition => transition.lease.name === lease.name && this.#isOurs(transition))
    const { state, fencingToken } = before?.lease ?? {}
    if (before?.type !== 'deleted' && state === lease.state && fencingToken === lease.fencingToken) return undefined
    return `${lease.name} is told as ${lease.state} by ${lease.fencingToken}, and is ${state} by ${fencingToken}`
  }

  #isOurs({ lease }: Transition): boolean {
    return lease.namespace === namespace && (this.#name === undefined || lease.name === this.#name)
  }
}
