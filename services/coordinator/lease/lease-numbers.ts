/** How many leases have their numbers in one array: 512 KiB. */
const leasesPerArray = 8_192

/** Where each number of a lease is in its row: eight, since that is one line of a processor's cache. */
export const column = {
  id: 0,
  creationTimestamp: 1,
  fencingToken: 2,
  changeRevision: 3,
  revision: 4,
  renewMicros: 5,
  leaseDurationMs: 6,
  deadline: 7,
} as const

const columns = 8

/**
 * The numbers of all leases, in rows: a number that is a field of an object is most often an object of its own, and a
 * renewal among a million leases would look for each of them all over the memory.
 */
export class LeaseNumbers {
  #newest = new Float64Array(0)
  #used = 0
  readonly #freeRows: LeaseRow[] = []

  /** A row that no lease has. */
  take(): LeaseRow {
    const free = this.#freeRows.pop()
    if (free !== undefined) return free
    if (this.#used === this.#newest.length) {
      this.#newest = new Float64Array(leasesPerArray * columns)
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
