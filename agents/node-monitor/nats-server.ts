import type { JetStreamClient, NatsConnection } from 'nats'
import type { EventMessage } from '../../events/event-message.js'
import {
  apiErrorCode,
  isWithoutJetStream,
  requestTimeoutMs,
  streamLimits,
  streamNotFound,
} from '../../events/jetstream.js'
import { connectNats, natsHeaders } from '../../events/nats-connection.js'
import type { EventServer } from './event-queue.js'
import { streamSubject } from './node-event.js'

/** The JetStream stream that keeps the events. */
export const streamName = 'NODE_EVENTS'

/** A connection to NATS: one that breaks stays closed. */
export class NatsServer implements EventServer {
  readonly isJetStream: boolean
  readonly #connection: NatsConnection
  readonly #jetStream: JetStreamClient | undefined

  private constructor(connection: NatsConnection, jetStream: JetStreamClient | undefined) {
    this.#connection = connection
    this.#jetStream = jetStream
    this.isJetStream = jetStream !== undefined
  }

  /** Connects to one of the servers of a comma-separated list of URLs, and makes sure that a stream takes the events. */
  static async connect(urls: string): Promise<NatsServer> {
    const connection = await connectNats(urls, 'leasehold node-monitor')
    try {
      return new NatsServer(connection, (await ensureStream(connection)) ? connection.jetstream() : undefined)
    } catch (error) {
      await connection.close().catch(() => {})
      throw error
    }
  }

  get address(): string {
    return this.#connection.getServer()
  }

  /** Resolves at the end of the connection. */
  closed(): Promise<unknown> {
    return this.#connection.closed()
  }

  get isClosed(): boolean {
    return this.#connection.isClosed()
  }

  /**
   * Publishes messages, in order. With JetStream each counts once it is in the stream, without once the server has it.
   *
   * @returns for each whether it is out, or why not.
   */
  async publish(messages: readonly EventMessage[]): Promise<PromiseSettledResult<unknown>[]> {
    if (this.#jetStream === undefined) return this.#publishToCore(messages)
    const jetStream = this.#jetStream
    return Promise.allSettled(
      messages.map(message =>
        jetStream.publish(message.subject, message.data, { headers: natsHeaders(message), timeout: requestTimeoutMs }),
      ),
    )
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => {})
  }

  async #publishToCore(messages: readonly EventMessage[]): Promise<PromiseSettledResult<unknown>[]> {
    const sent = messages.map(async message =>
      this.#connection.publish(message.subject, message.data, { headers: natsHeaders(message) }),
    )
    const flushed = this.#connection.flush()
    return Promise.allSettled(sent.map(async publish => Promise.all([publish, flushed])))
  }
}

/**
 * Makes sure that the stream is there; what an operator has configured stays.
 *
 * @returns false where the server, or this account on it, has no JetStream.
 */
async function ensureStream(connection: NatsConnection): Promise<boolean> {
  try {
    const { streams } = await connection.jetstreamManager({ timeout: requestTimeoutMs })
    await streams.info(streamName).catch(async error => {
      if (apiErrorCode(error) !== streamNotFound) throw error
      await streams.add(configuration)
    })
    return true
  } catch (error) {
    if (isWithoutJetStream(error, connection)) return false
    throw error
  }
}

/** Bounded by age and size: an operator who wants more makes the stream, or changes it, with other limits. */
const configuration = {
  name: streamName,
  description: 'every change of the status of every node',
  subjects: [streamSubject],
  ...streamLimits,
  max_bytes: 256 * 1024 ** 2,
}
