/** Watches of Kubernetes clients: a LeaseWatch as the events of a stream. */
import type { Clock } from '../../../clock/clock.js'
import type { Random } from '../../../clock/random.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import { LeaseError } from '../lease/errors.js'
import type { TransitionType } from '../lease/records.js'
import { LeaseWatch, type LeaseWatchQuery, type Told } from '../reads/lease-watch.js'
import type { OpenWatches } from '../reads/open-watches.js'
import type { Format } from './negotiation.js'
import { expired, StatusError, statusOf, tooLargeResourceVersion } from './status.js'
import { type ChangeType, SharedEvents, WatchEvents } from './watch-events.js'
import type { WatchQuery } from './watch-query.js'

/** How often a client that wants bookmarks gets one. */
const bookmarkIntervalMs = 60_000

/** A watch goes on for so long, and up to twice as long, unless its client says how long. */
const defaultLifetimeMs = 30 * 60_000

/** Events go out together up to about so many bytes. */
const maxChunkBytes = 64 * 1024

const changeTypes: Readonly<Record<TransitionType | 'renewed', ChangeType>> = {
  created: 'ADDED',
  acquired: 'MODIFIED',
  renewed: 'MODIFIED',
  transferred: 'MODIFIED',
  released: 'MODIFIED',
  expired: 'MODIFIED',
  updated: 'MODIFIED',
  deleted: 'DELETED',
}

export interface KubernetesWatchesOptions {
  readonly coordinator: CoordinatorPort
  readonly clock: Clock
  readonly random: Random
  /** The watches of every face together; whoever stops the coordinator ends them. */
  readonly openWatches: OpenWatches
}

export interface BeginWatchOptions {
  readonly query: WatchQuery
  readonly format: Format
  /** Sends whole events. @param onTaken called once the transport has taken them, which it does as the client reads. */
  write(events: Buffer, onTaken: () => void): void
}

/** The watches of the Kubernetes face. */
export class KubernetesWatches {
  readonly #options: KubernetesWatchesOptions
  readonly #shared = new SharedEvents()

  constructor(options: KubernetesWatchesOptions) {
    this.#options = options
  }

  /**
   * A watch that counts from now on, to be run.
   * @throws LeaseError DRAINING, OVERLOADED
   */
  begin({ query, format, write }: BeginWatchOptions): KubernetesWatch {
    const { coordinator, clock, random, openWatches } = this.#options
    const nowMs = () => clock.wallMicros() / 1e3
    const events = new WatchEvents({ format, shared: this.#shared, nowMs })
    const watch = new LeaseWatch<Buffer>({
      coordinator,
      clock,
      query: leaseWatchQuery(query, coordinator, random),
      face: { messagesOf: told => chunks(eventsOf(told, events, query.allowsBookmarks)), write },
    })
    openWatches.add(watch)
    return new KubernetesWatch({
      watch,
      query,
      coordinator,
      tellError: error => write(events.error(error.status), () => {}),
      onEnd: () => openWatches.delete(watch),
    })
  }
}

interface KubernetesWatchOptions {
  readonly watch: LeaseWatch<Buffer>
  readonly query: WatchQuery
  readonly coordinator: CoordinatorPort
  readonly tellError: (error: StatusError) => void
  readonly onEnd: () => void
}

/** One watch. The headers of its answer may go out before it runs: what is wrong from here on, an event tells. */
export class KubernetesWatch {
  readonly #options: KubernetesWatchOptions

  constructor(options: KubernetesWatchOptions) {
    this.#options = options
  }

  /**
   * Runs to the end of the watch, after which its stream is to be closed.
   * @throws what nobody expected, when the client has been told that something went wrong.
   */
  async run(): Promise<void> {
    const { watch, tellError, onEnd } = this.#options
    try {
      this.#checkRevision()
      await watch.run()
    } catch (error) {
      // A client that just hears the end watches again where it was.
      if (error instanceof LeaseError && error.code === 'DRAINING') return
      tellError(this.#refusalOf(error))
      if (!(error instanceof LeaseError || error instanceof StatusError)) throw error
    } finally {
      onEnd()
    }
  }

  /** The client has hung up. */
  end(): void {
    this.#options.watch.end()
  }

  /** Initial events are as new as the coordinator is, which must be new enough. */
  #checkRevision(): void {
    const { query, coordinator } = this.#options
    const { revision } = coordinator.feed
    if (query.sendsInitialEvents && query.revision > revision) throw tooLargeResourceVersion(query.revision, revision)
  }

  #refusalOf(error: unknown): StatusError {
    const { query, coordinator } = this.#options
    const { revision, windowStart } = coordinator.feed
    if (!(error instanceof LeaseError)) return statusOf(error)
    switch (error.code) {
      case 'REVISION_TOO_OLD':
        return expired(`too old resource version: ${query.revision} (${windowStart})`)
      case 'REVISION_TOO_NEW':
        return tooLargeResourceVersion(query.revision, revision)
      default:
        return statusOf(error)
    }
  }
}

function leaseWatchQuery(query: WatchQuery, { feed }: CoordinatorPort, random: Random): LeaseWatchQuery {
  const {
    selection,
    sendsInitialEvents,
    allowsBookmarks,
    lifetimeMs = defaultLifetimeMs * (1 + random.fraction()),
  } = query
  const { namespace, name = '', matches } = selection
  return {
    namespace,
    // A name in whatever namespace is found among all leases.
    name: namespace === '' ? '' : name,
    matches,
    ...(!sendsInitialEvents && { resumeAfter: query.revision > 0 ? query.revision : feed.revision }),
    includeRenewals: true,
    compactRenewals: false,
    ...(allowsBookmarks && { bookmarkIntervalMs }),
    lifetimeMs,
  }
}

/** Each event when it is its turn. */
function* eventsOf(told: Told, events: WatchEvents, allowsBookmarks: boolean): Generator<Buffer> {
  switch (told.type) {
    case 'leases':
      for (const { lease } of told.leases) yield events.change('ADDED', lease)
      return
    case 'initial-state-end':
      if (allowsBookmarks) yield events.bookmark(told.revision, true)
      return
    case 'bookmark':
      yield events.bookmark(told.revision, false)
      return
    case 'changes':
      for (const { type, lease } of told.changes) yield events.change(changeTypes[type], lease)
      return
    case 'resumed':
      return
  }
}

/** Events as they are sent together. */
function* chunks(events: Iterable<Buffer>): Generator<Buffer> {
  let chunk: Buffer[] = []
  let bytes = 0
  for (const event of events) {
    chunk.push(event)
    bytes += event.length
    if (bytes < maxChunkBytes) continue
    yield joined(chunk)
    chunk = []
    bytes = 0
  }
  if (chunk.length > 0) yield joined(chunk)
}

/** An event alone stays the bytes that all watches share. */
function joined(events: readonly Buffer[]): Buffer {
  const [first, ...others] = events
  return first !== undefined && others.length === 0 ? first : Buffer.concat(events)
}
