import type { LiveLease } from './live-lease.js'

/** Beyond this many noted leases, walking over all leases is cheaper than noting more. */
const maxNoted = 50_000

/**
 * The leases whose renewal a watcher is still to hear of, each once, however often it was renewed. Too many to note,
 * or unknown after a resume, they are found by a walk over all leases instead.
 */
export class PendingRenewals {
  /** By lease id: the revision of the first renewal that was not told. In the order of these revisions. */
  readonly #noted = new Map<number, number>()
  /** A walk that is due: it finds what was renewed after this revision. */
  #nextWalkAfter: number | undefined
  /** The walk that goes on. */
  #walk: { readonly after: number; readonly leases: Iterator<LiveLease> } | undefined

  /** @param after find what was renewed after this revision, by a walk; absent: only what is noted. */
  constructor(after: number | undefined) {
    this.#nextWalkAfter = after
  }

  get size(): number {
    return this.#noted.size
  }

  get isPending(): boolean {
    return this.#noted.size > 0 || this.#walk !== undefined || this.#nextWalkAfter !== undefined
  }

  /** No renewal up to this revision is pending; undefined when none is at all. */
  get revisionBefore(): number | undefined {
    const [first] = this.#noted.values()
    if (!this.isPending) return undefined
    return Math.min((first ?? Infinity) - 1, this.#walk?.after ?? Infinity, this.#nextWalkAfter ?? Infinity)
  }

  /** Whether a renewal of the lease would be news: asked first, since it is cheap, and mostly it is not. */
  isNews(leaseId: number): boolean {
    return this.#nextWalkAfter === undefined && !this.#noted.has(leaseId)
  }

  /** Notes a renewal that is news. */
  add(leaseId: number, revision: number): void {
    if (this.#noted.size < maxNoted) {
      this.#noted.set(leaseId, revision)
      return
    }
    const [first = revision] = this.#noted.values()
    this.#nextWalkAfter = first - 1
    this.#noted.clear()
  }

  /** A transition tells more than the renewal before it. */
  delete(leaseId: number): void {
    this.#noted.delete(leaseId)
  }

  /** Takes at most `count` noted leases, oldest first; none while a walk goes on, which may still meet them. */
  take(count: number): number[] {
    if (this.#walk !== undefined || this.#nextWalkAfter !== undefined) return []
    const all = [...this.#noted.keys()]
    const taken = all.slice(0, count)
    if (taken.length === all.length) this.#noted.clear()
    else for (const leaseId of taken) this.#noted.delete(leaseId)
    return taken
  }

  /** Looks at the next `count` leases of a walk and gives those that were renewed since. */
  walk(source: { leases(): Iterator<LiveLease> }, count: number): LiveLease[] {
    if (this.#walk === undefined) {
      if (this.#nextWalkAfter === undefined) return []
      this.#walk = { after: this.#nextWalkAfter, leases: source.leases() }
      this.#nextWalkAfter = undefined
    }
    const { after, leases } = this.#walk
    const found: LiveLease[] = []
    for (let looked = 0; looked < count; looked += 1) {
      const next = leases.next()
      if (next.done) {
        this.#walk = undefined
        break
      }
      if (next.value.revision > after) {
        this.#noted.delete(next.value.id)
        found.push(next.value)
      }
    }
    return found
  }
}
