import type { NatsConnection } from 'nats'
import type { Clock, Timer } from '../../../clock/clock.js'
import { nextSlice } from '../../../clock/next-slice.js'
import type { Random } from '../../../clock/random.js'
import { connectNats } from '../../../events/nats-connection.js'
import type { LeaseImage } from '../lease/lease.js'
import { ConnectionEnd } from './connection-end.js'
import { publishToCore } from './core-publishing.js'
import { EventStream } from './event-stream.js'
import { JetStreamPipeline } from './jetstream-pipeline.js'
import type { Outbox } from './outbox.js'
import { RenewedSender } from './renewed-sender.js'

/** What of a logger is used; pino's fits. */
export interface PublisherLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface NatsPublisherOptions {
  /** One URL or several, comma-separated. */
  readonly url: string
  readonly journalId: string
  readonly outbox: Outbox
  readonly clock: Clock
  readonly random: Random
  readonly log: PublisherLog
  /** Whether renewals are told, on core NATS. */
  readonly renewedEvents: boolean
  /** Connects once; a connection that breaks stays closed. Absent: to a real server. */
  readonly connect?: (url: string) => Promise<NatsConnection>
  /** Whether leases have no time for events now: then they go out in a slice once in a while. Absent: never. */
  readonly isPressed?: () => boolean
  /**
   * Rejects when another has the journal. Asked before this publisher begins on a connection, or again: who stood still
   * for long would tell once more what the other has told since. Absent: there is no other.
   */
  readonly checkOwner?: () => Promise<void>
  /**
   * Everything up to this revision is on NATS, or told as a gap; the outbox has dropped it already. To be journaled as
   * a `published` record: when a crash comes first, the stream itself tells at the next start how far it got. Called
   * at most once a second.
   */
  onPublished(throughRevision: number): void
}

const firstBackoffMs = 50
const maxBackoffMs = 5_000
const reportIntervalMs = 1_000
const closingStepMs = 5

/**
 * Takes the outbox to NATS, for as long as it takes: leases never wait for it, and nothing it meets there ends it.
 *
 * With JetStream each transition is in the stream once and in order. Without it (said once in the log) transitions are
 * published on core NATS, best effort.
 */
export class NatsPublisher {
  readonly #options: NatsPublisherOptions
  readonly #renewed: RenewedSender
  readonly #tooLarge = new Set<number>()
  readonly #running: Promise<void>
  #connection: NatsConnection | undefined
  #pipeline: JetStreamPipeline | undefined
  #isJetStream: boolean | undefined
  #isClosed = false
  #isPumpDue = false
  #wakeForMore: () => void = () => {}
  #endPause: () => void = () => {}
  #failures = 0
  #published = 0
  #reportTimer: Timer | undefined
  #reportedThrough: number
  #lastTrouble: string | undefined

  /** Begins at once, in the background. */
  constructor(options: NatsPublisherOptions) {
    this.#options = options
    this.#renewed = new RenewedSender(options.journalId)
    this.#reportedThrough = options.outbox.state.publishedThrough
    this.#running = this.#run()
  }

  get isConnected(): boolean {
    return this.#connection !== undefined
  }

  /** Undefined until the first connection. */
  get isJetStream(): boolean | undefined {
    return this.#isJetStream
  }

  get outboxSize(): number {
    return this.#options.outbox.size
  }

  /** How many transitions and gaps were published, or found on the stream, since the start. */
  get published(): number {
    return this.#published
  }

  /** How long the oldest transition that is not on NATS has waited. */
  get lagMs(): number {
    const { clock, outbox } = this.#options
    return Math.max(0, clock.monotonicMs() - (outbox.oldestAddedMs ?? clock.monotonicMs()))
  }

  /** How many tries in a row brought nothing forward. */
  get failures(): number {
    return this.#failures
  }

  get renewedSent(): number {
    return this.#renewed.sent
  }

  get renewedDropped(): number {
    return this.#renewed.dropped
  }

  /** There is more in the outbox. Cheap: a slice of the work is done after each poll, so that batches come first. */
  notify(): void {
    if (this.#isPumpDue || this.#isClosed) return
    this.#isPumpDue = true
    const { clock, isPressed } = this.#options
    const pump = (): void => {
      this.#isPumpDue = false
      const isMore = this.#pipeline?.pump() ?? false
      this.#wakeForMore()
      if (isMore) this.notify()
    }
    nextSlice(clock, isPressed?.() ?? false, pump)
  }

  /** Tells renewals, where that is wanted. */
  renewed(leases: readonly LeaseImage[]): void {
    if (this.#options.renewedEvents && !this.#isClosed) this.#renewed.send(leases)
  }

  /** Publishes what is left, for at most `boundMs`, and disconnects. What could not be published stays in the journal. */
  async close(boundMs = 2_000): Promise<void> {
    const { clock, outbox } = this.#options
    const endMs = clock.monotonicMs() + boundMs
    while (this.isConnected && !outbox.isEmpty && clock.monotonicMs() < endMs) await this.#briefly()
    this.#isClosed = true
    this.#report()
    this.#endPause()
    this.#wakeForMore()
    this.#pipeline?.stop('closing')
    // A server that hangs must not hold the end up: whatever is still going on ends by itself, and harms nobody.
    let hasEnded = false
    void this.#running.then(() => {
      hasEnded = true
    })
    do await this.#briefly()
    while (!hasEnded && clock.monotonicMs() < endMs)
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#connectAndPublish()
      } catch (error) {
        this.#trouble(error)
      }
      if (!this.#isClosed) await this.#backOff()
    }
  }

  async #connectAndPublish(): Promise<void> {
    const { connect = connectToServer, url } = this.#options
    const connection = await connect(url)
    logAsyncErrors(connection, this.#options.log).catch(() => {})
    try {
      if (this.#isClosed) return
      const stream = await EventStream.open(connection)
      this.#connected(connection, stream !== undefined)
      if (stream === undefined) await this.#publishToCore(connection)
      else await this.#publishToStream(connection, stream)
    } finally {
      this.#connection = undefined
      this.#renewed.use(undefined)
      await connection.close().catch(() => {})
    }
    if (!this.#isClosed) throw new Error('the connection has closed')
  }

  #connected(connection: NatsConnection, isJetStream: boolean): void {
    const { log, url } = this.#options
    const isNews = this.#isJetStream !== isJetStream
    this.#connection = connection
    this.#isJetStream = isJetStream
    this.#renewed.use(connection)
    if (isNews && !isJetStream) {
      log.warn({ server: redacted(url) }, 'this NATS has no JetStream: events are best effort, and are kept nowhere')
    }
  }

  async #publishToCore(connection: NatsConnection): Promise<void> {
    const { journalId, outbox } = this.#options
    const end = new ConnectionEnd(connection)
    await this.#options.checkOwner?.()
    this.#goesWell(connection)
    while (!this.#isClosed && !connection.isClosed()) {
      const more = new Promise<void>(resolve => {
        this.#wakeForMore = resolve
      })
      const sentThrough = publishToCore(connection, journalId, outbox)
      if (sentThrough === undefined) await end.or(more)
      else {
        await end.or(connection.flush())
        if (!connection.isClosed()) this.#progress(sentThrough)
      }
    }
  }

  /** Again and again: reads where the stream stands, and publishes from there until something is not as expected. */
  async #publishToStream(connection: NatsConnection, stream: EventStream): Promise<void> {
    const { clock, journalId, outbox } = this.#options
    const connectionEnd = new ConnectionEnd(connection)
    const onAck = (throughRevision: number): void => {
      this.#progress(throughRevision)
      this.notify()
    }
    let isFound = false
    while (!this.#isClosed && !connection.isClosed()) {
      const end = await stream.findEnd(journalId)
      await this.#options.checkOwner?.()
      if (this.#isClosed) return
      if (!isFound) this.#goesWell(connection)
      isFound = true
      if (end.lastRevision !== undefined) this.#confirm(Math.min(end.lastRevision, outbox.newestRevision))
      if (outbox.isEmpty) this.#failures = 0
      const tooLarge = this.#tooLarge
      const pipeline = new JetStreamPipeline({ connection, clock, journalId, outbox, end, tooLarge, onAck })
      this.#pipeline = pipeline
      this.notify()
      const why = await connectionEnd.or(pipeline.stopped)
      this.#pipeline = undefined
      pipeline.stop('the connection has closed')
      if (this.#isClosed || connection.isClosed()) return
      // Once is no trouble: another publisher's message in between, or a stream that was made anew.
      if (this.#failures > 0) this.#trouble(why)
      await this.#backOff()
    }
  }

  #progress(throughRevision: number): void {
    this.#failures = 0
    this.#lastTrouble = undefined
    this.#confirm(throughRevision)
  }

  #confirm(throughRevision: number): void {
    const { clock, outbox } = this.#options
    if (throughRevision <= outbox.state.publishedThrough) return
    const before = outbox.size
    outbox.publishedThrough(throughRevision)
    this.#published += before - outbox.size
    if (!this.#isClosed) this.#reportTimer ??= clock.setTimer(reportIntervalMs, () => this.#report())
  }

  #report(): void {
    this.#reportTimer?.cancel()
    this.#reportTimer = undefined
    const { publishedThrough } = this.#options.outbox.state
    if (publishedThrough === this.#reportedThrough) return
    this.#reportedThrough = publishedThrough
    this.#options.onPublished(publishedThrough)
  }

  /** Said when events can go out on a new connection, not at every connection that then turns out to be of no use. */
  #goesWell(connection: NatsConnection): void {
    this.#lastTrouble = undefined
    this.#options.log.info({ server: connection.getServer(), jetStream: this.#isJetStream }, 'connected to NATS')
  }

  /** Said once, until things go well again or go wrong in another way. */
  #trouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.#isClosed || message === this.#lastTrouble) return
    this.#lastTrouble = message
    const { log, url, outbox } = this.#options
    log.warn({ server: redacted(url), error: message, outbox: outbox.size }, 'events wait for NATS; leases go on')
  }

  async #backOff(): Promise<void> {
    const { clock, random } = this.#options
    const delayMs = Math.min(firstBackoffMs * 2 ** this.#failures, maxBackoffMs)
    this.#failures = Math.min(this.#failures + 1, 20)
    await new Promise<void>(resolve => {
      const timer = clock.setTimer(delayMs * (0.5 + random.fraction() / 2), resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #briefly(): Promise<void> {
    return new Promise(resolve => void this.#options.clock.setTimer(closingStepMs, resolve))
  }
}

const connectToServer = (url: string): Promise<NatsConnection> => connectNats(url, 'leasehold coordinator')

/** What the server refuses without an answer, such as a subject that this user may not publish to. */
async function logAsyncErrors(connection: NatsConnection, log: PublisherLog): Promise<void> {
  let last: string | undefined
  for await (const status of connection.status()) {
    const text = String(status.data)
    if (status.type !== 'error' || text === last) continue
    last = text
    log.warn({ error: text, ...status.permissionContext }, 'NATS refuses what the coordinator does')
  }
}

/** URLs without the user, password or token in them. */
const redacted = (urls: string): string => urls.replaceAll(/\/\/[^@/,]*@/g, '//')
