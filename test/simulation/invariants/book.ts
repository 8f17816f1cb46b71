import type { HoldRequest, HoldResponse } from '../../../protos/hold.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import type { LeaseRecord, Transition } from '../../../services/coordinator/lease/records.js'
import type { OpenCoordinator } from '../../../services/coordinator/open-coordinator.js'
import type { World } from '../world.js'
import { LeaseTime } from './lease-time.js'
import { type Asked, isBy, type Place, Stream } from './streams.js'

/** A lease as the durable records and the answers tell of it. */
export interface BookedLease {
  image: LeaseImage
  /** It must not expire before this time, on LeaseTime; -Infinity where nothing is known. */
  notBeforeMs: number
  /** Nobody else may take it before this time, since its takeover delay runs. */
  keptUntilMs: number
  /** Whose renewals count for it, as far as is known. */
  place: Place | undefined
  /** The last entry in which it was renewed. */
  renewedIn: number
  /** When it last became free, by the wall clock of the record. */
  freeSinceMicros: number
}

/** What invariants hear, each before the book notes it. */
export interface BookEars {
  record?(record: Transition, lease: BookedLease | undefined): void
  said?(stream: Stream, response: HoldResponse, asked: Asked | undefined): void
  answered?(method: string, response: Answer, atMs: number): void
  arrived?(stream: Stream, request: HoldRequest): void
  restored?(open: OpenCoordinator): void
}

/** What is looked at of the answer of a unary call. */
export interface Answer {
  readonly lease?: { metadata?: { name?: string }; fencingToken?: number; state?: string; revision?: number }
  /** False: it was a write that left the tenancy as it was. */
  readonly renews?: boolean
}

/** A grant that was pushed lapses after this time, unless it is confirmed. */
const confirmWithinMs = 3_000

/**
 * What follows for the leases of a world from what is durable and from what was read and said, by rules of its own: it asks
 * the coordinator nothing. Where it cannot know, it promises less.
 */
export class Book {
  readonly time = new LeaseTime()
  readonly leases = new Map<string, BookedLease>()
  readonly streams = new Map<object, Stream>()
  readonly endedStreams: Stream[] = []
  readonly ears: BookEars[] = []
  readonly world: World
  /** When the last entry was decided, and the one before: on LeaseTime, and in true time. */
  decidedMs = 0
  decidedBeforeMs = 0
  decidedTrueMs = 0
  /** How many entries are durable. */
  entries = 0
  #order = 0
  readonly #byId = new Map<number, BookedLease>()
  readonly #calls = new Map<object, { method: string; atMs: number }>()

  constructor(world: World) {
    this.world = world
    world.coordinator.ears.push({
      restored: open => this.#restored(open),
      ended: () => this.#ended(),
      arrived: (stream, request) => this.#tell(ear => ear.arrived?.(this.#stream(stream), request)),
      read: (stream, request) => this.#read(this.#stream(stream), request),
      said: (stream, response) => this.#said(this.#stream(stream), response),
      streamEnded: stream => this.#streamEnded(stream),
      called: (call, method) => void this.#calls.set(call, { method, atMs: this.time.now() }),
      answered: (call, response) => this.#answered(call, response),
      decided: () => {
        this.decidedBeforeMs = this.decidedMs
        this.decidedMs = this.time.now()
        this.decidedTrueMs = world.timeline.nowMs
      },
      durable: records => this.#durable(records),
    })
  }

  /** The places of waiters of a lease whose streams are not over. */
  *waiters(name: string): Generator<Place> {
    for (const stream of this.streams.values()) {
      for (const place of stream.places.values()) {
        if (place.state === 'waiting' && place.request.name === name) yield place
      }
    }
  }

  #tell(tell: (ear: BookEars) => void): void {
    for (const ear of this.ears) tell(ear)
  }

  #stream(key: object): Stream {
    let stream = this.streams.get(key)
    if (stream === undefined) {
      stream = new Stream()
      this.streams.set(key, stream)
    }
    return stream
  }

  /** After a start every held lease has its full time afresh, and every takeover delay. */
  #restored(open: OpenCoordinator): void {
    this.time.follow(this.world.coordinator.running)
    const now = this.time.now()
    for (const lease of this.leases.values()) {
      const { state, leaseDurationMs = 0, takeoverDelayMs = 0 } = lease.image
      lease.place = undefined
      lease.notBeforeMs = state === 'held' ? now + leaseDurationMs : Number.NEGATIVE_INFINITY
      const isKept = state === 'expired' && lease.keptUntilMs > Number.NEGATIVE_INFINITY
      lease.keptUntilMs = isKept ? now + takeoverDelayMs : Number.NEGATIVE_INFINITY
    }
    this.decidedMs = now
    this.decidedBeforeMs = now
    this.#tell(ear => ear.restored?.(open))
  }

  #ended(): void {
    this.time.follow(undefined)
    this.streams.clear()
    this.endedStreams.length = 0
    this.#calls.clear()
  }

  #read(stream: Stream, request: HoldRequest): void {
    const atMs = this.time.now()
    stream.asked.set(request.requestId, { request, atMs })
    if (request.type === 'acquire') {
      const lease = this.leases.get(request.name)
      // Until it is answered nobody can say whose renewals count; a resume itself does.
      if (lease === undefined || lease.image.holderIdentity !== request.holderIdentity) return
      if (isBy(request, lease.image)) resume(lease, stream, atMs, request.leaseDurationMs)
      lease.place = undefined
      return
    }
    for (const place of stream.covered(request)) {
      const lease = this.leases.get(place.request.name)
      if (lease?.place === place && atMs < lease.notBeforeMs) this.#extend(lease, atMs)
    }
  }

  #extend(lease: BookedLease, atMs: number): void {
    lease.notBeforeMs = Math.max(lease.notBeforeMs, atMs + (lease.image.leaseDurationMs ?? 0))
  }

  #said(stream: Stream, response: HoldResponse): void {
    const asked = stream.answered(response)
    this.#tell(ear => ear.said?.(stream, response, asked))
    switch (response.type) {
      case 'acquired': {
        const { handle, fencingToken } = response
        const request = asked?.request ?? stream.places.get(handle)?.request
        if (request?.type !== 'acquire') return
        const place = this.#place(stream, request, handle, response.unconfirmed ? 'granted' : 'held')
        place.fencingToken = fencingToken
        const lease = this.leases.get(request.name)
        if (lease === undefined || lease.image.fencingToken !== fencingToken || lease.image.state !== 'held') return
        lease.place = this.#isAskedElsewhere(lease, stream) ? undefined : place
        // The same stream has asked again, perhaps for a shorter time: that counts from when it was read.
        if (asked !== undefined && stream.isAsking(request.name, lease.image)) return
        if (asked !== undefined) this.#extend(lease, asked.atMs)
        else lease.notBeforeMs = this.decidedMs + Math.min(request.leaseDurationMs, confirmWithinMs)
        break
      }
      case 'waiting':
        if (asked?.request.type === 'acquire') this.#place(stream, asked.request, response.handle, 'waiting')
        break
      case 'renewed': {
        const failed = new Set(response.failures.map(({ handle }) => handle))
        for (const place of asked === undefined ? [] : stream.covered(asked.request)) {
          const lease = this.leases.get(place.request.name)
          if (failed.has(place.handle)) this.#drop(place)
          else if (lease !== undefined && isTenancyOf(lease, place) && asked !== undefined) {
            // The time that its holder has asked for since, on the stream that has the lease by then, may be shorter.
            if (!this.#isShortened(lease, stream)) this.#extend(lease, asked.atMs)
          }
        }
        break
      }
      case 'released':
      case 'lost':
        this.#drop(stream.places.get(response.handle))
        break
      case 'failed':
        if (response.requestId === 0) this.#drop(stream.places.get(response.handle))
        break
    }
  }

  /** Notes what a handle stands for; any other place of the same client process in the queue is gone. */
  #place(stream: Stream, request: Place['request'], handle: number, state: Place['state']): Place {
    for (const waiter of this.waiters(request.name)) {
      if (isBy(waiter.request, request) && (waiter.stream !== stream || waiter.handle !== handle)) this.#drop(waiter)
    }
    const before = stream.places.get(handle)
    if (before?.state === 'waiting') {
      before.state = state
      return before
    }
    const place = { request, stream, handle, state, fencingToken: 0, order: this.#order++ }
    stream.places.set(handle, place)
    return place
  }

  #drop(place: Place | undefined): void {
    if (place === undefined) return
    place.stream.places.delete(place.handle)
    const lease = this.leases.get(place.request.name)
    if (lease?.place === place) lease.place = undefined
  }

  /** Whether an acquire that may move the lease to another stream is read and was not decided with the last entry. */
  #isAskedElsewhere({ image }: BookedLease, stream: Stream): boolean {
    for (const other of [...this.streams.values(), ...this.endedStreams]) {
      if (other !== stream && other.isAsking(image.name, image, this.decidedMs)) return true
    }
    return false
  }

  /**
   * Whether its holder has asked for another time on the stream that has the lease, and got no answer yet: again on this
   * one, or twice on another, where the first of them brings the lease there.
   */
  #isShortened({ image }: BookedLease, stream: Stream): boolean {
    if (stream.isAsking(image.name, image)) return true
    for (const other of this.streams.values()) {
      if (other.asks(image.name, image) > 1) return true
    }
    // Who has left hears no answer to what the last batch decided.
    return this.endedStreams.some(ended => ended.asks(image.name, image, this.decidedBeforeMs) > 1)
  }

  #streamEnded(key: object): void {
    const stream = this.#stream(key)
    stream.endedAtMs = this.world.timeline.nowMs
    this.streams.delete(key)
    this.endedStreams.push(stream)
  }

  #answered(call: object, response: object | undefined): void {
    const called = this.#calls.get(call)
    this.#calls.delete(call)
    if (called === undefined || response === undefined) return
    const { method, atMs } = called
    const answer: Answer = response
    this.#tell(ear => ear.answered?.(method, answer, atMs))
    const lease = this.leases.get(answer.lease?.metadata?.name ?? '')
    if (!takes.includes(method) || answer.renews === false || lease?.image.state !== 'held') return
    if (lease.image.fencingToken === answer.lease?.fencingToken) this.#extend(lease, atMs)
  }

  #durable(records: readonly LeaseRecord[]): void {
    this.entries++
    for (const record of records) {
      if (record.type === 'published') continue
      if (record.type !== 'renewed') this.#transition(record)
      else {
        for (const id of record.leaseIds) {
          const lease = this.#byId.get(id)
          if (lease !== undefined) lease.renewedIn = this.entries
        }
      }
    }
  }

  #transition(record: Transition): void {
    const image = record.lease
    const before = this.leases.get(image.name)
    this.#tell(ear => ear.record?.(record, before))
    if (record.type === 'deleted') {
      this.leases.delete(image.name)
      this.#byId.delete(image.id)
      return
    }
    const lease = before ?? unknown(image)
    this.leases.set(image.name, lease)
    this.#byId.set(image.id, lease)
    const isSameTenancy = lease.image.state === image.state && lease.image.fencingToken === image.fencingToken
    const deadlineMs = lease.notBeforeMs
    const isShortened = image.isWritten === true && image.leaseDurationMs !== lease.image.leaseDurationMs
    lease.image = image
    if (isSameTenancy && before !== undefined) {
      // Another duration that its holder writes counts from when the write was read, which its answer tells.
      if (isShortened) lease.notBeforeMs = Number.NEGATIVE_INFINITY
      return
    }
    lease.place = undefined
    lease.notBeforeMs = Number.NEGATIVE_INFINITY
    lease.keptUntilMs = Number.NEGATIVE_INFINITY
    if (image.state !== 'held') lease.freeSinceMicros = record.time
    if (record.type === 'expired' && record.cause === undefined && image.takeoverDelayMs !== undefined) {
      // It was expired by a batch, or by a command that was read after the batch before.
      lease.keptUntilMs = Math.max(deadlineMs, this.decidedBeforeMs) + image.takeoverDelayMs
    }
  }
}

/** A resume counts from when it is read. It takes time away only where it comes on the stream that has the lease. */
function resume(lease: BookedLease, stream: Stream, atMs: number, durationMs: number): void {
  if (atMs >= lease.notBeforeMs) return
  const untilMs = atMs + durationMs
  if (lease.place === undefined) lease.notBeforeMs = Math.min(lease.notBeforeMs, untilMs)
  else if (lease.place.stream === stream) lease.notBeforeMs = untilMs
  else lease.notBeforeMs = Math.max(lease.notBeforeMs, untilMs)
}

/** Whether what a handle stands for is the present tenancy. */
export const isTenancyOf = ({ image }: BookedLease, { fencingToken }: Place): boolean =>
  image.state === 'held' && image.fencingToken === fencingToken

/** The methods whose answer gives a lease its full time from when they were read. */
const takes = ['AcquireLease', 'RenewLease', 'CreateLease', 'KubernetesCreate', 'KubernetesWrite']

const unknown = (image: LeaseImage): BookedLease => ({
  image,
  notBeforeMs: Number.NEGATIVE_INFINITY,
  keptUntilMs: Number.NEGATIVE_INFINITY,
  place: undefined,
  renewedIn: 0,
  freeSinceMicros: 0,
})

const books = new WeakMap<World, Book>()

/** The book of a world, which all of its invariants share. */
export function bookOf(world: World): Book {
  let book = books.get(world)
  if (book === undefined) {
    book = new Book(world)
    books.set(world, book)
  }
  return book
}
