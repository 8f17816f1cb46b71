import { createInbox, type Msg, type NatsConnection, type Subscription } from 'nats'
import type { Clock, Timer } from '../../../clock/clock.js'
import { natsHeaders } from '../../../events/nats-connection.js'
import { outboxMessage } from './cloud-event.js'
import { type StreamEnd, streamName } from './event-stream.js'
import type { Outbox, Unpublished } from './outbox.js'

/** How many messages may wait for their acknowledgement. */
const maxInFlight = 256
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
  /** The stream has everything up to this revision, durably by its own lights. */
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
 */
export class JetStreamPipeline {
  /** Resolves when it stopped. Never rejects. */
  readonly stopped: Promise<PipelineStopped>
  readonly #options: PipelineOptions
  readonly #acks: Subscription
  readonly #inbox = createInbox()
  /** By the sequence that the message must get: its revision. In order. */
  readonly #inFlight = new Map<number, number>()
  #resolveStopped: (why: PipelineStopped) => void = () => {}
  #isStopped = false
  #sequence: number
  #sentThrough: number
  #lastId: string | undefined
  #lastProgressMs = 0
  #timer: Timer | undefined

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#sequence = options.end.lastSequence
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
    return this.#inFlight.size
  }

  /** Sends what may be sent. */
  pump(): void {
    while (!this.#isStopped && this.#inFlight.size < maxInFlight) {
      const next = this.#options.outbox.nextAfter(this.#sentThrough)
      if (next === undefined) return
      this.#send(next)
    }
  }

  stop(why: string): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#timer?.cancel()
    if (!this.#acks.isClosed() && !this.#options.connection.isClosed()) this.#acks.unsubscribe()
    this.#resolveStopped(new PipelineStopped(why))
  }

  #send(next: Unpublished): void {
    const { connection, journalId, tooLarge } = this.#options
    const maxBytes = tooLarge.has(next.revision) ? 0 : (connection.info?.max_payload ?? Infinity)
    const message = outboxMessage(journalId, next, maxBytes)
    const messageHeaders = natsHeaders(message)
    messageHeaders.set('Nats-Expected-Stream', streamName)
    messageHeaders.set('Nats-Expected-Last-Sequence', String(this.#sequence))
    if (this.#lastId !== undefined) messageHeaders.set('Nats-Expected-Last-Msg-Id', this.#lastId)
    this.#sequence += 1
    try {
      const reply = `${this.#inbox}.${this.#sequence}`
      connection.publish(message.subject, message.data, { headers: messageHeaders, reply })
    } catch (error) {
      this.stop(error instanceof Error ? error.message : String(error))
      return
    }
    this.#lastId = message.headers['Nats-Msg-Id']
    this.#sentThrough = next.revision
    if (this.#inFlight.size === 0) this.#lastProgressMs = this.#options.clock.monotonicMs()
    this.#inFlight.set(this.#sequence, next.revision)
    if (this.#timer === undefined) this.#watchProgress(ackTimeoutMs)
  }

  #receive(message: Msg): void {
    if (this.#isStopped) return
    const sequence = Number(message.subject.slice(this.#inbox.length + 1))
    const revision = this.#inFlight.get(sequence)
    if (revision === undefined) return
    const ack = parseAck(message)
    if (ack.error !== undefined) {
      if (ack.errorCode === messageTooLarge) this.#options.tooLarge.add(revision)
      this.stop(ack.error)
      return
    }
    this.#acknowledge(sequence, revision)
    if (ack.sequence !== sequence) this.stop(`the stream had revision ${revision} already, at ${ack.sequence}`)
    else this.pump()
  }

  /** A message that the stream has implies those before it, so one lost acknowledgement is none. */
  #acknowledge(throughSequence: number, throughRevision: number): void {
    for (const sequence of this.#inFlight.keys()) {
      if (sequence > throughSequence) break
      this.#inFlight.delete(sequence)
    }
    this.#options.tooLarge.delete(throughRevision)
    this.#lastProgressMs = this.#options.clock.monotonicMs()
    this.#options.onAck(throughRevision)
  }

  #watchProgress(delayMs: number): void {
    const { clock } = this.#options
    this.#timer = clock.setTimer(delayMs, () => {
      this.#timer = undefined
      if (this.#inFlight.size === 0) return
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
