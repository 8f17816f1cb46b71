import { ByteReader, ByteWriter } from '../journal/bytes.js'
import { readTransition, writeTransition } from '../journal/record-codec.js'
import { lastingBytes } from '../lease/lasting-bytes.js'
import type { Transition } from '../lease/records.js'
import { Ring } from './ring.js'

/** What a page has room for: about 400 transitions as most are, and no more of the shortest. */
const pageBytes = 64 * 1024
const transitionsPerPage = 1_024

/** How many pages are kept to be filled again, besides as many as are in use. */
const sparePages = 16

/** A transition as the bytes that `writeTransition` makes of it. */
export interface PackedTransition {
  readonly revision: number
  readonly bytes: Uint8Array
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
  readonly #spare: Page[] = []
  readonly #writer = new ByteWriter()
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
  add(transition: Transition, bytes = this.#written(transition)): void {
    this.#pageFor(bytes.length).add(transition.lease.revision, bytes)
    this.#end += 1
  }

  /** Reads one. @throws RangeError where none is, or is any more, at that position. */
  at(position: number): Transition {
    const page = this.#pageOf(position)
    return readTransition(new ByteReader(page.bytesAt(position - page.from)))
  }

  /** One without reading it, in bytes of its own. @throws RangeError likewise. */
  packedAt(position: number): PackedTransition {
    const page = this.#pageOf(position)
    const index = position - page.from
    return { revision: page.revisionAt(index), bytes: Uint8Array.from(page.bytesAt(index)) }
  }

  /** @throws RangeError likewise. */
  revisionAt(position: number): number {
    const page = this.#pageOf(position)
    return page.revisionAt(position - page.from)
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
    const spare = this.#spare
    const kept = pages.firstWhere(page => page.end > this.#first)
    if (kept === pages.first) return
    for (let dropped = pages.first; dropped < kept; dropped += 1) {
      const page = pages.at(dropped)
      if (page.isUsual) spare.push(page)
    }
    pages.dropBefore(kept)
    spare.length = Math.min(spare.length, sparePages + pages.size)
  }

  #written(transition: Transition): Uint8Array {
    this.#writer.clear()
    writeTransition(this.#writer, transition)
    return this.#writer.written()
  }

  /** The newest page if it has room, else another. */
  #pageFor(length: number): Page {
    const pages = this.#pages
    const newest = pages.size > 0 ? pages.at(pages.end - 1) : undefined
    if (newest?.hasRoomFor(length)) return newest
    const page = (length <= pageBytes ? this.#spare.pop() : undefined) ?? new Page(Math.max(length, pageBytes))
    page.begin(this.#end)
    pages.add(page)
    return page
  }

  #pageOf(position: number): Page {
    if (position < this.#first || position >= this.#end) {
      throw new RangeError(`no transition at ${position}: ${this.#first} to ${this.#end} are there`)
    }
    const pages = this.#pages
    const newest = pages.at(pages.end - 1)
    return position >= newest.from ? newest : pages.at(pages.firstWhere(page => page.end > position))
  }
}

/** Transitions one after the other, as bytes; filled again when all of them have gone. */
class Page {
  readonly #bytes: Uint8Array
  /** Where each ends in the bytes. */
  readonly #ends = new Uint32Array(lastingBytes(transitionsPerPage * Uint32Array.BYTES_PER_ELEMENT))
  readonly #revisions = new Float64Array(lastingBytes(transitionsPerPage * Float64Array.BYTES_PER_ELEMENT))
  #from = 0
  #count = 0
  #length = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array(lastingBytes(size))
  }

  /** The position of its first. */
  get from(): number {
    return this.#from
  }

  /** The position after its last. */
  get end(): number {
    return this.#from + this.#count
  }

  /** Whether it is no larger than others: made for one transition, it could be as large as that. */
  get isUsual(): boolean {
    return this.#bytes.length === pageBytes
  }

  begin(from: number): void {
    this.#from = from
    this.#count = 0
    this.#length = 0
  }

  hasRoomFor(length: number): boolean {
    return this.#count < transitionsPerPage && this.#length + length <= this.#bytes.length
  }

  add(revision: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    this.#ends[this.#count] = this.#length
    this.#revisions[this.#count] = revision
    this.#count += 1
  }

  /** A view that holds until the page is filled again. */
  bytesAt(index: number): Uint8Array {
    return this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index])
  }

  revisionAt(index: number): number {
    return this.#revisions[index] ?? 0
  }
}
