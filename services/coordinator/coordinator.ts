import type { Clock, Timer } from '../../clock/clock.js'
import { Cadence } from './cadence.js'
import type { Feed } from './feed/feed.js'
import { EntryEncoder } from './journal/entry-codec.js'
import type { Journal } from './journal/journal.js'
import type { SessionPush } from './lease/batch.js'
import type { Instant, Leases } from './lease/commands.js'
import { LeaseError } from './lease/errors.js'
import type { LeaseCore } from './lease/lease-core.js'
import type { LeaseRecord } from './lease/records.js'
import type { Sessions } from './lease/sessions.js'
import type { LeaseClock } from './lease-clock.js'

/**
 * What a command is for, which says when it is refused: with little storage only 'write' is ('keep' is renew, release
 * and delete); the 'end' of a session never is, since its waiters must go.
 */
export type CommandKind = 'read' | 'write' | 'keep' | 'end'

/** One step of a face that waits for its turn. */
export interface Command {
  readonly kind: CommandKind
  /** Milliseconds on the lease clock when it was read. */
  readonly arrivedAt: number
  /** Decides, changing at most `limit` leases; false when it must go on in the next batch. Does not throw. */
  decide(time: Instant, limit: number): boolean
  /** What it decided is durable: tell. */
  answer(): void
  /** It will not be decided. */
  refuse(error: LeaseError): void
}

export interface CoordinatorOptions {
  readonly clock: Clock
  readonly leaseClock: LeaseClock
  readonly journal: Journal
  readonly core: LeaseCore
  readonly sessions: Sessions
  readonly feed: Feed
  /** Told the records of every durable entry, after the watchers, and the bytes of each transition among them, in order. */
  readonly onDurable?: (records: readonly LeaseRecord[], bytes: readonly Uint8Array[]) => void
  /** The journal failed: memory is ahead of it, so the process must end. */
  readonly onFailure: (error: Error) => void
  readonly observer?: BatchObserver
}

/** What metrics are made of. */
export interface BatchObserver {
  /** An entry is durable. */
  appended(changes: number, bytes: number, durationMs: number): void
}

/** One entry holds at most so many changes, and about so many bytes. */
const changesPerBatch = 10_000
const bytesPerBatch = 256 * 1024

/** A batch decides no longer than this at a stretch: reads change nothing, but each takes its time. */
const longestDecideMs = 20

/** Commands that wait for a batch. */
const maxQueuedCommands = 200_000

/** After a gap, expiry waits for the sockets to have been read, but not longer than this. */
const longestCatchUpMs = 1_000

/** How long a cursor of the outbox may wait for an entry to travel in. */
const cursorDelayMs = 1_000

/**
 * The one writer: takes what is waiting, lets the core decide it in arrival order, appends what came of it as one
 * entry, and when that is durable tells everybody. The next batch gathers while the append is on its way.
 *
 * A timer decides nothing: it asks for a batch, which closes after the sockets were polled.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #encoder = new EntryEncoder()
  readonly #cadence = new Cadence()
  #queue: Command[] = []
  #isScheduled = false
  #isBusy = false
  #isStopped = false
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #lastSequence: number
  #publishedThrough: number | undefined
  #isStorageShort = false
  #isMoreDue = false
  #catchUpSince: number | undefined
  #arrived = 0
  #arrivedAtLastPoll = 0
  #whenIdle: (() => void)[] = []

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#lastSequence = options.journal.lastSequence
    options.leaseClock.onGap = () => this.#catchUp()
  }

  get feed(): Feed {
    return this.#options.feed
  }

  get journalId(): string {
    return this.#options.journal.id
  }

  get sessions(): Sessions {
    return this.#options.sessions
  }

  get leaseClock(): LeaseClock {
    return this.#options.leaseClock
  }

  /** The sequence of the last entry that is durable. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  /** Commands that wait, for metrics. */
  get queued(): number {
    return this.#queue.length
  }

  /** Whether more was due than fitted into the last batch, as when very many leases expire at once. */
  get isMoreDue(): boolean {
    return this.#isMoreDue
  }

  /** How much further apart than usual clients are told to renew: 1 as usual, 2 half as often. */
  get cadenceStretch(): number {
    return this.#cadence.stretch(this.#options.leaseClock.now())
  }

  /** Whether only reads and what keeps or ends leases are let in. */
  set isStorageShort(isShort: boolean) {
    this.#isStorageShort = isShort
  }

  /** @throws LeaseError STORAGE_FULL for what finds out only in its turn that it is a write. */
  checkStorage(): void {
    if (this.#isStorageShort) throw storageFull()
  }

  /**
   * The first entry under this writer's epoch. Its flush makes durable whatever a crashed writer left unflushed, so
   * nothing may be answered before it.
   */
  async start(): Promise<void> {
    await this.#append([])
    this.#options.core.start(this.#options.leaseClock.now())
    this.#wake()
  }

  /** Queues a command; it is answered or refused, once. */
  submit(command: Command): void {
    const refusal = this.#refusal(command)
    if (refusal !== undefined) {
      command.refuse(refusal)
      return
    }
    this.#arrived++
    this.#queue.push(command)
    this.#wake()
  }

  /** Runs `decide` in its turn and answers when what it rests on is durable. */
  execute<T>(kind: CommandKind, decide: (leases: Leases, time: Instant) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let settle = (): void => {}
      this.submit({
        kind,
        arrivedAt: this.#options.leaseClock.now(),
        decide: time => {
          try {
            const value = decide(this.#options.core, time)
            settle = () => resolve(value)
          } catch (error) {
            settle = () => reject(error)
          }
          return true
        },
        answer: () => settle(),
        refuse: reject,
      })
    })
  }

  /** Everything up to this revision is on NATS: the next entry says so. */
  published(throughRevision: number): void {
    this.#publishedThrough = throughRevision
    this.#timerForCursor()
  }

  /** Takes no more commands, and resolves when all that were taken are answered. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    if (this.#isBusy || this.#isScheduled || this.#queue.length > 0) {
      await new Promise<void>(resolve => this.#whenIdle.push(resolve))
    }
    if (this.#publishedThrough !== undefined) await this.#append(this.#cursor())
  }

  #refusal(command: Command): LeaseError | undefined {
    if (this.#isStopped) return new LeaseError('DRAINING', 'this coordinator is stopping: use another, or try again')
    if (this.#queue.length >= maxQueuedCommands && command.kind !== 'end') {
      const message = `${this.#queue.length} requests are waiting, as many as may: try again later`
      return new LeaseError('OVERLOADED', message, { retryAfterMs: longestCatchUpMs })
    }
    if (this.#isStorageShort && command.kind === 'write') return storageFull()
    return undefined
  }

  #wake(): void {
    if (this.#isScheduled || this.#isBusy) return
    this.#isScheduled = true
    this.#options.clock.afterPoll(() => {
      const hasCaughtUp = this.#hasCaughtUp()
      // Only now: a gap that was just found asks for a batch, and this is it.
      this.#isScheduled = false
      if (hasCaughtUp) void this.#runBatch()
      else this.#wake()
    })
  }

  /** The process stood still: what came in meanwhile must be read before anything is decided. */
  #catchUp(): void {
    this.#catchUpSince ??= this.#options.clock.monotonicMs()
    this.#arrivedAtLastPoll = -1
    this.#wake()
  }

  /** Until a poll brings nothing new, nothing is decided and the lease clock stands: a renewal may still be in a socket. */
  #hasCaughtUp(): boolean {
    const { clock, leaseClock } = this.#options
    leaseClock.now()
    if (this.#catchUpSince === undefined) return true
    const isQuiet = this.#arrived === this.#arrivedAtLastPoll
    this.#arrivedAtLastPoll = this.#arrived
    if (!isQuiet && clock.monotonicMs() - this.#catchUpSince < longestCatchUpMs) return false
    this.#catchUpSince = undefined
    leaseClock.goOn()
    return true
  }

  async #runBatch(): Promise<void> {
    const { core, sessions, leaseClock, clock } = this.#options
    this.#isBusy = true
    const wallMicros = clock.wallMicros()
    // What falls due meanwhile waits for the next batch, since its renewal may be in a socket.
    const startedAt = leaseClock.now()
    this.#pace(startedAt)
    const deliveries: (Command | SessionPush)[] = []
    const rest = this.#decide(wallMicros, deliveries)
    // What was read before a deadline and has still to be decided is in time.
    const now = Math.min(startedAt, rest[0]?.arrivedAt ?? startedAt)
    const share = rest.length > 0 ? 0.5 : 1
    this.#isMoreDue = sessions.settle({ now, wallMicros }, changesPerBatch * share, bytesPerBatch * share)
    deliveries.push(...core.batch.takePushes())
    if (core.batch.changes > 0 || this.#publishedThrough !== undefined) {
      const { records } = core.batch.takeRecords()
      records.push(...this.#cursor())
      try {
        await this.#append(records)
      } catch {
        return
      }
    }
    for (const delivery of deliveries) {
      if ('push' in delivery) delivery.session.deliver(delivery.push)
      else delivery.answer()
    }
    this.#isBusy = false
    if (this.#queue.length > 0 || this.#isMoreDue || this.#catchUpSince !== undefined) this.#wake()
    else this.#rest()
  }

  /** Says how far apart renewals are to be, by how long the first request has waited. */
  #pace(now: number): void {
    const [first] = this.#queue
    if (first !== undefined) this.#cadence.waited(now - first.arrivedAt, now)
    this.#options.core.tenancies.cadenceStretch = this.#cadence.stretch(now)
  }

  /** Lets the core decide what waits, as far as it fits into one entry; what does not stays in the queue. */
  #decide(wallMicros: number, deliveries: (Command | SessionPush)[]): readonly Command[] {
    const { clock, core } = this.#options
    const { batch } = core
    const commands = this.#queue
    const time = { now: 0, wallMicros }
    const endMs = clock.monotonicMs() + longestDecideMs
    let index = 0
    while (index < commands.length) {
      const command = commands[index]
      const left = changesPerBatch - batch.changes
      if (command === undefined || left <= 0 || batch.transitionBytes >= bytesPerBatch) break
      time.now = command.arrivedAt
      const isComplete = command.decide(time, left)
      for (const push of batch.takePushes()) deliveries.push(push)
      if (!isComplete) break
      deliveries.push(command)
      index++
      if (clock.monotonicMs() >= endMs) break
    }
    this.#queue = commands.slice(index)
    return this.#queue
  }

  #rest(): void {
    const { core, sessions } = this.#options
    for (const resolve of this.#whenIdle.splice(0)) resolve()
    this.#timerFor(Math.min(core.nextDeadline, sessions.nextDeadline))
    if (this.#publishedThrough !== undefined) this.#timerForCursor()
  }

  #timerForCursor(): void {
    this.#timerFor(this.#options.leaseClock.now() + cursorDelayMs)
  }

  /** Asks for a batch at a time of the lease clock, unless one is asked for before that. */
  #timerFor(at: number): void {
    if (this.#isStopped || this.#timerAt <= at || at === Number.POSITIVE_INFINITY) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#options.clock.setTimer(Math.max(0, at - this.#options.leaseClock.now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#wake()
    })
  }

  #cursor(): LeaseRecord[] {
    if (this.#publishedThrough === undefined) return []
    const record: LeaseRecord = { type: 'published', throughRevision: this.#publishedThrough }
    this.#publishedThrough = undefined
    return [record]
  }

  /** Appends one entry; when it is durable, watchers and the outbox have it. */
  async #append(records: readonly LeaseRecord[]): Promise<void> {
    const { journal, clock, core, feed, onDurable, observer, onFailure } = this.#options
    const lastRevision = core.revision
    const changes = records.reduce((sum, record) => sum + revisionsOf(record), 0)
    const entry = { epoch: journal.epoch, firstRevision: lastRevision - changes + 1, records }
    const { bytes, transitions } = this.#encoder.encode(entry)
    const startedMs = clock.monotonicMs()
    try {
      await journal.append(bytes, this.#lastSequence + 1)
    } catch (error) {
      this.#isStopped = true
      onFailure(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
    this.#lastSequence++
    observer?.appended(changes, bytes.byteLength, clock.monotonicMs() - startedMs)
    feed.publish(records, lastRevision, transitions)
    onDurable?.(records, transitions)
  }
}

const revisionsOf = (record: LeaseRecord): number => {
  if (record.type === 'published') return 0
  return record.type === 'renewed' ? record.leaseIds.length : 1
}

function storageFull(): LeaseError {
  const message = 'the journal is almost out of space: only renew, release and delete are possible until there is more'
  return new LeaseError('STORAGE_FULL', message, { retryAfterMs: longestCatchUpMs })
}
