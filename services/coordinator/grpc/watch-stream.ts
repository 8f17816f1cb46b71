/**
 * One WatchLeases stream: the initial state in slices, or a resume; then changes as the feed delivers them, and a
 * bookmark as often as the client asks for one.
 *
 * One message at a time is on its way: while the client does not read, the watcher of the feed is paused, and keeps its
 * place in the window that all watchers share. So a client that never reads costs one message, until the window has
 * moved past its place and it is cut off.
 */
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Clock, Timer } from '../../../clock/clock.js'
import type { Lease } from '../../../protos/generated/leasehold/v1/Lease.js'
import type { LeaseChange } from '../../../protos/generated/leasehold/v1/LeaseChange.js'
import type { WatchLeasesRequest__Output } from '../../../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import type { WatchLeasesResponse } from '../../../protos/generated/leasehold/v1/WatchLeasesResponse.js'
import type { FeedChange, Watcher } from '../feed/feed.js'
import { LeaseError } from '../lease/errors.js'
import type { CoordinatorPort } from './coordinator-port.js'
import { approximateBytes, changeNames, expireTimeByImage, leaseMessage } from './lease-message.js'
import { readPage } from './list-leases.js'
import { ShownSlices } from './shown-slices.js'
import { requestOf } from './unary.js'
import { type WatchQuery, watchQuery } from './watch-request.js'

export type WatchCall = ServerWritableStream<WatchLeasesRequest__Output, WatchLeasesResponse>

/** Leases read at a time: about as many as fit into a message. */
const sliceSize = 400

/** A message ends when it has so many changes, or is about so large. */
const maxChanges = 1000
const maxMessageBytes = 128 * 1024

/** What the feed has delivered and is being sent. */
interface Delivery {
  readonly changes: readonly FeedChange[]
  readonly revision: number
  readonly renewedIds: readonly number[]
}

/** Thrown inside the stream's loop when the stream is over. */
class StreamOver extends Error {}

export class WatchStream {
  readonly #call: WatchCall
  readonly #coordinator: CoordinatorPort
  readonly #clock: Clock
  readonly #shown = new ShownSlices()
  #watcher: Watcher | undefined
  #delivery: Delivery | undefined
  #toldRevision = 0
  #isBookmarkDue = false
  #bookmarkTimer: Timer | undefined
  #isOver = false
  /** Why the stream is over; absent for a client that has hung up. */
  #cause: unknown
  /** Wakes or ends what the loop waits for. */
  #wake: () => void = () => {}

  constructor(call: WatchCall, coordinator: CoordinatorPort, clock: Clock) {
    this.#call = call
    this.#coordinator = coordinator
    this.#clock = clock
  }

  /** Runs to the end of the stream. @throws what the client is to be told; nothing when it has hung up. */
  async run(): Promise<void> {
    try {
      const query = watchQuery(requestOf(this.#call), this.#coordinator.journalId)
      if (query.resumeAfter === undefined) await this.#sendInitialState(query)
      else await this.#resume(query)
      this.#awaitBookmark(query.bookmarkIntervalMs)
      this.#watcher?.resume()
      for (;;) await this.#sendNext(query)
    } catch (error) {
      const cause = error instanceof StreamOver ? this.#cause : error
      if (cause !== undefined) throw cause
    } finally {
      this.#isOver = true
      this.#watcher?.close()
      this.#bookmarkTimer?.cancel()
    }
  }

  /** Ends the stream. @param cause what the client is to be told; absent when it has hung up. */
  end(cause?: LeaseError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cause = cause
    this.#watcher?.close()
    this.#wake()
  }

  async #sendInitialState(query: WatchQuery): Promise<void> {
    const first = await this.#firstSlice(query)
    const { revision } = first
    let { leases, after } = first
    for (;;) {
      if (leases.length > 0) await this.#send({ changes: leases.map(existing) })
      if (after === undefined) break
      const slice = await readPage(this.#coordinator, { ...query, limit: sliceSize, after }, maxMessageBytes)
      leases = slice.leases
      after = slice.after
      this.#shown.add(slice.revision, after)
    }
    this.#toldRevision = revision
    await this.#send({ revision, initialStateEnd: true })
  }

  /** The watcher is there before the first slice is read, so that nothing gets lost in between. */
  async #firstSlice(query: WatchQuery): Promise<{ leases: Lease[]; after?: string; revision: number }> {
    const attached = this.#coordinator.execute('read', leases => {
      this.#attach(query)
      return leases.revision
    })
    const slice =
      query.name === ''
        ? readPage(this.#coordinator, { ...query, limit: sliceSize }, maxMessageBytes)
        : readOne(this.#coordinator, query)
    const [revision, { leases, after, revision: sliceRevision }] = await Promise.all([attached, slice])
    this.#shown.add(sliceRevision, after)
    return { leases, revision, ...(after !== undefined && { after }) }
  }

  async #resume(query: WatchQuery): Promise<void> {
    await this.#coordinator.execute('read', () => this.#attach(query))
    this.#toldRevision = query.resumeAfter ?? 0
    await this.#send({ revision: this.#toldRevision })
  }

  #attach({ matches, resumeAfter, includeRenewals, compactRenewals }: WatchQuery): void {
    if (this.#isOver) throw new StreamOver()
    this.#watcher = this.#coordinator.feed.watch({
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

  /** Waits for the next delivery or bookmark, and sends it. */
  async #sendNext({ bookmarkIntervalMs }: WatchQuery): Promise<void> {
    const delivery = this.#delivery
    if (delivery !== undefined) {
      await this.#sendDelivery(delivery)
      this.#delivery = undefined
      this.#watcher?.resume()
    } else if (this.#isBookmarkDue) {
      this.#toldRevision = Math.max(this.#toldRevision, this.#watcher?.revision ?? 0)
      await this.#send({ revision: this.#toldRevision })
      this.#isBookmarkDue = false
      this.#awaitBookmark(bookmarkIntervalMs)
    } else await this.#interruptible(() => {})
  }

  /** Every message but the last tells the revision of before: only with the last one everything up to the new one is told. */
  async #sendDelivery({ changes, revision, renewedIds }: Delivery): Promise<void> {
    let message: LeaseChange[] = []
    let bytes = 0
    for (const change of changes) {
      if (this.#shown.has(change.lease)) continue
      bytes += approximateBytes(change.lease)
      if (message.length > 0 && (message.length >= maxChanges || bytes > maxMessageBytes)) {
        await this.#send({ changes: message, revision: this.#toldRevision })
        message = []
        bytes = approximateBytes(change.lease)
      }
      message.push(changeMessage(change))
    }
    this.#shown.forget(revision)
    this.#toldRevision = Math.max(this.#toldRevision, revision)
    if (message.length === 0 && renewedIds.length === 0) return
    await this.#send({
      changes: message,
      revision: this.#toldRevision,
      ...(renewedIds.length > 0 && { renewals: { leaseIds: [...renewedIds] } }),
    })
  }

  /** Sends one message and waits until the transport has taken it, which it does as the client reads. */
  async #send(message: WatchLeasesResponse): Promise<void> {
    let isTaken = false
    const response = { ...message, journalId: this.#coordinator.journalId }
    await this.#interruptible(() =>
      this.#call.write(response, () => {
        isTaken = true
        this.#wake()
      }),
    )
    while (!isTaken) await this.#interruptible(() => {})
  }

  /** Does something and waits to be woken. @throws StreamOver */
  async #interruptible(start: () => void): Promise<void> {
    if (this.#isOver) throw new StreamOver()
    await new Promise<void>(resolve => {
      this.#wake = resolve
      start()
    })
    if (this.#isOver) throw new StreamOver()
  }

  #awaitBookmark(intervalMs: number): void {
    this.#bookmarkTimer = this.#clock.setTimer(intervalMs, () => {
      this.#isBookmarkDue = true
      this.#wake()
    })
  }
}

/** The one lease that a watch by name begins with, if it is there and selected. */
function readOne(coordinator: CoordinatorPort, query: WatchQuery): ReturnType<typeof readPage> {
  return coordinator.execute('read', (leases, time) => {
    const { revision } = leases
    try {
      const lease = leases.get(query)
      return { leases: query.matches(lease) ? [leaseMessage(lease, leases.expireTime(lease, time))] : [], revision }
    } catch (error) {
      if (error instanceof LeaseError && error.code === 'LEASE_NOT_FOUND') return { leases: [], revision }
      throw error
    }
  })
}

const existing = (lease: Lease): LeaseChange => ({ type: changeNames.existing, lease })

function changeMessage({ type, lease, previousHolder, cause }: FeedChange): LeaseChange {
  return {
    type: changeNames[type],
    lease: leaseMessage(lease, expireTimeByImage(lease)),
    ...(previousHolder !== undefined && { previousHolderIdentity: previousHolder }),
    ...(cause !== undefined && { cause }),
  }
}
