import { type ApiError, type Msg, type MsgHdrs, type NatsConnection, NatsError, type StreamConfig } from 'nats'
import type { Timer } from '../../../clock/clock.js'
import type { Connection, Network } from '../network.js'
import type { SimulatedProcess } from '../process.js'
import type { SimulatedNats } from './server.js'
import type { ApiAnswer, ApiRequest, NatsDown, NatsMessage, NatsUp } from './wire.js'

const connectTimeoutMs = 5_000
const pingIntervalMs = 10_000
const maxPingOut = 2

interface Subscriber {
  readonly prefix: string
  readonly callback: (error: NatsError | null, message: Msg) => void
}

/** Connects a process to the simulated NATS, once, as `connectNats` does to a real one. */
export function connectSimulated(
  network: Network,
  process: SimulatedProcess,
  nats: SimulatedNats,
): Promise<NatsConnection> {
  return new Promise((resolve, reject) => {
    const client = new Client(network, process, nats, error => {
      timer.cancel()
      // Publisher, pipeline and stream use nothing else of a connection than the client has.
      if (error === undefined) resolve(client as unknown as NatsConnection)
      else reject(error)
    })
    const timer = process.setTimer(connectTimeoutMs, () => client.fail(new NatsError('timeout', 'TIMEOUT')))
  })
}

/**
 * What the coordinator uses of a NatsConnection, as the real client behaves with `reconnect: false`: at its end pending
 * requests time out, pending flushes never settle, and a publish throws.
 */
class Client {
  info: { readonly jetstream: boolean; readonly max_payload: number } | undefined
  readonly #process: SimulatedProcess
  readonly #nats: SimulatedNats
  readonly #connection: Connection<NatsUp, NatsDown>
  readonly #onOpen: (error?: NatsError) => void
  readonly #closed: Promise<void>
  #close: () => void = () => {}
  readonly #subscribers = new Set<Subscriber>()
  readonly #requests = new Map<number, (answer: ApiAnswer | undefined) => void>()
  /** What waits for a pong, in order; undefined for a ping of the client's own. */
  readonly #pongs: ((() => void) | undefined)[] = []
  #lastRequest = 0
  #isClosed = false
  #pings: Timer | undefined
  #pingsOut = 0

  constructor(network: Network, process: SimulatedProcess, nats: SimulatedNats, onOpen: (error?: NatsError) => void) {
    this.#process = process
    this.#nats = nats
    this.#onOpen = onOpen
    this.#closed = new Promise(resolve => {
      this.#close = resolve
    })
    this.#connection = network.connect<NatsUp, NatsDown>(process, nats, {
      message: down => this.#receive(down),
      end: () => this.fail(new NatsError('the connection broke', 'CONNECTION_REFUSED')),
    })
  }

  /** The connection is over, or never came to be. */
  fail(error: NatsError): void {
    if (this.#isClosed) return
    const wasOpen = this.info !== undefined
    this.#over()
    if (!wasOpen) this.#onOpen(error)
  }

  isClosed(): boolean {
    return this.#isClosed
  }

  closed(): Promise<void> {
    return this.#closed
  }

  async close(): Promise<void> {
    this.#over()
  }

  getServer(): string {
    return 'nats:4222'
  }

  /** Tells nothing until its end. */
  status(): AsyncIterable<never> {
    const next = async () => ({ done: true, value: await this.#closed }) as const
    return { [Symbol.asyncIterator]: () => ({ next }) }
  }

  publish(subject: string, data: string, options: { headers?: MsgHdrs; reply?: string } = {}): void {
    if (this.#isClosed) throw new NatsError('CONNECTION_CLOSED', 'CONNECTION_CLOSED')
    const message = { subject, data, headers: options.headers }
    this.#connection.sendUp({ type: 'publish', message, reply: options.reply, place: this.#nats.place })
  }

  flush(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new NatsError('CONNECTION_CLOSED', 'CONNECTION_CLOSED'))
    return new Promise(resolve => this.#ping(resolve))
  }

  subscribe(subject: string, { callback }: Pick<Subscriber, 'callback'>) {
    const subscriber: Subscriber = { prefix: subject.slice(0, -1), callback }
    this.#subscribers.add(subscriber)
    return {
      isClosed: () => !this.#subscribers.has(subscriber),
      unsubscribe: () => void this.#subscribers.delete(subscriber),
    }
  }

  async jetstreamManager({ timeout }: { timeout: number }) {
    const ask = (request: ApiRequest) => this.#request(request, timeout)
    await ask({ type: 'account' })
    return {
      streams: {
        info: async () => streamInfo(await ask({ type: 'info' })),
        add: async ({ subjects = [], duplicate_window: window = 0 }: Partial<StreamConfig>) =>
          streamInfo(await ask({ type: 'add', subjects, duplicateWindowMs: window / 1e6 })),
        update: async (_name: string, { subjects = [] }: Partial<StreamConfig>) =>
          streamInfo(await ask({ type: 'update', subjects })),
        getMessage: async (_name: string, { seq }: { seq: number }) => {
          const answer = await ask({ type: 'get', sequence: seq })
          if (answer.type !== 'message') throw new TypeError(answer.type)
          const { subject, headers } = answer.message
          return { subject, header: headers ?? { get: () => '' } }
        },
      },
    }
  }

  #receive(down: NatsDown): void {
    switch (down.type) {
      case 'hello':
        this.info = { jetstream: down.hasJetStream, max_payload: down.maxPayload }
        this.#keepAlive()
        this.#onOpen()
        return
      case 'pong':
        this.#pingsOut = 0
        this.#pongs.shift()?.()
        return
      case 'answer':
        this.#requests.get(down.id)?.(down.answer)
        return
      case 'message':
        for (const { prefix, callback } of this.#subscribers) {
          if (down.message.subject.startsWith(prefix)) callback(null, received(down.message))
        }
    }
  }

  #request(request: ApiRequest, timeoutMs: number): Promise<Exclude<ApiAnswer, { type: 'error' | 'nobody' }>> {
    const id = ++this.#lastRequest
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new NatsError('CONNECTION_CLOSED', 'CONNECTION_CLOSED'))
      const settle = (answer: ApiAnswer | undefined): void => {
        timer.cancel()
        this.#requests.delete(id)
        if (answer === undefined) reject(new NatsError('TIMEOUT', 'TIMEOUT'))
        else if (answer.type === 'nobody') reject(new NatsError('503', '503'))
        else if (answer.type === 'error') reject(apiError(answer.error))
        else resolve(answer)
      }
      const timer = this.#process.setTimer(timeoutMs, () => settle(undefined))
      this.#requests.set(id, settle)
      this.#connection.sendUp({ type: 'request', id, request })
    })
  }

  #ping(onPong?: () => void): void {
    this.#pongs.push(onPong)
    this.#connection.sendUp({ type: 'ping' })
  }

  #keepAlive(): void {
    this.#pings = this.#process.setTimer(pingIntervalMs, () => {
      this.#pingsOut++
      if (this.#pingsOut > maxPingOut) return this.#over()
      this.#ping()
      this.#keepAlive()
    })
  }

  #over(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pings?.cancel()
    this.#connection.closeUp()
    for (const settle of [...this.#requests.values()]) settle(undefined)
    this.#subscribers.clear()
    this.#close()
  }
}

const received = ({ subject, data, headers }: NatsMessage): Msg =>
  // The pipeline looks at nothing else of a message.
  ({ subject, ...(headers === undefined ? {} : { headers }), json: () => JSON.parse(data) }) as Msg

function apiError(error: ApiError): NatsError {
  const result = new NatsError(error.description, String(error.code))
  result.api_error = error
  return result
}

function streamInfo(answer: ApiAnswer) {
  if (answer.type !== 'standing') throw new TypeError(answer.type)
  const { createdMs, subjects, firstSequence, lastSequence, messages } = answer.standing
  return {
    created: createdMs,
    config: { subjects },
    state: { first_seq: firstSequence, last_seq: lastSequence, messages },
  }
}
