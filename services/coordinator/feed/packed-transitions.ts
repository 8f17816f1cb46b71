import { ByteReader, ByteWriter } from '../journal/bytes.js'
import { readTransition, writeTransition } from '../journal/record-codec.js'
import type { Transition } from '../lease/records.js'
import { Ring } from './ring.js'

/** A page takes no further transition when it has so many bytes. */
const pageBytes = 64 * 1024

/** A transition as the bytes that `writeTransition` makes of it. */
export interface PackedTransition {
  readonly revision: number
  readonly bytes: Uint8Array
}

/** Transitions one after the other, as bytes. */
interface Page {
  readonly bytes: Uint8Array
  /** The position of its first. */
  readonly from: number
  /** Where each begins in the bytes, and its revision. */
  readonly offsets: readonly number[]
  readonly revisions: readonly number[]
}

/**
 * A queue of transitions in revision order, kept as the bytes that the journal has for them. A million may wait here:
 * as objects they would be most of the heap, and each collection would look at all of them.
 *
 * Adding at the end, dropping from the front and reading anywhere take about constant time. A position never changes:
 * the first transition ever added is at 0, the next at 1, also after others have gone.
 */
export class PackedTransitions {
  readonly #pages = new Ring<Page>()
  /** The newest ones, which are no page yet. */
  readonly #writer = new ByteWriter()
  #from = 0
  #offsets: number[] = []
  #revisions: number[] = []
  #first = 0
  #end = 0

  /** The position of the oldest; `end` when there is none. */
  get first(): number {
    return this.#first
  }

  /** The position that the next will get. */
  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#first
  }

  /**
   * Takes one whose revision is greater than those before.
   *
   * @param bytes what `writeTransition` makes of it, where somebody has them; they are copied.
   */
  add(transition: Transition, bytes?: Uint8Array): void {
    this.#offsets.push(this.#writer.length)
    this.#revisions.push(transition.lease.revision)
    if (bytes === undefined) writeTransition(this.#writer, transition)
    else this.#writer.bytes(bytes)
    this.#end += 1
    if (this.#writer.length >= pageBytes) this.#turnPage()
  }

  /** Reads one. @throws RangeError where none is, or is any more, at that position. */
  at(position: number): Transition {
    const { bytes, from, offsets } = this.#pageOf(position)
    return readTransition(new ByteReader(bytes.subarray(offsets[position - from])))
  }

  /** One without reading it; its bytes stay what they are. @throws RangeError likewise. */
  packedAt(position: number): PackedTransition {
    const { bytes, from, offsets, revisions } = this.#pageOf(position)
    const index = position - from
    const packed = bytes.subarray(offsets[index], offsets[index + 1])
    // The newest ones are where others will be.
    return { revision: revisions[index] ?? 0, bytes: position < this.#from ? packed : Uint8Array.from(packed) }
  }

  /** @throws RangeError likewise. */
  revisionAt(position: number): number {
    const { from, revisions } = this.#pageOf(position)
    return revisions[position - from] ?? 0
  }

  /** Where those after a revision begin; `end` when there are none. */
  positionAfter(revision: number): number {
    let low = this.#first
    let high = this.#end
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.revisionAt(middle) > revision) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Drops what is before a position. */
  dropBefore(position: number): void {
    this.#first = Math.max(this.#first, Math.min(position, this.#end))
    const pages = this.#pages
    pages.dropBefore(pages.firstWhere(({ from, offsets }) => from + offsets.length > this.#first))
    if (this.#first === this.#end) this.#begin()
  }

  #turnPage(): void {
    const bytes = Uint8Array.from(this.#writer.written())
    this.#pages.add({ bytes, from: this.#from, offsets: this.#offsets, revisions: this.#revisions })
    this.#begin()
  }

  #begin(): void {
    this.#writer.clear()
    this.#from = this.#end
    this.#offsets = []
    this.#revisions = []
  }

  #pageOf(position: number): Page {
    if (position < this.#first || position >= this.#end) {
      throw new RangeError(`no transition at ${position}: ${this.#first} to ${this.#end} are there`)
    }
    if (position >= this.#from) {
      return { bytes: this.#writer.written(), from: this.#from, offsets: this.#offsets, revisions: this.#revisions }
    }
    const pages = this.#pages
    return pages.at(pages.firstWhere(({ from, offsets }) => from + offsets.length > position))
  }
}
