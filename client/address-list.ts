import type { Random } from '../clock/random.js'
import { Backoff } from './backoff.js'
import type { Transport } from './transport.js'

/**
 * The coordinators a client knows, of which it uses one at a time: all its sessions and calls move on together, and its
 * sessions come back together, since they share a connection.
 */
export class AddressList {
  readonly #addresses: readonly string[]
  readonly #connect: (address: string) => Transport
  #index = 0
  #current: Transport | undefined
  readonly #backoff: Backoff
  #returnAtMs = Number.NEGATIVE_INFINITY

  /** @throws RangeError without an address. */
  constructor(addresses: readonly string[], connect: (address: string) => Transport, random: Random) {
    if (addresses.length === 0) throw new RangeError('addresses: name at least one coordinator, as 127.0.0.1:7070')
    this.#addresses = addresses
    this.#connect = connect
    this.#backoff = new Backoff(random)
  }

  get size(): number {
    return this.#addresses.length
  }

  /** The address in use. */
  get address(): string {
    return this.#addresses[this.#index] ?? ''
  }

  /** The transport to the address in use. */
  current(): Transport {
    this.#current ??= this.#connect(this.address)
    return this.#current
  }

  /**
   * `transport` failed: the next use takes the next address, over a new connection even when it is the only one, since
   * the old one may be dead without knowing it. Nothing happens when somebody else has moved on already.
   */
  moveOn(transport: Transport): void {
    if (transport !== this.#current) return
    this.#index = (this.#index + 1) % this.#addresses.length
    this.close()
  }

  /** A Hold stream over `transport` failed: moves on, and says when sessions are to come back. */
  streamFailed(transport: Transport, now: number): number {
    this.moveOn(transport)
    // Who comes back sooner, for a lease that cannot wait, and fails, does not put the others off.
    if (now >= this.#returnAtMs) this.#returnAtMs = now + this.#backoff.nextMs()
    return this.#returnAtMs
  }

  /** A coordinator answered on a Hold stream. */
  streamAnswered(): void {
    this.#backoff.reset()
  }

  /** Lets go of the connection. */
  close(): void {
    this.#current?.close()
    this.#current = undefined
  }
}
