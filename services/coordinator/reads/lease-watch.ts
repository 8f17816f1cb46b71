/**
 * One watch of leases, through whatever face: the initial state in slices, or a resume; then changes as the feed
 * delivers them, and a bookmark now and then.
 *
 * One message at a time is on its way: while the client does not read, the watcher of the feed is paused, and keeps its
 * place in the window that all watchers share. So a client that never reads costs one message, and what the feed
 * delivered last, until the window has moved past its place and it is cut off.
 */
import type { Clock, Timer } from '../../../clock/clock.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import type { FeedChange, Watcher } from '../feed/feed.js'
import type { LeaseError } from '../lease/errors.js'
import type { Selectable } from '../lease/lease.js'
import { type FoundLease, type LeaseSlice, readNamed, readSlice } from './lease-slices.js'
import { ShownSlices } from './shown-slices.js'

/** Leases read at a time: about as many, and as large, as fit into a message. */
const sliceSize = 400
const maxSliceBytes = 128 * 1024

/** What a watch selects, where it begins, and how it is told. */
export interface LeaseWatchQuery {
  /** '' for all. */
  readonly namespace: string
  /** '' for all; another one needs its namespace. */
  readonly name: string
  /** Whether a lease is selected: by namespace, name and labels, which alone may decide. */
  readonly matches: (lease: Selectable) => boolean
  /** Absent: begin with the leases as they are. */
  readonly resumeAfter?: number
  readonly includeRenewals: boolean
  /** With includeRenewals: tell them as ids of leases, and not as changes. */
  readonly compactRenewals: boolean
  /** How often it tells how far it is; absent: never. */
  readonly bookmarkIntervalMs?: number
  /** How long it goes on; absent: until somebody ends it. */
  readonly lifetimeMs?: number
}

/** What a watch tells, in order: `leases` until `initial-state-end`, or `resumed`, and then the rest. */
export type Told =
  | { readonly type: 'leases'; readonly leases: readonly FoundLease[] }
  /** A resume at a `revision` misses nothing of what was told before it or with it. */
  | { readonly type: 'initial-state-end' | 'resumed' | 'bookmark'; readonly revision: number }
  | ToldChanges

export interface ToldChanges {
  readonly type: 'changes'
  readonly changes: readonly FeedChange[]
  /** The ids of leases that were renewed, with compactRenewals. */
  readonly renewedIds: readonly number[]
  /** Where a resume misses nothing before all of this was told. */
  readonly revisionBefore: number
  readonly revision: number
}

/** How a face says what a watch tells. */
export interface WatchFace<Message> {
  /** What says it, if anything, message by message: each is made when the client has taken the one before. */
  messagesOf(told: Told): Iterable<Message>
  /** Sends one. @param onTaken called once the transport has taken it, which it does as the client reads. */
  write(message: Message, onTaken: () => void): void
}

export interface LeaseWatchOptions<Message> {
  readonly coordinator: CoordinatorPort
  readonly clock: Clock
  readonly query: LeaseWatchQuery
  readonly face: WatchFace<Message>
}

/** Thrown inside the watch's loop when the watch is over. */
class WatchOver extends Error {}

/** What the feed has delivered and is being told. */
interface Delivery {
  readonly changes: readonly FeedChange[]
  readonly revision: number
  readonly renewedIds: readonly number[]
}

export class LeaseWatch<Message> {
  readonly #coordinator: CoordinatorPort
  readonly #clock: Clock
  readonly #query: LeaseWatchQuery
  readonly #face: WatchFace<Message>
  readonly #shown = new ShownSlices()
  #watcher: Watcher | undefined
  #delivery: Delivery | undefined
  #toldRevision = 0
  #isBookmarkDue = false
  #bookmarkTimer: Timer | undefined
  #isTimeUp = false
  #lifetimeTimer: Timer | undefined
  /** Everything was told and taken. */
  #isIdle = false
  #isOver = false
  /** Why the watch is over; absent for a client that has hung up, and when its time is up. */
  #cause: unknown
  /** Wakes or ends what the loop waits for. */
  #wake: () => void = () => {}

  constructor({ coordinator, clock, query, face }: LeaseWatchOptions<Message>) {
    this.#coordinator = coordinator
    this.#clock = clock
    this.#query = query
    this.#face = face
  }

  /**
   * Runs to the end of the watch.
   * @throws what the client is to be told; nothing when it has hung up, or when the time of the watch is up.
   */
  async run(): Promise<void> {
    const { resumeAfter, lifetimeMs } = this.#query
    if (lifetimeMs !== undefined) this.#lifetimeTimer = this.#clock.setTimer(lifetimeMs, () => this.#timeUp())
    try {
      if (resumeAfter === undefined) await this.#tellInitialState()
      else await this.#resume(resumeAfter)
      this.#awaitBookmark()
      this.#watcher?.resume()
      for (;;) await this.#tellNext()
    } catch (error) {
      const cause = error instanceof WatchOver ? this.#cause : error
      if (cause !== undefined) throw cause
    } finally {
      this.#isOver = true
      this.#watcher?.close()
      this.#bookmarkTimer?.cancel()
      this.#lifetimeTimer?.cancel()
    }
  }

  /** Ends the watch. @param cause what the client is to be told; absent when it has hung up. */
  end(cause?: LeaseError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cause = cause
    this.#watcher?.close()
    this.#wake()
  }

  async #tellInitialState(): Promise<void> {
    const first = await this.#firstSlice()
    const { revision } = first
    let { leases, after } = first.slice
    for (;;) {
      if (leases.length > 0) await this.#tell({ type: 'leases', leases })
      if (after === undefined) break
      const slice = await readSlice(this.#coordinator, { ...this.#query, limit: sliceSize, after }, maxSliceBytes)
      leases = slice.leases
      after = slice.after
      this.#shown.add(slice.revision, after)
    }
    this.#toldRevision = revision
    await this.#tell({ type: 'initial-state-end', revision })
  }

  /** The watcher is there before the first slice is read, so that nothing gets lost in between. */
  async #firstSlice(): Promise<{ slice: LeaseSlice; revision: number }> {
    const attached = this.#coordinator.execute('read', leases => {
      this.#attach()
      return leases.revision
    })
    const read =
      this.#query.name === ''
        ? readSlice(this.#coordinator, { ...this.#query, limit: sliceSize }, maxSliceBytes)
        : readNamed(this.#coordinator, this.#query)
    const [revision, slice] = await Promise.all([attached, read])
    this.#shown.add(slice.revision, slice.after)
    return { slice, revision }
  }

  async #resume(revision: number): Promise<void> {
    await this.#coordinator.execute('read', () => this.#attach())
    this.#toldRevision = revision
    await this.#tell({ type: 'resumed', revision })
  }

  #attach(): void {
    if (this.#isOver) throw new WatchOver()
    const { namespace, name, matches, resumeAfter, includeRenewals, compactRenewals } = this.#query
    this.#watcher = this.#coordinator.feed.watch({
      scope: { namespace, name },
      matches,
      ...(resumeAfter !== undefined && { resumeAfter }),
      includeRenewals,
      compactRenewals,
      deliver: (changes, revision, renewedIds) => {
        this.#watcher?.pause()
        this.#delivery = { changes, revision, renewedIds }
        this.#wake()
      },
      cutOff: error => this.end(error),
    })
    this.#watcher.pause()
  }

  /** Waits for the next delivery or bookmark, and tells it. */
  async #tellNext(): Promise<void> {
    const delivery = this.#delivery
    if (this.#isTimeUp) {
      if (delivery === undefined) await this.#tellBookmark()
      throw new WatchOver()
    }
    if (delivery !== undefined) {
      await this.#tellDelivery(delivery)
      this.#delivery = undefined
      this.#watcher?.resume()
    } else if (this.#isBookmarkDue) {
      await this.#tellBookmark()
      this.#isBookmarkDue = false
      this.#awaitBookmark()
    } else {
      this.#isIdle = true
      await this.#interruptible(() => {})
      this.#isIdle = false
    }
  }

  async #tellBookmark(): Promise<void> {
    this.#toldRevision = Math.max(this.#toldRevision, this.#watcher?.revision ?? 0)
    await this.#tell({ type: 'bookmark', revision: this.#toldRevision })
  }

  /** What the initial state has shown is not told again. */
  async #tellDelivery({ changes, revision, renewedIds }: Delivery): Promise<void> {
    const news = changes.filter(({ lease }) => !this.#shown.has(lease))
    this.#shown.forget(revision)
    const revisionBefore = this.#toldRevision
    this.#toldRevision = Math.max(revisionBefore, revision)
    if (news.length === 0 && renewedIds.length === 0) return
    await this.#tell({ type: 'changes', changes: news, renewedIds, revisionBefore, revision: this.#toldRevision })
  }

  async #tell(told: Told): Promise<void> {
    for (const message of this.#face.messagesOf(told)) await this.#send(message)
  }

  /** Sends one message and waits until the transport has taken it. */
  async #send(message: Message): Promise<void> {
    let isTaken = false
    await this.#interruptible(() =>
      this.#face.write(message, () => {
        isTaken = true
        this.#wake()
      }),
    )
    while (!isTaken) await this.#interruptible(() => {})
  }

  /** Does something and waits to be woken. @throws WatchOver */
  async #interruptible(start: () => void): Promise<void> {
    if (this.#isOver) throw new WatchOver()
    await new Promise<void>(resolve => {
      this.#wake = resolve
      start()
    })
    if (this.#isOver) throw new WatchOver()
  }

  #awaitBookmark(): void {
    const { bookmarkIntervalMs } = this.#query
    if (bookmarkIntervalMs === undefined) return
    this.#bookmarkTimer = this.#clock.setTimer(bookmarkIntervalMs, () => {
      this.#isBookmarkDue = true
      this.#wake()
    })
  }

  /** With bookmarks the last word is one; a client that is not reading does not hold the end up. */
  #timeUp(): void {
    if (this.#isIdle && this.#query.bookmarkIntervalMs !== undefined) {
      this.#isTimeUp = true
      this.#wake()
    } else this.end()
  }
}
