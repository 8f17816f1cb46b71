import { setMaxListeners } from 'node:events'
import { type Lease, type LeaseholdClient, TransportError } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { Clock } from '../../clock/clock.js'
import type { EventMessage } from '../../events/event-message.js'
import type { EventQueue } from './event-queue.js'
import { type StatusChange, statusLabel } from './node-status.js'

export interface TellerOptions {
  readonly client: Pick<LeaseholdClient, 'get' | 'update'>
  readonly clock: Clock
  readonly namespace: string
  /** Undefined: nothing is told on NATS. */
  readonly events: Pick<EventQueue, 'put' | 'drop' | 'patienceMs'> | undefined
  /** The event of a change, with the node's lease as it was just read. */
  message(change: StatusChange, lease: Lease): EventMessage
  /** The lease of a node that is to be called Unknown was read: what the watch tells of it as it was then is no news. */
  read(lease: Lease): void
  /** The node has acted since its lease was read. */
  heard(lease: Lease): void
  /** Asked before each step: whether this monitor may still tell anything. */
  mayTell(): boolean
  /** The coordinator will never take the label. */
  refused(change: StatusChange, error: TransportError): void
}

/** How many nodes are told of at a time. */
const maxConcurrent = 64
/** How often a label is tried again at once, when the lease has moved on since it was read. */
const labelTries = 5
/** The wait before a try again while the coordinator is away. */
const retryDelayMs = 1_000

/** Answers that no other try will change. */
const final: readonly string[] = ['INVALID_ARGUMENT', 'PERMISSION_DENIED', 'UNAUTHENTICATED', 'UNIMPLEMENTED']

interface Telling {
  readonly change: StatusChange
  hasBegun: boolean
  /** Resolves when the event is out. */
  event: Promise<void> | undefined
}

/**
 * Tells each node's newest status: the event first, then the label of the node's lease, by which a later monitor knows
 * what was told. While NATS is away the label does not wait for the event.
 *
 * A level is told, not a history: there is at most one telling for each node, and a newer status takes the place of one
 * that was not told yet.
 */
export class Teller {
  readonly #options: TellerOptions
  readonly #tellings = new Map<string, Telling>()
  /** Those that can wait: nodes that are new. A fleet of many thousands takes minutes when it is first seen. */
  readonly #greetings = new Map<string, Telling>()
  readonly #end = new AbortController()
  #workers = 0
  #onIdle: () => void = () => {}

  constructor(options: TellerOptions) {
    this.#options = options
    setMaxListeners(0, this.#end.signal)
  }

  /** How many nodes are still to be told of. */
  get size(): number {
    return this.#tellings.size + this.#greetings.size
  }

  tell(change: StatusChange): void {
    // It goes to the end of its queue, also when an older one of the node was further in front.
    this.#tellings.delete(change.node)
    this.#greetings.delete(change.node)
    const queue = change.previousStatus === undefined ? this.#greetings : this.#tellings
    queue.set(change.node, { change, hasBegun: false, event: undefined })
    if (this.#workers < maxConcurrent) void this.#work()
  }

  /** Resolves when everything is told. */
  whenIdle(): Promise<void> {
    return new Promise(resolve => {
      this.#onIdle = resolve
      if (this.#workers === 0) resolve()
    })
  }

  /** Tells nothing more. */
  close(): void {
    this.#end.abort()
    this.#tellings.clear()
    this.#greetings.clear()
  }

  async #work(): Promise<void> {
    this.#workers += 1
    for (let telling = this.#next(); telling !== undefined; telling = this.#next()) {
      telling.hasBegun = true
      try {
        await this.#tell(telling)
        this.#forget(telling)
      } catch (error) {
        await this.#failed(telling, error)
      }
      telling.hasBegun = false
    }
    this.#workers -= 1
    if (this.#workers === 0) this.#onIdle()
  }

  /** The oldest that no worker has: those that have begun are at the front, and few. */
  #next(): Telling | undefined {
    for (const telling of this.#tellings.values()) if (!telling.hasBegun) return telling
    for (const greeting of this.#greetings.values()) if (!greeting.hasBegun) return greeting
    return undefined
  }

  async #tell(telling: Telling): Promise<void> {
    const { client, namespace, read, heard } = this.#options
    const { node, status, fencingToken } = telling.change
    let before: Lease | undefined
    for (let tries = 1; this.#isWanted(telling); tries++) {
      const lease = await client.get({ namespace, name: node }, { signal: this.#end.signal })
      if (!this.#isWanted(telling)) return
      if (status === 'Unknown') {
        const isRenewed = before !== undefined && before.renewTime !== lease.renewTime
        if (isRenewed || lease.fencingToken !== fencingToken) return heard(lease)
        read(lease)
      }
      before = lease
      await this.#publish(telling, lease)
      if (lease.labels[statusLabel] === status || !this.#isWanted(telling)) return
      try {
        await this.#label(lease, status)
        return
      } catch (error) {
        if (!isMismatch(error) || tries === labelTries) throw error
      }
    }
  }

  /** Once: resolves when the event is out, or when NATS is away and the label should wait no longer. */
  async #publish(telling: Telling, lease: Lease): Promise<void> {
    const { events, clock, message } = this.#options
    if (events === undefined) return
    telling.event ??= events.put(lease.name, message(telling.change, lease))
    const enough = new AbortController()
    void telling.event.then(() => enough.abort())
    await sleep(clock, events.patienceMs(), enough.signal)
  }

  /** No other label is lost: the lease must still be as it was read. */
  async #label({ namespace, name, uid, resourceVersion, labels }: Lease, status: string): Promise<void> {
    const update = { namespace, name, uid, resourceVersion, labels: { ...labels, [statusLabel]: status } }
    await this.#options.client.update(update, { signal: this.#end.signal })
  }

  async #failed(telling: Telling, error: unknown): Promise<void> {
    if (this.#end.signal.aborted) return
    if (!(error instanceof TransportError)) throw error
    if (error.status === 'NOT_FOUND') {
      // The node is gone, and nobody is to hear of it any more.
      if (this.#isWanted(telling)) this.#options.events?.drop(telling.change.node)
      this.#forget(telling)
    } else if (final.includes(error.status)) {
      this.#options.refused(telling.change, error)
      this.#forget(telling)
    } else {
      await sleep(this.#options.clock, retryDelayMs, this.#end.signal)
    }
  }

  #isWanted(telling: Telling): boolean {
    return this.#queued(telling.change.node) === telling && this.#options.mayTell()
  }

  #forget(telling: Telling): void {
    const { node } = telling.change
    if (this.#queued(node) !== telling) return
    this.#tellings.delete(node)
    this.#greetings.delete(node)
  }

  #queued(node: string): Telling | undefined {
    return this.#tellings.get(node) ?? this.#greetings.get(node)
  }
}

const isMismatch = (error: unknown): boolean => error instanceof TransportError && error.reason === 'REVISION_MISMATCH'
