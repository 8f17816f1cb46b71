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

  /**
   * Records a transition; the image must carry `nextRevision`.
   *
   * @param before the lease before it, where the caller has it at hand.
   */
  transition(change: Change, time: Instant, before = this.#table.findById(change.lease.id)): void {
    const { type, lease, previousHolder, cause, unheldMs } = change
    const record: { -readonly [field in keyof Transition]: Transition[field] } =
      previousHolder === undefined
        ? { type, time: time.wallMicros, lease }
        : // A field that is added later takes an object of its own, and a million of these may wait for NATS.
          { type, time: time.wallMicros, lease, previousHolder }
    if (cause !== undefined) record.cause = cause
    if (unheldMs !== undefined) record.unheldMs = unheldMs
    if (before !== undefined && before.labels !== lease.labels) record.previousLabels = before.labels ?? {}
    this.#run = undefined
    this.#records.push(record)
    this.#changes++
    this.#transitionBytes += sizeOf(record)
    this.#table.apply(record, before)
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

/** Room for what every transition and its lease have, and the times and numbers that most have. */
const usualBytes = 116

/** For the rest of the times and numbers: when and how often the holder changed. */
const termBytes = 16

/** For the punctuation of labels, and of each. */
const labelsBytes = 20
const labelBytes = 6

/** About how many bytes a transition takes in the journal: the rare and short is not looked at. */
function sizeOf({ lease, previousHolder = '' }: Transition): number {
  const { namespace, name, holderIdentity = '', instance = '', preferredHolder = '' } = lease
  const { labels, annotations, managedFields, ownerReferences, finalizers } = lease
  const texts = namespace.length + name.length + holderIdentity.length + instance.length + previousHolder.length
  let bytes = usualBytes + texts + preferredHolder.length + (lease.acquireTime === undefined ? 0 : termBytes)
  if (labels !== undefined) {
    bytes += labelsBytes
    for (const key in labels) bytes += labelBytes + key.length + (labels[key]?.length ?? 0)
  }
  if (!annotations && !managedFields && !ownerReferences && !finalizers) return bytes
  return bytes + JSON.stringify({ annotations, managedFields, ownerReferences, finalizers }).length
}
