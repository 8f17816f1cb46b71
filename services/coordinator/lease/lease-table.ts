import BTreeModule from 'sorted-btree'
import type { LeaseName, ListPage, ListQuery } from './commands.js'
import type { Scheduled } from './deadlines.js'
import { LeaseError } from './errors.js'
import { type LeaseImage, type LeaseState, leaseKey, leasePath, type MicroTime } from './lease.js'
import type { LeaseRecord, Transition } from './records.js'
import type { Session } from './session.js'

// The package is CommonJS and says so by a `default` of its own.
const BTree = BTreeModule.default

/** How many leases one page looks at: a selector that matches nothing must not hold renewals up. */
const leasesLookedAtPerPage = 10_000

/**
 * A lease as the coordinator has it: what the journal says of it (the image of the last transition, and the two fields
 * that renewals move), and what is volatile (deadline, session).
 */
export class LeaseNode implements Scheduled {
  image: LeaseImage
  renewTime: MicroTime | undefined
  revision: number

  deadline = Number.POSITIVE_INFINITY
  wakeAt = 0
  heapIndex = -1
  /** False for a grant that was pushed to a waiter, until its first renewal. */
  isConfirmed = true
  /** The session that holds, and its handle there. */
  session: Session | undefined
  handle = 0

  constructor(image: LeaseImage) {
    this.image = image
    this.renewTime = image.renewTime
    this.revision = image.revision
  }

  /** The lease as it is now. */
  current(): LeaseImage {
    if (this.revision !== this.image.revision) {
      this.image =
        this.renewTime === undefined
          ? { ...this.image, revision: this.revision }
          : { ...this.image, renewTime: this.renewTime, revision: this.revision }
    }
    return this.image
  }
}

/** The state of a coordinator: the fold of its journal's records. The same `apply` runs live and in replay. */
export class LeaseTable {
  readonly #byKey = new Map<string, LeaseNode>()
  readonly #byId = new Map<number, LeaseNode>()
  readonly #order = new BTree<string, undefined>()
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

  find(key: string): LeaseNode | undefined {
    return this.#byKey.get(key)
  }

  findById(id: number): LeaseNode | undefined {
    return this.#byId.get(id)
  }

  /** @throws LeaseError LEASE_NOT_FOUND */
  need(name: LeaseName): LeaseNode {
    const node = this.#byKey.get(leaseKey(name.namespace, name.name))
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
    for (const node of this.#byKey.values()) yield node.current()
  }

  /** Applies one record. Replaying records that the state already has is harmless, as long as all of them come. */
  apply(record: LeaseRecord): void {
    switch (record.type) {
      case 'published':
        return
      case 'renewed':
        for (let i = 0; i < record.leaseIds.length; i++) {
          const node = this.#byId.get(record.leaseIds[i] ?? 0)
          if (node !== undefined) this.renewed(node, record.renewTimes[i] ?? 0, record.firstRevision + i)
        }
        this.#advance(record.firstRevision + record.leaseIds.length - 1)
        return
      default:
        this.#applyTransition(record)
    }
  }

  /** What a renewal changes. */
  renewed(node: LeaseNode, renewTime: number, revision: number): void {
    node.renewTime = renewTime
    node.revision = revision
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
  *nodesAfter(namespace: string, after?: string): Generator<[key: string, node: LeaseNode]> {
    const prefix = namespace === '' ? '' : leaseKey(namespace, '')
    for (const [key] of this.#order.entries(after ?? prefix)) {
      if (!key.startsWith(prefix)) return
      const node = key === after ? undefined : this.#byKey.get(key)
      if (node !== undefined) yield [key, node]
    }
  }

  /** At most `limit` namespaces with leases, in order, after one ('' for the first); none of their leases is looked at. */
  namespaces(after: string, limit: number): readonly string[] {
    const found: string[] = []
    let key = this.#order.nextHigherKey(after === '' ? undefined : beyond(after))
    while (key !== undefined && found.length < limit) {
      const namespace = key.slice(0, key.indexOf('\0'))
      found.push(namespace)
      key = this.#order.nextHigherKey(beyond(namespace))
    }
    return found
  }

  list(query: ListQuery): ListPage {
    const leases: LeaseImage[] = []
    let looked = 0
    let last = query.after
    for (const [key, node] of this.nodesAfter(query.namespace, query.after)) {
      if (last !== undefined && (leases.length >= query.limit || looked >= leasesLookedAtPerPage)) {
        return { leases, after: last, revision: this.#revision }
      }
      looked++
      last = key
      const image = node.current()
      if (query.matches(image)) leases.push(image)
    }
    return { leases, revision: this.#revision }
  }

  #applyTransition(transition: Transition): void {
    const { lease } = transition
    if (transition.type === 'deleted') this.#remove(lease)
    else this.#put(lease)
    this.#advance(lease.revision)
  }

  #put(image: LeaseImage): void {
    const key = leaseKey(image.namespace, image.name)
    const node = this.#byKey.get(key)
    if (node !== undefined && node.image.id === image.id) {
      this.#counts[node.image.state]--
      node.image = image
      node.renewTime = image.renewTime
      node.revision = image.revision
    } else {
      if (node !== undefined) this.#remove(node.image)
      const created = new LeaseNode(image)
      this.#byKey.set(key, created)
      this.#byId.set(image.id, created)
      this.#order.set(key, undefined)
    }
    this.#counts[image.state]++
  }

  #remove(image: LeaseImage): void {
    const node = this.#byId.get(image.id)
    if (node === undefined) return
    const key = leaseKey(image.namespace, image.name)
    this.#byId.delete(image.id)
    this.#counts[node.image.state]--
    if (this.#byKey.get(key) !== node) return
    this.#byKey.delete(key)
    this.#order.delete(key)
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
  }
}

/** Sorts after every key of the namespace, and before those of the next. */
const beyond = (namespace: string): string => `${namespace}\x01`
