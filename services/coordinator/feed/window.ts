import type { LeaseRecord, Transition } from '../lease/records.js'
import { Ring } from './ring.js'

/** The last transitions that are durable, in revision order: what a watch can resume over. */
export class Window {
  readonly #transitions = new Ring<Transition>()
  readonly #size: number
  #startRevision: number | undefined
  #revision = 0

  constructor(size: number) {
    this.#size = size
  }

  /** A watch may resume after this revision or a later one: every transition past it is here. */
  get startRevision(): number {
    return this.#startRevision ?? this.#revision
  }

  /** The last revision that is durable. */
  get revision(): number {
    return this.#revision
  }

  /** The position after the newest transition. */
  get end(): number {
    return this.#transitions.end
  }

  /** How many transitions are here. */
  get count(): number {
    return this.#transitions.size
  }

  at(position: number): Transition {
    return this.#transitions.at(position)
  }

  /** Where the transitions after a revision begin. */
  positionAfter(revision: number): number {
    return this.#transitions.firstWhere(transition => transition.lease.revision > revision)
  }

  /** Whether a transition took this revision: otherwise a renewal did, or the transition is no longer here. */
  has(revision: number): boolean {
    const position = this.positionAfter(revision - 1)
    return position < this.end && this.at(position).lease.revision === revision
  }

  /** Takes the records of the next entry; what is here already is not taken twice. */
  add(records: readonly LeaseRecord[], lastRevision: number): void {
    this.#startRevision ??= revisionBefore(records) ?? lastRevision
    for (const record of records) {
      if (record.type === 'renewed' || record.type === 'published') continue
      if (record.lease.revision > this.#revision) this.#transitions.add(record)
    }
    this.#revision = Math.max(this.#revision, lastRevision)
  }

  /** Drops the oldest beyond the size, and gives what it drops. */
  trim(): Transition[] {
    const { first, end } = this.#transitions
    const dropped: Transition[] = []
    for (let position = first; position < end - this.#size; position += 1) dropped.push(this.at(position))
    this.#startRevision = dropped.at(-1)?.lease.revision ?? this.#startRevision
    this.#transitions.dropBefore(end - this.#size)
    return dropped
  }
}

function revisionBefore(records: readonly LeaseRecord[]): number | undefined {
  for (const record of records) {
    if (record.type === 'renewed') return record.firstRevision - 1
    if (record.type !== 'published') return record.lease.revision - 1
  }
  return undefined
}
