import { Feed, type FeedChange, type Watcher, type WatchOptions } from '../../../services/coordinator/feed/feed.js'
import type { LeaseError } from '../../../services/coordinator/lease/errors.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import type { LeaseRecord } from '../../../services/coordinator/lease/records.js'
import { liveIn } from './samples.js'

/** A feed, the leases as they are, and the polls of the event loop, which come when told. */
export class World {
  readonly live = new Map<number, LeaseImage>()
  readonly feed: Feed
  imagesMade = 0
  #due: (() => void)[] = []

  constructor(windowSize?: number, currentRevision?: () => number) {
    this.feed = new Feed({
      journalId: 'journal',
      ...(windowSize === undefined ? {} : { windowSize }),
      ...(currentRevision === undefined ? {} : { currentRevision }),
      clock: { afterPoll: run => void this.#due.push(run) },
      ...liveIn(this.live, () => {
        this.imagesMade += 1
      }),
    })
  }

  /** Does what waits for the next poll, and says whether there was something. */
  poll(): boolean {
    const due = this.#due
    this.#due = []
    for (const run of due) run()
    return due.length > 0
  }

  settle(): void {
    while (this.poll());
  }

  publish(...records: LeaseRecord[]): void {
    let revision = this.feed.revision
    for (const record of records) {
      if (record.type === 'published') continue
      if (record.type !== 'renewed') {
        revision = record.lease.revision
        this.live.set(record.lease.id, record.lease)
        continue
      }
      record.leaseIds.forEach((leaseId, index) => {
        revision = record.firstRevision + index
        const lease = this.live.get(leaseId)
        if (lease !== undefined) this.live.set(leaseId, { ...lease, revision })
      })
    }
    this.feed.publish(records, revision)
  }

  watch(options: Partial<WatchOptions> = {}): Watch {
    return new Watch(this.feed, options)
  }
}

/** A watcher of the feed with all that it was told. */
export class Watch {
  readonly deliveries: FeedChange[][] = []
  readonly revisions: number[] = []
  /** The ids of renewed leases that each delivery had. */
  readonly renewedIds: (readonly number[])[] = []
  readonly errors: LeaseError[] = []
  readonly watcher: Watcher

  constructor(feed: Feed, options: Partial<WatchOptions>) {
    this.watcher = feed.watch({
      scope: { namespace: '', name: '' },
      matches: () => true,
      includeRenewals: false,
      deliver: (changes, revision, renewedIds) => {
        this.deliveries.push([...changes])
        this.revisions.push(revision)
        this.renewedIds.push(renewedIds)
      },
      cutOff: error => void this.errors.push(error),
      ...options,
    })
  }

  /** Every change as `type@revision`. */
  get told(): string[] {
    return this.deliveries.flat().map(({ type, lease }) => `${type}@${lease.revision}`)
  }
}
