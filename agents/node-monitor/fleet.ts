import type { Lease, LeaseChange } from '../../client/index.js'
import { isFirstHeartbeat, isHeartbeat, type Sight } from './heartbeat.js'
import { type NodeStatus, type StatusChange, statusOf } from './node-status.js'

/** A node as a monitor knows it. */
interface Node {
  readonly name: string
  leaseId: number
  sight: Sight
  status: NodeStatus | undefined
  /** When its last heartbeat was heard, or the node was first seen: ms on the monitor's own monotonic clock. */
  heardMs: number
  /** The initial state of the watch that told it last. */
  telling: number
}

/** Every node, what it is called, and when it was heard. Pure: it is told the time. */
export class Fleet {
  readonly #nodes = new Map<string, Node>()
  readonly #byLeaseId = new Map<number, Node>()
  readonly #called = { Ready: 0, Unknown: 0 }
  #telling = 0
  #afreshMs = Number.NEGATIVE_INFINITY

  /** How many there are. */
  get size(): number {
    return this.#nodes.size
  }

  /** How many are called so. */
  called(status: NodeStatus): number {
    return this.#called[status]
  }

  /** Takes in what the watch told of a lease. A heartbeat makes a node Ready that was not. */
  told(change: LeaseChange, nowMs: number): StatusChange | undefined {
    const { type, lease } = change
    if (type === 'deleted') {
      this.#forget(lease.name)
      return undefined
    }
    const known = this.#nodes.get(lease.name)
    const isHeard = known === undefined ? isFirstHeartbeat(change) : isHeartbeat(change, known.sight)
    const node = known ?? this.#add(lease, nowMs)
    this.#look(node, lease)
    return isHeard ? this.#heard(node, nowMs) : undefined
  }

  /** Takes in the renewals of a watch: the leases' ids. */
  renewed(leaseIds: readonly number[], nowMs: number): StatusChange[] {
    const changes: StatusChange[] = []
    for (const leaseId of leaseIds) {
      const node = this.#byLeaseId.get(leaseId)
      const change = node && this.#heard(node, nowMs)
      if (change !== undefined) changes.push(change)
    }
    return changes
  }

  /** The lease was read: what the watch tells of it as it was then is no news. */
  read(lease: Lease): void {
    const node = this.#nodes.get(lease.name)
    if (node !== undefined) node.sight = sightOf(lease)
  }

  /** The watch tells every lease anew. */
  restarted(): void {
    this.#telling += 1
  }

  /** It has told all of them: any other is gone. */
  synced(): void {
    for (const { name, telling } of this.#nodes.values()) if (telling !== this.#telling) this.#forget(name)
  }

  /** Every grace begins at this time, as if each node had been heard; none becomes Ready by that. */
  startAfresh(nowMs: number): void {
    this.#afreshMs = nowMs
  }

  /** Whether a node that is not called Unknown has been silent since before this time. */
  hasSilentSince(sinceMs: number): boolean {
    return this.#silentSince(sinceMs).next().done === false
  }

  /** How many nodes that are called Ready have. */
  countLostSince(sinceMs: number): number {
    let lost = 0
    for (const { status } of this.#silentSince(sinceMs)) if (status === 'Ready') lost += 1
    return lost
  }

  /** Calls them Unknown. */
  callUnknown(sinceMs: number, nowMs: number): StatusChange[] {
    return Array.from(this.#silentSince(sinceMs), node => this.#call(node, 'Unknown', nowMs))
  }

  *#silentSince(sinceMs: number): Generator<Node, void, void> {
    if (this.#afreshMs >= sinceMs) return
    for (const node of this.#nodes.values()) if (node.heardMs < sinceMs && node.status !== 'Unknown') yield node
  }

  #add(lease: Lease, nowMs: number): Node {
    const { name, id } = lease
    const status = statusOf(lease)
    const node = { name, leaseId: id, sight: sightOf(lease), status, heardMs: nowMs, telling: this.#telling }
    this.#nodes.set(name, node)
    this.#byLeaseId.set(id, node)
    if (status !== undefined) this.#called[status] += 1
    return node
  }

  #look(node: Node, lease: Lease): void {
    if (node.leaseId !== lease.id) {
      this.#byLeaseId.delete(node.leaseId)
      node.leaseId = lease.id
      this.#byLeaseId.set(lease.id, node)
    }
    node.sight = sightOf(lease)
    node.telling = this.#telling
  }

  #heard(node: Node, nowMs: number): StatusChange | undefined {
    const change = node.status === 'Ready' ? undefined : this.#call(node, 'Ready', nowMs)
    node.heardMs = nowMs
    return change
  }

  #call(node: Node, status: NodeStatus, nowMs: number): StatusChange {
    const { name, status: previousStatus, heardMs, sight } = node
    node.status = status
    this.#called[status] += 1
    if (previousStatus !== undefined) this.#called[previousStatus] -= 1
    const silentForMs = Math.round(nowMs - heardMs)
    return { node: name, status, previousStatus, silentForMs, fencingToken: sight.fencingToken }
  }

  #forget(name: string): void {
    const node = this.#nodes.get(name)
    if (node === undefined) return
    this.#nodes.delete(name)
    this.#byLeaseId.delete(node.leaseId)
    if (node.status !== undefined) this.#called[node.status] -= 1
  }
}

/** Not the lease itself, which would keep all its texts. */
const sightOf = ({ renewTime, fencingToken }: Lease): Sight => ({
  ...(renewTime === undefined ? {} : { renewTime }),
  fencingToken,
})
