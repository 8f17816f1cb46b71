import type { Clock } from '../../../clock/clock.js'
import { LeaseError } from '../lease/errors.js'
import type { LeaseRecord, Renewals } from '../lease/records.js'
import type { LiveLease } from './live-lease.js'
import { ByScope, type Scope } from './scope.js'
import { ScopeChanges } from './scope-changes.js'
import { Watcher, type WatchOptions, type WatchSource } from './watcher.js'
import { Window } from './window.js'

export type { FeedChange } from './selection.js'
export type { Watcher, WatchOptions } from './watcher.js'

export interface FeedOptions {
  /** The journal that revisions belong to. */
  readonly journalId: string
  /** How many transitions are kept for watches to resume over, and for slow ones to catch up with: 50,000. */
  readonly windowSize?: number
  readonly clock: Pick<Clock, 'afterPoll'>
  /** A live lease by its id: for renewals. */
  leaseOf(leaseId: number): LiveLease | undefined
  /** Every live lease of a scope, if need be among others; leases may come and go during the iteration. */
  leases(scope: Scope): Iterator<LiveLease>
  /** The newest revision, durable or not, after which a watch may begin; absent: the newest durable one. */
  currentRevision?(): number
}

/** The watchers of a scope. */
interface Audience {
  readonly scope: Scope
  readonly changes: ScopeChanges
  readonly watchers: Set<Watcher>
}

/**
 * The ordered stream of changes after the journal. What it has is durable; what it tells is in revision order.
 * A change costs what the watchers cost in whose scope it is, and nothing for any other.
 */
export class Feed {
  readonly journalId: string
  readonly #window: Window
  readonly #options: FeedOptions
  readonly #watchers = new Set<Watcher>()
  readonly #audiences = new ByScope<Audience>()
  /** How many watchers include renewals. */
  #renewingCount = 0
  #cutOffCount = 0

  constructor(options: FeedOptions) {
    this.journalId = options.journalId
    this.#options = options
    this.#window = new Window(options.windowSize ?? 50_000)
  }

  /** The last revision that is durable. */
  get revision(): number {
    return this.#window.revision
  }

  /** The oldest revision after which a watch can resume. */
  get windowStart(): number {
    return this.#window.startRevision
  }

  /** For metrics: transitions in the window, watchers, the longest way that one is behind, and how many were cut off. */
  get figures(): { windowSize: number; watchers: number; queued: number; cutOff: number } {
    let queued = 0
    for (const watcher of this.#watchers) queued = Math.max(queued, watcher.queued)
    return { windowSize: this.#window.count, watchers: this.#watchers.size, queued, cutOff: this.#cutOffCount }
  }

  /** Fills the window with the records of one replayed entry; entries come in order. Otherwise as `publish`. */
  restore(records: readonly LeaseRecord[], lastRevision: number, bytes?: readonly Uint8Array[]): void {
    this.#window.add(records, lastRevision, bytes)
    this.#window.trim()
  }

  /**
   * Tells watchers the records of one durable entry; entries come in order, also those that change no lease.
   *
   * @param lastRevision the revision of the entry's last record, or of an earlier one where it has none.
   * @param bytes those of each transition, in order, where they are at hand.
   */
  publish(records: readonly LeaseRecord[], lastRevision: number, bytes?: readonly Uint8Array[]): void {
    this.#window.add(records, lastRevision, bytes)
    for (const { watchers } of this.#note(records)) {
      for (const watcher of watchers) watcher.deliverPending()
    }
    this.#trim()
  }

  /**
   * Begins a watch. Nothing is delivered before this returns.
   *
   * @throws LeaseError REVISION_TOO_OLD, REVISION_TOO_NEW
   */
  watch(options: WatchOptions): Watcher {
    if (options.resumeAfter !== undefined) this.#checkRevision(options.resumeAfter)
    const audience = this.#audienceOf(options.scope)
    audience.changes.reachBack(options.resumeAfter ?? this.revision)
    const source: WatchSource = {
      window: this.#window,
      changes: audience.changes,
      leaseOf: leaseId => this.#options.leaseOf(leaseId),
      leases: () => this.#options.leases(options.scope),
      afterPoll: run => this.#options.clock.afterPoll(run),
    }
    const watcher: Watcher = new Watcher(source, options, () => this.#remove(watcher, audience))
    this.#watchers.add(watcher)
    audience.watchers.add(watcher)
    if (watcher.includesRenewals) this.#renewingCount += 1
    return watcher
  }

  #audienceOf(scope: Scope): Audience {
    const found = this.#audiences.get(scope)
    if (found !== undefined) return found
    const audience = { scope, changes: new ScopeChanges(scope, this.#window), watchers: new Set<Watcher>() }
    this.#audiences.set(scope, audience)
    return audience
  }

  #remove(watcher: Watcher, { scope, watchers }: Audience): void {
    this.#watchers.delete(watcher)
    watchers.delete(watcher)
    if (watchers.size === 0) this.#audiences.delete(scope)
    if (watcher.includesRenewals) this.#renewingCount -= 1
  }

  /** Notes the records of an entry in the scopes that they are in, and gives those who are concerned. */
  #note(records: readonly LeaseRecord[]): Set<Audience> {
    const concerned = new Set<Audience>()
    for (const record of records) {
      if (record.type === 'published') continue
      if (record.type === 'renewed') {
        this.#noteRenewals(record, concerned)
        continue
      }
      for (const audience of this.#audiences.of(record.lease)) {
        audience.changes.add(record)
        for (const watcher of audience.watchers) watcher.noteTransition(record.lease.id)
        concerned.add(audience)
      }
    }
    return concerned
  }

  /** A million renewals come in ten seconds: no object is made for one that concerns nobody. */
  #noteRenewals({ firstRevision, leaseIds }: Renewals, concerned: Set<Audience>): void {
    if (this.#renewingCount === 0) return
    for (let index = 0; index < leaseIds.length; index += 1) {
      const lease = this.#options.leaseOf(leaseIds[index] ?? 0)
      if (lease === undefined) continue
      for (const audience of this.#audiences.of(lease)) {
        for (const watcher of audience.watchers) watcher.noteRenewal(lease, firstRevision + index)
        concerned.add(audience)
      }
    }
  }

  #checkRevision(revision: number): void {
    const newest = Math.max(this.revision, this.#options.currentRevision?.() ?? 0)
    if (revision > newest) {
      const message = `revision ${revision} is in the future: the newest is ${newest}; list the leases again`
      throw new LeaseError('REVISION_TOO_NEW', message)
    }
    if (revision < this.windowStart) {
      const message = `revision ${revision} is too old: changes are kept from ${this.windowStart} on; list the leases again`
      throw new LeaseError('REVISION_TOO_OLD', message)
    }
  }

  /** Before the oldest transitions go, whoever was still to hear one of them is cut off. */
  #trim(): void {
    const concerned = this.#concernedByTrim()
    this.#window.trim()
    const revision = this.windowStart
    for (const { changes, watchers } of concerned) {
      for (const watcher of watchers) if (!watcher.passThrough(revision)) this.#cutOff(watcher)
      changes.dropThrough(revision)
    }
  }

  #concernedByTrim(): Set<Audience> {
    const concerned = new Set<Audience>()
    // With no watcher what goes is not read again.
    if (this.#watchers.size === 0) return concerned
    for (const { lease } of this.#window.excess()) {
      for (const audience of this.#audiences.of(lease)) concerned.add(audience)
    }
    return concerned
  }

  #cutOff(watcher: Watcher): void {
    this.#cutOffCount += 1
    const message = `the watch is too slow: it stopped at revision ${watcher.revision}; read faster, or select less`
    watcher.cutOff(new LeaseError('SLOW_WATCHER', message))
  }
}
