import { createInbox, type Msg, type NatsConnection, type Subscription } from 'nats'
import type { Clock, Timer } from '../../../clock/clock.js'
import type { EventMessage } from '../../../events/event-message.js'
import { outboxMessage } from './cloud-event.js'
import { type StreamEnd, streamName } from './event-stream.js'
import type { Outbox, Unpublished } from './outbox.js'
import { publishMessage } from './publish-message.js'

/** How many messages may wait for their acknowledgement. */
const maxInFlight = 512
/** So many messages go out at a stretch, or about so many characters; then batches and sockets have their turn. */
const maxSlice = 64
const maxSliceLength = 128 * 1024
/** With nothing acknowledged for so long the stream is read again. */
const ackTimeoutMs = 5_000

/** JetStream's own error code for a message that is larger than the stream takes. */
const messageTooLarge = 10_054

export interface PipelineOptions {
  readonly connection: NatsConnection
  readonly clock: Clock
  readonly journalId: string
  readonly outbox: Outbox
  /** Where the stream stood when it was read. */
  readonly end: StreamEnd
  /** Revisions whose message the stream found too large: they go abridged. */
  readonly tooLarge: Set<number>
  /** The stream has everything up to this revision, durably by its own lights: there is room for more. */
  onAck(throughRevision: number): void
}

/** Why a pipeline stopped. The stream must be read again. */
export class PipelineStopped extends Error {
  override readonly name = 'PipelineStopped'
}

/**
 * Publishes the outbox to the stream, many messages in flight, none lost, doubled or out of order.
 *
 * Each message names the sequence that the stream must have, and, but for the first, the id of the message before it:
 * if one is missing, every later one is refused, even when another publisher's message has taken its place. The first
 * thing that is not as expected stops the pipeline; a new one begins where the stream says.
 *
 * So the acknowledgement of a message is that of all before it, and only the last one of a slice asks for its own. The
 * first one of a pipeline does, too: whatever the stream has against the message that it has to begin with is told.
 */
export class JetStreamPipeline {
  /** Resolves when it stopped. Never rejects. */
  readonly stopped: Promise<PipelineStopped>
  readonly #options: PipelineOptions
  readonly #acks: Subscription
  readonly #inbox = createInbox()
  /** The messages that asked for an acknowledgement: by the sequence that each must get, its revision. In order. */
  readonly #asked = new Map<number, number>()
  #resolveStopped: (why: PipelineStopped) => void = () => {}
  #isStopped = false
  /** The sequence of the last message that was sent, and of the last one that the stream has. */
  #sequence: number
  #acknowledged: number
  #isFirst = true
  #sentThrough: number
  #lastId: string | undefined
  #lastProgressMs = 0
  #timer: Timer | undefined

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#sequence = options.end.lastSequence
    this.#acknowledged = options.end.lastSequence
    this.#sentThrough = options.outbox.state.publishedThrough
    this.stopped = new Promise(resolve => {
      this.#resolveStopped = resolve
    })
    this.#acks = options.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#receive(message)
        else this.stop(error.message)
      },
    })
  }

  /** How many messages wait for their acknowledgement. */
  get inFlight(): number {
    return this.#sequence - this.#acknowledged
  }

  /** Sends a slice of what may be sent; true when more may be. */
  pump(): boolean {
    const { outbox } = this.#options
    const slice = Math.min(maxSlice, maxInFlight - this.inFlight)
    let length = 0
    let next = slice > 0 ? outbox.nextAfter(this.#sentThrough) : undefined
    for (let left = slice - 1; next !== undefined && !this.#isStopped; left -= 1) {
      const message = this.#message(next)
      length += message.data.length
      const following = outbox.nextAfter(next.revision)
      const isLast = following === undefined || left <= 0 || length >= maxSliceLength
      this.#send(message, next.revision, isLast)
      if (isLast) return following !== undefined && !this.#isStopped && this.inFlight < maxInFlight
      next = following
    }
    return false
  }

  stop(why: string): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#timer?.cancel()
    if (!this.#acks.isClosed() && !this.#options.connection.isClosed()) this.#acks.unsubscribe()
    this.#resolveStopped(new PipelineStopped(why))
  }

  #message(next: Unpublished): EventMessage {
    const { connection, journalId, tooLarge } = this.#options
    const maxBytes = tooLarge.has(next.revision) ? 0 : (connection.info?.max_payload ?? Infinity)
    return outboxMessage(journalId, next, maxBytes)
  }

  #send(message: EventMessage, revision: number, isLast: boolean): void {
    const { connection, clock } = this.#options
    const more = {
      'Nats-Expected-Stream': streamName,
      'Nats-Expected-Last-Sequence': String(this.#sequence),
      ...(this.#lastId === undefined ? undefined : { 'Nats-Expected-Last-Msg-Id': this.#lastId }),
    }
    const sequence = this.#sequence + 1
    const isAsking = isLast || this.#isFirst
    try {
      publishMessage(connection, message, isAsking ? { more, reply: `${this.#inbox}.${sequence}` } : { more })
    } catch (error) {
      this.stop(error instanceof Error ? error.message : String(error))
      return
    }
    if (this.inFlight === 0) this.#lastProgressMs = clock.monotonicMs()
    this.#lastId = message.headers['Nats-Msg-Id']
    this.#sequence = sequence
    this.#sentThrough = revision
    this.#isFirst = false
    if (isAsking) this.#asked.set(sequence, revision)
    if (this.#timer === undefined) this.#watchProgress(ackTimeoutMs)
  }

  #receive(message: Msg): void {
    if (this.#isStopped) return
    const sequence = Number(message.subject.slice(this.#inbox.length + 1))
    const revision = this.#asked.get(sequence)
    if (revision === undefined) return
    const ack = parseAck(message)
    if (ack.error !== undefined) {
      if (ack.errorCode === messageTooLarge) this.#options.tooLarge.add(revision)
      this.stop(ack.error)
      return
    }
    const isExpected = ack.sequence === sequence
    this.#acknowledge(sequence, revision)
    if (!isExpected) this.stop(`the stream had revision ${revision} already, at ${ack.sequence}`)
  }

  /** A message that the stream has implies those before it, so one lost acknowledgement is none. */
  #acknowledge(throughSequence: number, throughRevision: number): void {
    const { clock, tooLarge, onAck } = this.#options
    for (const sequence of this.#asked.keys()) {
      if (sequence > throughSequence) break
      this.#asked.delete(sequence)
    }
    for (const revision of tooLarge) if (revision <= throughRevision) tooLarge.delete(revision)
    this.#acknowledged = throughSequence
    this.#lastProgressMs = clock.monotonicMs()
    onAck(throughRevision)
  }

  #watchProgress(delayMs: number): void {
    const { clock } = this.#options
    this.#timer = clock.setTimer(delayMs, () => {
      this.#timer = undefined
      if (this.inFlight === 0) return
      const leftMs = this.#lastProgressMs + ackTimeoutMs - clock.monotonicMs()
      if (leftMs > 0) this.#watchProgress(leftMs)
      else this.stop(`no acknowledgement for ${ackTimeoutMs} ms`)
    })
  }
}

/** What a stream answers to a publish. */
interface Ack {
  readonly sequence?: number
  readonly error?: string
  readonly errorCode?: number
}

function parseAck(message: Msg): Ack {
  if (message.headers?.code === 503) return { error: 'no stream takes the events' }
  try {
    const ack = message.json<{ seq?: number; error?: { description: string; err_code?: number } }>()
    if (ack.error !== undefined) {
      const { description, err_code: errorCode } = ack.error
      return { error: description, ...(errorCode === undefined ? {} : { errorCode }) }
    }
    return ack.seq === undefined ? { error: 'an acknowledgement without a sequence' } : { sequence: ack.seq }
  } catch {
    return { error: 'an acknowledgement that is not JSON' }
  }
}
