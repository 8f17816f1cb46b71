import type { LeaseError } from '../lease/errors.js'
import type { LeaseImage } from '../lease/lease.js'
import type { LeaseRecord, TransitionType } from '../lease/records.js'
import { PendingRenewals } from './pending-renewals.js'
import { select } from './selection.js'
import type { Window } from './window.js'

/** A change as a watcher hears it. */
export interface FeedChange {
  readonly type: TransitionType | 'renewed'
  /** The lease after the change; for a deletion, as it was last. */
  readonly lease: LeaseImage
  readonly previousHolder?: string
  readonly cause?: string
}

export interface WatchOptions {
  /** Whether the watcher selects this lease: by namespace, name and labels, which alone may decide. */
  matches(lease: LeaseImage): boolean
  /** Tell what changed after this revision first. Absent: from the newest durable entry on. */
  readonly resumeAfter?: number
  /** Tell renewals too, best effort: a watcher that is behind, or resumes, gets the newest state of a lease once. */
  readonly includeRenewals: boolean
  /**
   * The next changes, in order. A resume at `revision` would miss none after them. Called once an entry is durable,
   * after a resume, or after `Watcher.resume`; never from within itself, nor from within `Feed.watch`.
   */
  deliver(changes: readonly FeedChange[], revision: number): void
  /** Called once, with SLOW_WATCHER: nothing is delivered any more. */
  cutOff(error: LeaseError): void
}

/** What a watcher needs of the feed. */
export interface WatchSource {
  readonly window: Window
  imageOf(leaseId: number): LeaseImage | undefined
  images(): Iterator<LeaseImage>
  afterPoll(run: () => void): void
}

/** The most changes that one delivery has, and the most leases that a step of a walk looks at. */
const maxDelivery = 10_000
const maxWalk = 1_000

/**
 * One reader of the feed: a position in the shared window, so that a slow one costs no memory. Pause it while its
 * stream is full; it is cut off when the window has moved past a change that it was still to hear.
 */
export class Watcher {
  readonly #source: WatchSource
  readonly #options: WatchOptions
  readonly #after: number
  readonly #renewals: PendingRenewals | undefined
  #position: number
  #state: 'open' | 'paused' | 'closed' = 'open'
  #delivering = false
  #scheduled = false
  readonly #onClose: () => void

  constructor(source: WatchSource, options: WatchOptions, onClose: () => void) {
    this.#source = source
    this.#options = options
    this.#onClose = onClose
    this.#after = options.resumeAfter ?? source.window.revision
    this.#position = source.window.positionAfter(this.#after)
    if (options.includeRenewals) {
      this.#renewals = new PendingRenewals(options.resumeAfter)
      this.#schedule()
    } else if (this.#position < source.window.end) this.#schedule()
  }

  /** A resume after this revision would miss nothing: what a bookmark says. */
  get revision(): number {
    const { window } = this.#source
    const told = this.#position < window.end ? window.at(this.#position).lease.revision - 1 : window.revision
    return Math.max(this.#after, Math.min(told, this.#renewals?.revisionBefore ?? told))
  }

  /** How many transitions of the window, and renewed leases, are still to be told or passed over. */
  get queued(): number {
    return this.#source.window.end - this.#position + (this.#renewals?.size ?? 0)
  }

  /** Holds deliveries until `resume`. */
  pause(): void {
    if (this.#state === 'open') this.#state = 'paused'
  }

  /** Goes on, at once where something waits, unless called from within a delivery. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'open'
    this.deliverPending()
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#onClose()
  }

  /** For the feed: ends the watch from the coordinator's side. */
  cutOff(error: LeaseError): void {
    if (this.#state === 'closed') return
    this.close()
    this.#options.cutOff(error)
  }

  /** For the feed: notes the renewals of a durable entry, which the window does not have. */
  note(records: readonly LeaseRecord[]): void {
    const renewals = this.#renewals
    if (renewals === undefined) return
    for (const record of records) {
      if (record.type === 'published') continue
      if (record.type === 'renewed') {
        record.leaseIds.forEach((leaseId, index) => {
          const revision = record.firstRevision + index
          if (revision > this.#after && this.#selects(leaseId)) renewals.add(leaseId, revision)
        })
      } else renewals.delete(record.lease.id)
    }
  }

  /** For the feed: passes over what is not selected before a position; false where a change waits there to be told. */
  passTo(position: number): boolean {
    while (this.#position < position) {
      if (this.#changeAt(this.#position) !== undefined) return false
      this.#position += 1
    }
    return true
  }

  /** For the feed: delivers what is there, at most one delivery now and the rest after a poll. */
  deliverPending(): void {
    if (this.#state !== 'open' || this.#delivering) return
    const changes = this.#take()
    if (changes.length > 0) {
      this.#delivering = true
      try {
        this.#options.deliver(changes, this.revision)
      } finally {
        this.#delivering = false
      }
    }
    if (this.#hasMore()) this.#schedule()
  }

  #take(): FeedChange[] {
    const { window } = this.#source
    const changes: FeedChange[] = []
    for (; this.#position < window.end && changes.length < maxDelivery; this.#position += 1) {
      const change = this.#changeAt(this.#position)
      if (change !== undefined) changes.push(change)
    }
    if (this.#renewals !== undefined && this.#position === window.end) this.#takeRenewed(this.#renewals, changes)
    return changes
  }

  /** Renewals come after the transitions that wait, so that no lease goes back; within a delivery all are sorted. */
  #takeRenewed(renewals: PendingRenewals, changes: FeedChange[]): void {
    const before = changes.length
    for (const leaseId of renewals.take(maxDelivery - changes.length)) {
      const image = this.#source.imageOf(leaseId)
      if (image !== undefined) this.#pushRenewed(image, changes)
    }
    for (const image of renewals.walk(this.#source, maxWalk)) this.#pushRenewed(image, changes)
    if (changes.length > before) changes.sort((a, b) => a.lease.revision - b.lease.revision)
  }

  /** The live image may be ahead of the journal; one that is comes again when its own entry is durable. */
  #pushRenewed(lease: LeaseImage, changes: FeedChange[]): void {
    const { window } = this.#source
    if (lease.revision > window.revision || window.has(lease.revision)) return
    if (this.#options.matches(lease)) changes.push({ type: 'renewed', lease })
  }

  #changeAt(position: number): FeedChange | undefined {
    const transition = this.#source.window.at(position)
    return transition.lease.revision > this.#after
      ? select(transition, lease => this.#options.matches(lease))
      : undefined
  }

  #selects(leaseId: number): boolean {
    const image = this.#source.imageOf(leaseId)
    return image !== undefined && this.#options.matches(image)
  }

  #hasMore(): boolean {
    return this.#position < this.#source.window.end || (this.#renewals?.isPending ?? false)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#source.afterPoll(() => {
      this.#scheduled = false
      this.deliverPending()
    })
  }
}
