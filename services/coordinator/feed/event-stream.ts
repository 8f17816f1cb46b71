import type { JetStreamManager, NatsConnection, StoredMsg, StreamConfig, StreamInfo } from 'nats'
import {
  apiErrorCode,
  isWithoutJetStream,
  messageNotFound,
  requestTimeoutMs,
  streamLimits,
  streamNotFound,
} from '../../../events/jetstream.js'
import { isRenewedSubject, revisionOfEvent, streamSubjects } from './cloud-event.js'

/** The JetStream stream that keeps the events. */
export const streamName = 'LEASE_EVENTS'

/**
 * How many messages at the stream's end are searched for the last one of this journal: more than are ever in flight,
 * so that only other publishers' messages can hide it.
 */
const searchedMessages = 1_024

/** Where a stream stands. */
export interface StreamEnd {
  /** The sequence of its last message, also when that one is gone. */
  readonly lastSequence: number
  /** The revision that the last message of this journal tells; undefined where there is none. */
  readonly lastRevision: number | undefined
}

/** The management of the event stream over one connection. Every request is bounded in time. */
export class EventStream {
  readonly #manager: JetStreamManager
  /** What the last search found, of the stream that was made at that time: it is not read again. */
  #found: (StreamEnd & { readonly created: unknown }) | undefined

  private constructor(manager: JetStreamManager) {
    this.#manager = manager
  }

  /** Undefined where the server, or this account on it, has no JetStream. */
  static async open(connection: NatsConnection): Promise<EventStream | undefined> {
    try {
      return new EventStream(await connection.jetstreamManager({ timeout: requestTimeoutMs }))
    } catch (error) {
      if (isWithoutJetStream(error, connection)) return undefined
      throw error
    }
  }

  /**
   * Makes sure that the stream is there and captures every event; what an operator has configured stays. Reads how far
   * this journal's transitions got; where the stream keeps renewals too, they say nothing of that. A second look reads
   * only what has come since: others may publish faster than all of their messages could be read again.
   */
  async findEnd(journalId: string): Promise<StreamEnd> {
    const { created, state } = await this.#ensure()
    const lastSequence = state.last_seq
    const isKnown = this.#found?.created === created && this.#found.lastSequence <= lastSequence
    const known = isKnown ? this.#found : undefined
    const searchedFrom = Math.max(state.first_seq, lastSequence - searchedMessages + 1, (known?.lastSequence ?? 0) + 1)
    let lastRevision: number | undefined
    for (let sequence = lastSequence; state.messages > 0 && sequence >= searchedFrom; sequence -= 1) {
      const message = await this.#messageAt(sequence)
      const isTransition = message !== undefined && !isRenewedSubject(message.subject)
      lastRevision = isTransition ? revisionOfEvent(message.header.get('Nats-Msg-Id'), journalId) : undefined
      if (lastRevision !== undefined) break
    }
    this.#found = { created, lastSequence, lastRevision: lastRevision ?? known?.lastRevision }
    return this.#found
  }

  async #ensure(): Promise<StreamInfo> {
    const stream = await this.#info()
    if (stream === undefined) return this.#manager.streams.add(configuration)
    const missing = streamSubjects.filter(subject => !stream.config.subjects?.includes(subject))
    if (missing.length === 0) return stream
    return this.#manager.streams.update(streamName, { subjects: [...(stream.config.subjects ?? []), ...missing] })
  }

  async #info(): Promise<StreamInfo | undefined> {
    try {
      return await this.#manager.streams.info(streamName)
    } catch (error) {
      if (apiErrorCode(error) === streamNotFound) return undefined
      throw error
    }
  }

  /** Undefined where it was deleted. */
  async #messageAt(sequence: number): Promise<StoredMsg | undefined> {
    try {
      return await this.#manager.streams.getMessage(streamName, { seq: sequence })
    } catch (error) {
      if (apiErrorCode(error) === messageNotFound) return undefined
      throw error
    }
  }
}

/** Bounded by age and size: an operator who wants more makes the stream, or changes it, with other limits. */
const configuration: Partial<StreamConfig> & { name: string } = {
  name: streamName,
  description: 'every transition of every lease, in order',
  subjects: [...streamSubjects],
  ...streamLimits,
  max_bytes: 1024 ** 3,
}
