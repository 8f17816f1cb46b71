import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { AddressList } from './address-list.js'
import { anySignal } from './any-signal.js'
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
    return this.#until(options, async signal => {
      const backoff = new Backoff(this.#random)
      const endMs = this.#clock.monotonicMs() + (options.timeoutMs ?? defaultTimeoutMs)
      for (;;) {
        const timeoutMs = Math.max(endMs - this.#clock.monotonicMs(), 1)
        try {
          return await this.#call<Response>(method, request, { signal, timeoutMs })
        } catch (error) {
          if (!(error instanceof TransportError) || error.status !== 'UNAVAILABLE' || signal.aborted) throw error
          const delayMs = Math.max(backoff.nextMs(), error.retryAfterMs ?? 0)
          if (this.#clock.monotonicMs() + delayMs >= endMs) throw error
          await sleep(this.#clock, delayMs, signal)
        }
      }
    })
  }

  /** A call that is made once, since a second one might not mean the same. @throws TransportError */
  async once<Response>(method: string, request: object, options: CallOptions = {}): Promise<Response> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    return this.#until(options, signal => this.#call<Response>(method, request, { signal, timeoutMs }))
  }

  async #call<Response>(method: string, request: object, options: Required<CallOptions>): Promise<Response> {
    const transport = this.#addresses.current()
    try {
      return await transport.call<object, Response>(method, request, options)
    } catch (error) {
      if (error instanceof TransportError && error.status === 'UNAVAILABLE') this.#addresses.moveOn(transport)
      throw error
    }
  }

  /** Calls with a signal that ends with the caller's and with the client. */
  async #until<Result>({ signal }: CallOptions, call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (signal === undefined) return call(this.#closed)
    const either = anySignal(signal, this.#closed)
    try {
      return await call(either.signal)
    } finally {
      either.letGo()
    }
  }
}
