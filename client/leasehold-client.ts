import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import { AddressList } from './address-list.js'
import { Calls } from './calls.js'
import { LeaseLostError } from './errors.js'
import { grpcTransport } from './grpc-transport.js'
import type { AcquireOptions, Hold } from './hold.js'
import { randomInstance } from './instance.js'
import { LeaseCalls } from './lease-calls.js'
import type { Log } from './log.js'
import { Session } from './session.js'
import { StepClock } from './step-clock.js'
import type { Transport } from './transport.js'
import { type WatchEvent, type WatchOptions, watchLeases } from './watch.js'

export interface LeaseholdClientOptions {
  /** The coordinators, as `host:port`; the client uses one and moves on to the next when it fails. */
  readonly addresses: readonly string[]
  readonly clock: Clock
  readonly random: Random
  /** How to reach an address; by default over gRPC, without encryption. */
  readonly transport?: (address: string) => Transport
  /** Told each change of a session's connection and each lost lease. */
  readonly log?: Log
}

/** What `withLease` takes beside the lease: ends the waiting. */
export interface WithLeaseOptions extends AcquireOptions {
  /** Aborted while waiting, the wait ends and `withLease` rejects with its reason; afterwards it is the work's matter. */
  readonly abandonWait?: AbortSignal
}

/**
 * A client of leasehold: leases as objects, sessions that hold them, and watches. `connectClient` makes one with the
 * machine's clock.
 */
export class LeaseholdClient extends LeaseCalls {
  readonly #options: LeaseholdClientOptions
  readonly #addresses: AddressList
  readonly #time: StepClock
  readonly #closing: AbortController
  readonly #sessions = new Set<Session>()
  /** What `withLease` waits for, and does. */
  readonly #waits = new Set<Hold>()
  readonly #works = new Set<Promise<unknown>>()
  #shared: Session | undefined
  #isClosed = false

  constructor(options: LeaseholdClientOptions) {
    const { addresses, clock, random, transport = grpcTransport } = options
    const closing = new AbortController()
    // Every call that is under way listens to it, and none stays: many are no leak.
    setMaxListeners(0, closing.signal)
    const list = new AddressList(addresses, transport, random)
    super(new Calls(list, clock, random, closing.signal), randomInstance(random))
    this.#options = options
    this.#addresses = list
    this.#time = new StepClock(clock)
    this.#closing = closing
  }

  /** Opens a session: one Hold stream, kept alive, for any number of leases. */
  openSession(): Session {
    if (this.#isClosed) throw new Error('the client is closed: make another')
    const { clock, random, log } = this.#options
    const session = new Session({
      addresses: this.#addresses,
      clock,
      time: this.#time,
      random,
      instance: this.instance,
      ...(log === undefined ? {} : { log }),
      onClosed: () => this.#sessions.delete(session),
    })
    this.#sessions.add(session)
    return session
  }

  /**
   * Waits for a lease, does the work while holding it, and releases it after the work has returned. Two calls never
   * work at the same time, also with the same identity in one process. The work gets the hold: its `signal` says when
   * to stop, `isHeld()` before each irreversible step whether it still may, its `fencingToken` goes to the resource.
   *
   * @throws LeaseLostError when the lease was lost before the work returned, whatever the work returned; what it threw
   * is then the `cause`.
   * @throws AcquireError when the wait ended without the lease.
   */
  async withLease<T>(options: WithLeaseOptions, work: (hold: Hold) => Promise<T> | T): Promise<T> {
    const { abandonWait, ...acquire } = options
    abandonWait?.throwIfAborted()
    this.#shared ??= this.openSession()
    const hold = this.#shared.acquire({ instance: randomInstance(this.#options.random), ...acquire })
    await this.#waitFor(hold, abandonWait)
    const done = this.#whileHeld(hold, work)
    this.#works.add(done)
    try {
      return await done
    } finally {
      this.#works.delete(done)
    }
  }

  async #waitFor(hold: Hold, abandon: AbortSignal | undefined): Promise<void> {
    const giveUp = (): void => void hold.release()
    abandon?.addEventListener('abort', giveUp)
    this.#waits.add(hold)
    try {
      await hold.whenHeld()
    } catch (error) {
      abandon?.throwIfAborted()
      throw error
    } finally {
      abandon?.removeEventListener('abort', giveUp)
      this.#waits.delete(hold)
    }
  }

  async #whileHeld<T>(hold: Hold, work: (hold: Hold) => Promise<T> | T): Promise<T> {
    const lost = (cause?: unknown): LeaseLostError => {
      const lossCause = hold.error instanceof LeaseLostError ? hold.error.lossCause : 'expired'
      return new LeaseLostError(hold, lossCause, hold.fencingToken, { cause })
    }
    try {
      if (!hold.isHeld()) throw lost()
      const result = await work(hold)
      if (!hold.isHeld()) throw lost()
      return result
    } catch (error) {
      throw hold.isHeld() || error instanceof LeaseLostError ? error : lost(error)
    } finally {
      await hold.release()
    }
  }

  /**
   * Watches leases, over breaks. The iteration ends at its signal, at `close`, or when the loop is left.
   *
   * @throws TransportError for a request that can never succeed, as one with a malformed selector.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, void> {
    const { clock, random } = this.#options
    return watchLeases({ addresses: this.#addresses, clock, random, closed: this.#closing.signal }, options)
  }

  /**
   * Ends the client. Waits of `withLease` end at once and its works are waited for, since a lease is released only after
   * its work has returned; then sessions release what they hold, and watches and calls end. With `release: false`
   * nothing is waited for or released: leases run their time. Not for a work to call, which it would wait for.
   */
  async close({ release = true }: { release?: boolean } = {}): Promise<void> {
    this.#isClosed = true
    if (release) {
      for (const hold of this.#waits) void hold.release()
      await Promise.allSettled(this.#works)
    }
    await Promise.all([...this.#sessions].map(session => session.close({ release })))
    this.#closing.abort()
    this.#addresses.close()
  }
}
