import type { Instant } from './commands.js'
import type { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import type { LeaseRecord, Renewals, Transition } from './records.js'
import type { Push, Session } from './session.js'

/** A transition as it is decided; the batch adds its time, and the labels before it where they change. */
export type Change = Omit<Transition, 'time' | 'previousLabels'>

/** A push and whom it is for. */
export interface SessionPush {
  readonly session: Session
  readonly push: Push
}

/**
 * What the decisions since the last entry have come to: records in revision order, and pushes in decision order. Every
 * record is applied to the table as it is made.
 */
export class Batch {
  readonly #table: LeaseTable
  #records: LeaseRecord[] = []
  #run: Renewals | undefined
  #pushes: SessionPush[] = []
  #firstRevision: number
  #changes = 0
  #transitionBytes = 0

  constructor(table: LeaseTable) {
    this.#table = table
    this.#firstRevision = table.revision + 1
  }

  /** How many revisions the batch has taken. */
  get changes(): number {
    return this.#changes
  }

  /** About how many bytes its transitions will be in the journal. */
  get transitionBytes(): number {
    return this.#transitionBytes
  }

  get nextRevision(): number {
    return this.#table.revision + 1
  }

  /** Records a transition; the image must carry `nextRevision`. */
  transition(change: Change, time: Instant): void {
    const { type, lease, previousHolder, cause, unheldMs } = change
    const before = this.#table.findById(lease.id)
    const record: { -readonly [field in keyof Transition]: Transition[field] } = { type, time: time.wallMicros, lease }
    if (previousHolder !== undefined) record.previousHolder = previousHolder
    if (cause !== undefined) record.cause = cause
    if (unheldMs !== undefined) record.unheldMs = unheldMs
    if (before !== undefined && before.labels !== lease.labels) record.previousLabels = before.labels ?? {}
    this.#run = undefined
    this.#records.push(record)
    this.#changes++
    this.#transitionBytes += sizeOf(record)
    this.#table.apply(record)
  }

  /** Records a renewal. */
  renewal(node: LeaseNode, renewTime: number): void {
    const revision = this.nextRevision
    if (this.#run === undefined) {
      this.#run = { type: 'renewed', firstRevision: revision, leaseIds: [], renewTimes: [] }
      this.#records.push(this.#run)
    }
    this.#run.leaseIds.push(node.id)
    this.#run.renewTimes.push(renewTime)
    this.#changes++
    this.#table.renewed(node, renewTime, revision)
  }

  push(session: Session | undefined, push: Push): void {
    if (session?.isOpen) this.#pushes.push({ session, push })
  }

  /** The pushes since the last call. */
  takePushes(): readonly SessionPush[] {
    if (this.#pushes.length === 0) return []
    const pushes = this.#pushes
    this.#pushes = []
    return pushes
  }

  /** Closes the batch: the records since the last call, and the revision of the first. */
  takeRecords(): { firstRevision: number; records: LeaseRecord[] } {
    const taken = { firstRevision: this.#firstRevision, records: this.#records }
    this.#firstRevision = this.nextRevision
    this.#records = []
    this.#run = undefined
    this.#changes = 0
    this.#transitionBytes = 0
    return taken
  }
}

/** Room for the fields of a transition and its lease that are as long for all, and for the marks of those that differ. */
const usualBytes = 160

/** About how many bytes a transition takes: only what a client can make large is looked at closely. */
function sizeOf({ lease, previousHolder = '' }: Transition): number {
  const { namespace, name, holderIdentity = '', instance = '', preferredHolder = '' } = lease
  const { labels, annotations, managedFields, ownerReferences, finalizers } = lease
  const texts = namespace.length + name.length + holderIdentity.length + instance.length + previousHolder.length
  let bytes = usualBytes + texts + preferredHolder.length
  if (labels !== undefined) for (const key in labels) bytes += key.length + (labels[key]?.length ?? 0)
  if (!annotations && !managedFields && !ownerReferences && !finalizers) return bytes
  return bytes + JSON.stringify({ annotations, managedFields, ownerReferences, finalizers }).length
}
