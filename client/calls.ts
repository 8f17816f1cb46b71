import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { AddressList } from './address-list.js'
import { Backoff } from './backoff.js'
import { sleep } from './sleep.js'
import { TransportError } from './transport.js'

/** What every call takes. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal
  /** How long to try in all; 10 s by default. */
  readonly timeoutMs?: number
}

const defaultTimeoutMs = 10_000

/** Unary calls, tried again elsewhere while the coordinator is away, where twice does the same as once. */
export class Calls {
  readonly #addresses: AddressList
  readonly #clock: Clock
  readonly #random: Random
  readonly #closed: AbortSignal

  constructor(addresses: AddressList, clock: Clock, random: Random, closed: AbortSignal) {
    this.#addresses = addresses
    this.#clock = clock
    this.#random = random
    this.#closed = closed
  }

  /** A call that changes nothing more when it is made again. @throws TransportError */
  async repeatable<Response>(method: string, request: object, options: CallOptions = {}): Promise<Response> {
    const backoff = new Backoff(this.#random)
    const endMs = this.#clock.monotonicMs() + (options.timeoutMs ?? defaultTimeoutMs)
    for (;;) {
      const leftMs = endMs - this.#clock.monotonicMs()
      try {
        return await this.once<Response>(method, request, { ...options, timeoutMs: Math.max(leftMs, 1) })
      } catch (error) {
        const signal = this.#signal(options)
        if (!(error instanceof TransportError) || error.status !== 'UNAVAILABLE' || signal.aborted) throw error
        const delayMs = Math.max(backoff.nextMs(), error.retryAfterMs ?? 0)
        if (this.#clock.monotonicMs() + delayMs >= endMs) throw error
        await sleep(this.#clock, delayMs, signal)
      }
    }
  }

  /** A call that is made once, since a second one might not mean the same. @throws TransportError */
  async once<Response>(method: string, request: object, options: CallOptions = {}): Promise<Response> {
    const transport = this.#addresses.current()
    try {
      const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
      return await transport.call<object, Response>(method, request, { signal: this.#signal(options), timeoutMs })
    } catch (error) {
      if (error instanceof TransportError && error.status === 'UNAVAILABLE') this.#addresses.moveOn(transport)
      throw error
    }
  }

  #signal({ signal }: CallOptions): AbortSignal {
    return signal === undefined ? this.#closed : AbortSignal.any([signal, this.#closed])
  }
}
