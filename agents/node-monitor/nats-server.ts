import {
  type ConnectionOptions,
  connect,
  type JetStreamClient,
  type NatsConnection,
  NatsError,
  nanos,
  headers as natsHeaders,
  RetentionPolicy,
  StorageType,
} from 'nats'
import type { EventServer } from './event-queue.js'
import { type EventMessage, streamSubject } from './node-event.js'

/** The JetStream stream that keeps the events. */
export const streamName = 'NODE_EVENTS'

/** How long one try to connect, and a request, may take. */
const requestTimeoutMs = 5_000
/** A server that answers no ping for twice this long is taken for gone. */
const pingIntervalMs = 10_000

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
    const connection = await connect({
      ...connectionOptions(urls),
      name: 'leasehold node-monitor',
      reconnect: false,
      timeout: requestTimeoutMs,
      pingInterval: pingIntervalMs,
      maxPingOut: 2,
      noAsyncTraces: true,
    })
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
      messages.map(({ subject, data, headers }) =>
        jetStream.publish(subject, data, { headers: messageHeaders(headers), timeout: requestTimeoutMs }),
      ),
    )
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => {})
  }

  async #publishToCore(messages: readonly EventMessage[]): Promise<PromiseSettledResult<unknown>[]> {
    const sent = messages.map(async ({ subject, data, headers }) =>
      this.#connection.publish(subject, data, { headers: messageHeaders(headers) }),
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
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  max_age: nanos(7 * 24 * 3600 * 1_000),
  max_bytes: 256 * 1024 ** 2,
  duplicate_window: nanos(120_000),
}

// JetStream's own error codes.
const notEnabledForAccount = 10_039
const streamNotFound = 10_059
const notEnabled = 10_076

const apiErrorCode = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined

/** A server that says it has JetStream but does not answer is only not ready yet. */
function isWithoutJetStream(error: unknown, connection: NatsConnection): boolean {
  const code = apiErrorCode(error)
  if (code === notEnabled || code === notEnabledForAccount) return true
  return error instanceof NatsError && code === undefined && error.code === '503' && !connection.info?.jetstream
}

/** Servers, and the user or token and TLS that the first URL asks for. @throws TypeError for what is no URL */
export function connectionOptions(urls: string): ConnectionOptions {
  const parsed = urls.split(',').map(url => new URL(url.includes('://') ? url.trim() : `nats://${url.trim()}`))
  const servers = parsed.map(url => `${url.hostname}:${url.port === '' ? '4222' : url.port}`)
  const [first] = parsed
  if (first === undefined) return { servers }
  const user = decodeURIComponent(first.username)
  const pass = decodeURIComponent(first.password)
  return {
    servers,
    ...(user === '' ? {} : first.password === '' ? { token: user } : { user, pass }),
    ...(first.protocol === 'tls:' ? { tls: {} } : {}),
  }
}

function messageHeaders(headers: EventMessage['headers']): ReturnType<typeof natsHeaders> {
  const result = natsHeaders()
  for (const [name, value] of Object.entries(headers)) result.set(name, value)
  return result
}
