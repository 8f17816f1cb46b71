import { isTransition, type LeaseRecord, type Transition } from '../lease/records.js'
import { PackedTransitions } from './packed-transitions.js'

/** The last transitions that are durable, in revision order: what a watch can resume over. */
export class Window {
  readonly #transitions = new PackedTransitions()
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
    return this.#transitions.positionAfter(revision)
  }

  /** Whether a transition took this revision: otherwise a renewal did, or the transition is no longer here. */
  has(revision: number): boolean {
    const position = this.positionAfter(revision - 1)
    return position < this.end && this.#transitions.revisionAt(position) === revision
  }

  /**
   * Takes the records of the next entry; what is here already is not taken twice.
   *
   * @param bytes those of each transition, in order, where they are at hand.
   */
  add(records: readonly LeaseRecord[], lastRevision: number, bytes?: readonly Uint8Array[]): void {
    this.#startRevision ??= revisionBefore(records) ?? lastRevision
    let index = 0
    for (const record of records) {
      if (!isTransition(record)) continue
      if (record.lease.revision > this.#revision) this.#transitions.add(record, bytes?.[index])
      index++
    }
    this.#revision = Math.max(this.#revision, lastRevision)
  }

  /** The oldest beyond the size, which `trim` drops. */
  *excess(): Generator<Transition> {
    const { first, end } = this.#transitions
    for (let position = first; position < end - this.#size; position += 1) yield this.at(position)
  }

  /** Drops the oldest beyond the size. */
  trim(): void {
    const { first, end } = this.#transitions
    const keptFrom = end - this.#size
    if (keptFrom <= first) return
    this.#startRevision = this.#transitions.revisionAt(keptFrom - 1)
    this.#transitions.dropBefore(keptFrom)
  }
}

function revisionBefore(records: readonly LeaseRecord[]): number | undefined {
  for (const record of records) {
    if (record.type === 'renewed') return record.firstRevision - 1
    if (record.type !== 'published') return record.lease.revision - 1
  }
  return undefined
}
