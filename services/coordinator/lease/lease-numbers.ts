import { lastingBytes } from './lasting-bytes.js'

/** How many leases have their numbers in one array: 704 KiB. */
const leasesPerArray = 8_192

/** Where each number of a lease is in its row: first what a renewal needs, so that it is mostly on one line of a cache. */
export const column = {
  id: 0,
  revision: 1,
  renewMicros: 2,
  leaseDurationMs: 3,
  deadline: 4,
  creationTimestamp: 5,
  fencingToken: 6,
  changeRevision: 7,
  acquireMicros: 8,
  leaseTransitions: 9,
  freeMicros: 10,
} as const

const columns = Object.keys(column).length

/**
 * The numbers of all leases, in rows: a number that is a field of an object is most often an object of its own, and a
 * renewal among a million leases would look for each of them all over the memory; and what a million leases get when
 * they expire would all be new objects, which the collector copies, and marks.
 */
export class LeaseNumbers {
  #newest: Float64Array = new Float64Array(0)
  #used = 0
  readonly #freeRows: LeaseRow[] = []

  /** A row that no lease has. */
  take(): LeaseRow {
    const free = this.#freeRows.pop()
    if (free !== undefined) return free
    if (this.#used === this.#newest.length) {
      this.#newest = new Float64Array(lastingBytes(leasesPerArray * columns * Float64Array.BYTES_PER_ELEMENT))
      this.#used = 0
    }
    const row = { numbers: this.#newest, at: this.#used }
    this.#used += columns
    return row
  }

  /** The lease of the row has gone. */
  free(row: LeaseRow): void {
    this.#freeRows.push(row)
  }
}

/** Where the numbers of a lease are. */
export interface LeaseRow {
  readonly numbers: Float64Array
  readonly at: number
}

/** A row by itself: for a lease that has gone, while somebody still looks at it. */
export const ownRow = ({ numbers, at }: LeaseRow): LeaseRow => ({ numbers: numbers.slice(at, at + columns), at: 0 })
