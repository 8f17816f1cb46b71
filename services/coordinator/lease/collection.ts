import type { Instant } from './commands.js'
import type { LabelPredicate } from './label-selector.js'
import { leaseKey } from './lease.js'
import type { LeaseNode } from './lease-node.js'
import type { LeaseTable } from './lease-table.js'
import { isKeptBack } from './tenancies.js'

/** Which leases go by themselves when nobody has held them for a while. */
export interface CollectionRule {
  /** '' for all. */
  readonly namespace: string
  readonly matches: LabelPredicate
  /** For how long nobody must have held the lease, by the wall clock. */
  readonly expiredForMs: number
}

/** How often the rules are applied, on the lease clock. */
export const collectionIntervalMs = 60_000

/** How many leases one batch looks at, and collects: a million of them must not hold renewals up. */
const lookedAtPerBatch = 2_000
const collectedPerBatch = 500

/** Where a round stands: at a rule, after a key. */
interface Place {
  readonly rule: number
  readonly after?: string
}

/**
 * Finds what rules collect. It runs at the end of a batch, when every command is decided and what is due has expired:
 * whoever acquires a lease in that batch keeps it.
 */
export class Collection {
  readonly #table: LeaseTable
  readonly #rules: readonly CollectionRule[]
  readonly #collect: (node: LeaseNode, time: Instant) => void
  #nextRound = Number.POSITIVE_INFINITY
  #place: Place | undefined

  /** @param collect deletes a lease. */
  constructor(table: LeaseTable, rules: readonly CollectionRule[], collect: (node: LeaseNode, time: Instant) => void) {
    this.#table = table
    this.#rules = rules
    this.#collect = collect
  }

  /** When a round begins or goes on, in ms on the lease clock. */
  get nextDeadline(): number {
    return this.#place === undefined ? this.#nextRound : Number.NEGATIVE_INFINITY
  }

  /** The first round begins an interval from now. */
  start(now: number): void {
    if (this.#rules.length > 0) this.#nextRound = now + collectionIntervalMs
  }

  /** Collects at most `limit` leases, or fewer; returns whether the round goes on. */
  run(time: Instant, limit: number): boolean {
    if (time.now < this.nextDeadline) return false
    this.#nextRound = time.now + collectionIntervalMs
    const found = new Set<LeaseNode>()
    this.#place = this.#find(this.#place ?? { rule: 0 }, time, Math.min(limit, collectedPerBatch), found)
    for (const node of found) this.#collect(node, time)
    return this.#place !== undefined
  }

  /** Looks on from a place; returns where to go on, or nothing when the round is over. */
  #find({ rule: first, after }: Place, time: Instant, limit: number, found: Set<LeaseNode>): Place | undefined {
    let looked = 0
    let last = after
    for (const [index, rule] of this.#rules.entries()) {
      if (index < first || this.#table.counts.held === this.#table.size) continue
      for (const node of this.#table.nodesAfter(rule.namespace, last)) {
        if (looked === lookedAtPerBatch || found.size >= limit) {
          return { rule: index, ...(last === undefined ? {} : { after: last }) }
        }
        looked++
        last = leaseKey(node.namespace, node.name)
        if (isOver(node, rule, time)) found.add(node)
      }
      last = undefined
    }
    return undefined
  }
}

function isOver(node: LeaseNode, { matches, expiredForMs }: CollectionRule, time: Instant): boolean {
  const { freeSince } = node
  const { labels, deletionTimestamp } = node.rare
  if (node.state === 'held' || isKeptBack(node, time.now) || deletionTimestamp !== undefined) return false
  const sinceMicros = freeSince === undefined ? node.creationTimestamp * 1e6 : Number(freeSince)
  return time.wallMicros - sinceMicros >= expiredForMs * 1e3 && matches(labels)
}
