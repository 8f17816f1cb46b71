import type { LeaseName, ListPage, ListQuery } from './commands.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, type LeaseState, leaseKey, leasePath, nameOfKey } from './lease.js'
import { LeaseNode, type LeaseRoom } from './lease-node.js'
import { LeaseNumbers } from './lease-numbers.js'
import type { LeaseRecord, Transition } from './records.js'
import { SharedStrings } from './shared-strings.js'
import { SortedMap } from './sorted-map.js'

/** How many leases one page looks at: a selector that matches nothing must not hold renewals up. */
const leasesLookedAtPerPage = 10_000

/** The state of a coordinator: the fold of its journal's records. The same `apply` runs live and in replay. */
export class LeaseTable {
  /** By namespace, then by name. */
  readonly #byName = new SortedMap<SortedMap<LeaseNode>>()
  /** By id, as `#key` has it. */
  readonly #byKey = new Map<number, LeaseNode>()
  #firstId = 0
  readonly #room: LeaseRoom = { strings: new SharedStrings(), numbers: new LeaseNumbers() }
  readonly #counts: Record<LeaseState, number> = { unheld: 0, held: 0, expired: 0, released: 0 }
  #revision: number

  constructor(revision: number) {
    this.#revision = revision
  }

  /** The revision of the last record. */
  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#byKey.size
  }

  /** How many leases are in each state. */
  get counts(): Readonly<Record<LeaseState, number>> {
    return this.#counts
  }

  find({ namespace, name }: LeaseName): LeaseNode | undefined {
    return this.#byName.get(namespace)?.get(name)
  }

  findById(id: number): LeaseNode | undefined {
    return this.#byKey.get(this.#key(id))
  }

  /** @throws LeaseError LEASE_NOT_FOUND */
  need(name: LeaseName): LeaseNode {
    const node = this.find(name)
    if (node !== undefined) return node
    const lease = leasePath(name)
    throw new LeaseError('LEASE_NOT_FOUND', `lease ${lease} does not exist: create or acquire it first`, { lease })
  }

  /** All leases; what comes and goes while it is walked may be met or missed. */
  nodes(): IterableIterator<LeaseNode> {
    return this.#byKey.values()
  }

  /** The same as images. */
  *images(): Generator<LeaseImage> {
    for (const node of this.nodes()) yield node.current()
  }

  /**
   * Applies one record. Replaying records that the state already has is harmless, as long as all of them come.
   *
   * @param node the lease that a transition changes, where the caller has it at hand.
   */
  apply(record: LeaseRecord, node?: LeaseNode): void {
    switch (record.type) {
      case 'published':
        return
      case 'renewed':
        for (let i = 0; i < record.leaseIds.length; i++) {
          const node = this.findById(record.leaseIds[i] ?? 0)
          if (node !== undefined) this.renewed(node, record.renewTimes[i] ?? 0, record.firstRevision + i)
        }
        this.#advance(record.firstRevision + record.leaseIds.length - 1)
        return
      default:
        this.#applyTransition(record, node)
    }
  }

  /** What a renewal changes. */
  renewed(node: LeaseNode, renewTime: number, revision: number): void {
    node.renewed(renewTime, revision)
    this.#advance(revision)
  }

  /** A lease from a snapshot. */
  restore(image: LeaseImage): void {
    this.#put(image)
  }

  /** A revision that a snapshot was taken at. */
  restoreRevision(revision: number): void {
    this.#advance(revision)
  }

  /** The leases of a namespace ('' for all) after a key, in order; the table must not change meanwhile. */
  *nodesAfter(namespace: string, after = ''): Generator<LeaseNode> {
    const last = nameOfKey(after)
    const first = last.namespace > namespace ? last.namespace : namespace
    for (const [found, leases] of this.#byName.from(first)) {
      if (namespace !== '' && found !== namespace) return
      const lastName = found === last.namespace ? last.name : ''
      for (const [name, node] of leases.from(lastName)) if (name !== lastName) yield node
    }
  }

  /** At most `limit` namespaces with leases, in order, after one ('' for the first); none of their leases is looked at. */
  namespaces(after: string, limit: number): readonly string[] {
    const found: string[] = []
    for (const [namespace] of this.#byName.from(after)) {
      if (found.length >= limit) break
      if (namespace !== after) found.push(namespace)
    }
    return found
  }

  list(query: ListQuery): ListPage {
    const leases: LeaseImage[] = []
    let looked = 0
    let last: LeaseNode | undefined
    for (const node of this.nodesAfter(query.namespace, query.after)) {
      if (last !== undefined && (leases.length >= query.limit || looked >= leasesLookedAtPerPage)) {
        return { leases, after: leaseKey(last.namespace, last.name), revision: this.#revision }
      }
      looked++
      last = node
      const image = node.current()
      if (query.matches(image)) leases.push(image)
    }
    return { leases, revision: this.#revision }
  }

  #applyTransition(transition: Transition, node?: LeaseNode): void {
    const { lease } = transition
    if (transition.type === 'deleted') this.#remove(lease)
    else this.#put(lease, node)
    this.#advance(lease.revision)
  }

  /** The id finds it many times faster than the name, which only a lease that is new has to be looked for by. */
  #put(image: LeaseImage, node = this.findById(image.id)): void {
    if (node !== undefined) {
      this.#counts[node.state]--
      node.change(image, this.#room)
    } else {
      // A snapshot may have, under one name, both a lease that was deleted while it was written and the one after it.
      const former = this.find(image)
      if (former !== undefined) this.#remove(former)
      this.#add(new LeaseNode(image, this.#room))
    }
    this.#counts[image.state]++
  }

  #add(node: LeaseNode): void {
    const { id, namespace, name } = node
    let leases = this.#byName.get(namespace)
    if (leases === undefined) {
      leases = new SortedMap()
      this.#byName.set(namespace, leases)
    }
    leases.set(name, node)
    if (this.size === 0) this.#firstId = id
    this.#byKey.set(this.#key(id), node)
  }

  #remove({ id }: { id: number }): void {
    const node = this.findById(id)
    if (node === undefined) return
    this.#byKey.delete(this.#key(id))
    this.#counts[node.state]--
    const leases = this.#byName.get(node.namespace)
    leases?.delete(node.name)
    if (leases?.size === 0) this.#byName.delete(node.namespace)
    node.leave(this.#room)
  }

  /**
   * How far an id is from the first: V8 finds a small integer in a map three times as fast as an id, which is an object
   * there.
   */
  #key(id: number): number {
    return id - this.#firstId
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
  }
}
