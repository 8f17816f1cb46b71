/**
 * Long values in LMDB, cut into pages. LMDB keeps a value that is longer than half of a page in pages of its own, side by
 * side. Where entries of all lengths come and go, what they leave free is in pieces that are mostly too short for the
 * next: each append looks through all of them, and the file grows. A part that fills one page goes wherever one is free.
 */
import type { Database } from 'lmdb'

/** The size of a page of LMDB in bytes: the usual one, also where the system's own are longer. */
export const pageSize = 4_096

/** What of a page is left for a part: the rest is LMDB's header. */
const partBytes = pageSize - 24

/** One or more numbers that name a value, and after them the number of a part of it, but for the first. */
type Key = number | number[]

/** From a name on, up to another, not including it. */
export interface NameRange {
  readonly start?: readonly number[]
  readonly end?: readonly number[]
}

/** A table of LMDB whose values are named by so many numbers each, and walked in their order. */
export class PagedTable {
  readonly #table: Database<Buffer, Key>
  readonly #nameLength: number

  constructor(table: Database<Buffer, Key>, nameLength: number) {
    this.#table = table
    this.#nameLength = nameLength
  }

  /** Puts a value, within a transaction that is being made. */
  put(name: readonly number[], value: Buffer): void {
    this.#table.put(keyOf(name), value.subarray(0, partBytes))
    for (let part = 1; part * partBytes < value.length; part++) {
      this.#table.put([...name, part], value.subarray(part * partBytes, (part + 1) * partBytes))
    }
  }

  /** The values of a range, in order; the parts are read at once. */
  *values(range: NameRange): Generator<{ name: readonly number[]; value: Buffer }> {
    let name: readonly number[] = []
    let parts: Buffer[] = []
    for (const { key, value } of [...this.#table.getRange(keysOf(range))]) {
      const numbers = typeof key === 'number' ? [key] : key
      if (numbers.length > this.#nameLength) {
        // Without a first part it is what an interrupted removal has left.
        if (parts.length > 0) parts.push(value)
        continue
      }
      if (parts.length > 0) yield { name, value: joined(parts) }
      name = numbers
      parts = [value]
    }
    if (parts.length > 0) yield { name, value: joined(parts) }
  }

  /** The keys of parts in a range, in order, at most so many. */
  keys(range: NameRange, limit: number): readonly Key[] {
    return [...this.#table.getKeys({ ...keysOf(range), limit })]
  }

  /** Removes parts by their keys, within a transaction that is being made. */
  remove(keys: readonly Key[]): void {
    for (const key of keys) this.#table.remove(key)
  }
}

const keysOf = ({ start, end }: NameRange): { start?: Key; end?: Key } => ({
  ...(start === undefined ? {} : { start: keyOf(start) }),
  ...(end === undefined ? {} : { end: keyOf(end) }),
})

/** A list of one number is another key than the number, and comes after it. */
const keyOf = (numbers: readonly number[]): Key => {
  const [first, ...rest] = numbers
  return first !== undefined && rest.length === 0 ? first : [...numbers]
}

const joined = (parts: Buffer[]): Buffer => {
  const [first] = parts
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
}
