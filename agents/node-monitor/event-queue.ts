import { Backoff } from '../../client/backoff.js'
import { sleep } from '../../client/sleep.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import type { EventMessage } from '../../events/event-message.js'

/** A connection to NATS, as far as the queue needs it. */
export interface EventServer {
  /** HOST:PORT. */
  readonly address: string
  /** Whether what is published is kept for those who do not listen. */
  readonly isJetStream: boolean
  readonly isClosed: boolean
  /** Sends messages in order; for each, whether it is out. */
  publish(messages: readonly EventMessage[]): Promise<PromiseSettledResult<unknown>[]>
  closed(): Promise<unknown>
  close(): Promise<void>
}

export interface EventQueueOptions {
  /** Connects once. */
  connect(): Promise<EventServer>
  /** Asked before each message: whether it may still be sent. */
  mayTell(): boolean
  readonly clock: Clock
  readonly random: Random
  /** Told of each connection, and of what is wrong, once until it changes. */
  connected(server: EventServer): void
  trouble(error: string): void
}

/** How many messages are on their way at a time. */
const maxBatch = 256
/** After so long without any success NATS counts as away. */
const patienceMs = 2_000

interface Waiting {
  readonly message: EventMessage
  readonly sinceMs: number
  readonly done: () => void
}

/**
 * What is to be told on NATS, the newest message of each node, until it is out. It survives any outage, and its size is
 * bounded by the number of nodes: a newer message of a node takes the place of one that has not gone out.
 */
export class EventQueue {
  readonly #options: EventQueueOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #end = new AbortController()
  #wake: () => void = () => {}
  #lastSuccessMs: number
  #trouble: string | undefined

  /** Begins at once, in the background. */
  constructor(options: EventQueueOptions) {
    this.#options = options
    this.#lastSuccessMs = options.clock.monotonicMs()
    void this.#run()
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Queues a message under a key. Resolves when it is out, or a newer one has taken its place. */
  put(key: string, message: EventMessage): Promise<void> {
    return new Promise(resolve => {
      this.drop(key)
      this.#waiting.set(key, { message, sinceMs: this.#options.clock.monotonicMs(), done: resolve })
      this.#wake()
    })
  }

  /** Takes the message of a key back, if it is not out. */
  drop(key: string): void {
    this.#waiting.get(key)?.done()
    this.#waiting.delete(key)
  }

  /** How long to wait for a message that was put now, before one counts NATS as away; 0 when it is. */
  patienceMs(): number {
    const [oldest] = this.#waiting.values()
    if (oldest === undefined) return patienceMs
    const sinceMs = Math.max(oldest.sinceMs, this.#lastSuccessMs)
    return Math.max(sinceMs + patienceMs - this.#options.clock.monotonicMs(), 0)
  }

  /** Disconnects, without waiting for a server that hangs. What is not out is dropped. */
  close(): void {
    this.#end.abort()
    this.#wake()
    for (const key of [...this.#waiting.keys()]) this.drop(key)
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options
    const backoff = new Backoff(random)
    while (!this.#end.signal.aborted) {
      try {
        await this.#connectAndSend(backoff)
      } catch (error) {
        this.#tellTrouble(error instanceof Error ? error.message : String(error))
      }
      await sleep(clock, backoff.nextMs(), this.#end.signal)
    }
  }

  async #connectAndSend(backoff: Backoff): Promise<void> {
    const server = await this.#options.connect()
    const ended = (): void => void server.close()
    this.#end.signal.addEventListener('abort', ended)
    void server.closed().then(() => this.#wake())
    try {
      this.#trouble = undefined
      this.#options.connected(server)
      while (!this.#end.signal.aborted) {
        if (server.isClosed) throw new Error('the connection has closed')
        if (this.#waiting.size === 0) await this.#more()
        else if (await this.#sendBatch(server)) backoff.reset()
      }
    } finally {
      this.#end.signal.removeEventListener('abort', ended)
      await server.close()
    }
  }

  /** Waits for a message, or for the end of the connection. */
  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  /** @returns whether there was something to send. @throws Error when something did not go out. */
  async #sendBatch(server: EventServer): Promise<boolean> {
    const { clock, mayTell } = this.#options
    const batch = [...this.#waiting].slice(0, maxBatch)
    if (!mayTell()) {
      for (const [key] of batch) this.drop(key)
      return false
    }
    const results = await server.publish(batch.map(([, { message }]) => message))
    let failure: unknown
    results.forEach((result, index) => {
      if (result.status === 'rejected') failure ??= result.reason
      else this.#isOut(batch[index])
    })
    if (results.some(({ status }) => status === 'fulfilled')) this.#lastSuccessMs = clock.monotonicMs()
    if (failure !== undefined) throw failure
    return true
  }

  #isOut(sent: [string, Waiting] | undefined): void {
    if (sent === undefined) return
    const [key, waiting] = sent
    waiting.done()
    if (this.#waiting.get(key) === waiting) this.#waiting.delete(key)
  }

  #tellTrouble(error: string): void {
    if (this.#end.signal.aborted || error === this.#trouble) return
    this.#trouble = error
    this.#options.trouble(error)
  }
}
