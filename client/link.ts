import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { HoldResponse } from '../protos/hold.js'
import { acquireRequest, mayAcquire } from './acquire-request.js'
import type { AddressList } from './address-list.js'
import { shortestDelayMs } from './backoff.js'
import { Connection, patienceMs } from './connection.js'
import { Fifo } from './fifo.js'
import type { Log } from './log.js'
import type { SessionHold } from './session-hold.js'
import { TransportError } from './transport.js'

/** How far reconnects of the clients of a coordinator that stops are spread. */
const moveSpreadMs = 1_000

/** What a link asks of its session. */
export interface LinkOwner {
  /** Does something as one step of the session. */
  step(act: (now: number) => void): void
  /** What is to be acquired on a new stream, in this order; nothing: no stream is needed. */
  wanted(): Iterable<SessionHold>
  readonly wantsAnything: boolean
  /** How long until the first lease runs out; Infinity when none is held. */
  shortestRemainingMs(now: number): number
  received(connection: Connection, message: HoldResponse, now: number): void
  /** The stream is over, and every handle with it. */
  disconnected(): void
}

/**
 * Keeps a session connected: one stream at a time, replaced when it ends, falls silent, or its coordinator stops, by one
 * to the next address. Acquires and releases go through its queues; renewals go past them.
 */
export class Link {
  readonly #owner: LinkOwner
  readonly #addresses: AddressList
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log | undefined
  readonly #toAcquire = new Fifo<SessionHold>()
  readonly #toRelease = new Fifo<SessionHold>()
  #connection: Connection | undefined
  #reconnectAtMs = Number.NEGATIVE_INFINITY

  constructor(
    options: { addresses: AddressList; clock: Clock; random: Random; log?: Log | undefined },
    owner: LinkOwner,
  ) {
    this.#owner = owner
    this.#addresses = options.addresses
    this.#clock = options.clock
    this.#random = options.random
    this.#log = options.log
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Queues an acquire. One that is not wanted any more when its turn comes is passed over. */
  acquire(hold: SessionHold): void {
    this.#toAcquire.push(hold)
  }

  /** Queues the release of the hold's handle. */
  release(hold: SessionHold): void {
    this.#toRelease.push(hold)
  }

  /** Connects where that is wanted and due, and sends what is queued as far as the window allows. */
  keep(now: number): void {
    if (this.#connection === undefined && this.#owner.wantsAnything && now >= this.#reconnectAtMs) this.#connect(now)
    const connection = this.#connection
    if (connection === undefined) return
    while (connection.hasRoom) {
      const hold = this.#toRelease.shift()
      if (hold === undefined) break
      connection.sendRelease(hold, now)
    }
    while (connection.hasRoom && !connection.isDraining) {
      const hold = this.#toAcquire.shift()
      if (hold === undefined) break
      if (mayAcquire(hold)) sendAcquire(hold, connection, now)
    }
  }

  /** Does what time alone brings. `dueMs`: not later than the next local deadline. */
  wake(now: number, dueMs: number): void {
    const connection = this.#connection
    if (connection === undefined) return
    if (now >= connection.moveAtMs) {
      this.#end(connection, undefined, now)
      this.#reconnectAtMs = now
    } else if (now >= suspectAtMs(connection, dueMs)) this.#suspect(connection)
  }

  /** When time alone brings something next. */
  nextMs(dueMs: number): number {
    const connection = this.#connection
    if (connection !== undefined) return Math.min(connection.moveAtMs, suspectAtMs(connection, dueMs))
    return this.#owner.wantsAnything ? this.#reconnectAtMs : Number.POSITIVE_INFINITY
  }

  /** The coordinator stops: leave for another soon, or come back when it said, spread out, before a lease runs out. */
  drain(connection: Connection, reconnectAfterMs: number, now: number): void {
    if (connection.isDraining) return
    const delayMs = (this.#addresses.size > 1 ? 0 : reconnectAfterMs) + this.#random.fraction() * moveSpreadMs
    connection.moveAtMs = now + Math.min(delayMs, this.#owner.shortestRemainingMs(now) / 3)
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  #connect(now: number): void {
    const connection = new Connection(this.#addresses.current(), now, {
      onMessage: message => this.#owner.step(time => this.#received(connection, message, time)),
      onDrain: () => this.#owner.step(() => {}),
      onEnd: error => this.#owner.step(time => this.#end(connection, error, time)),
    })
    this.#connection = connection
    connection.open()
    if (this.#connection !== connection) return
    this.#toAcquire.clear()
    for (const hold of this.#owner.wanted()) this.#toAcquire.push(hold)
  }

  #received(connection: Connection, message: HoldResponse, now: number): void {
    connection.heardMs = now
    if (!connection.hasAnswered) {
      connection.hasAnswered = true
      this.#addresses.streamAnswered()
      this.#log?.info({ address: this.#addresses.address }, 'session connected')
    }
    this.#owner.received(connection, message, now)
  }

  #end(connection: Connection, error: TransportError | undefined, now: number): void {
    if (connection !== this.#connection) return
    this.#log?.warn({ address: this.#addresses.address, err: error }, 'session disconnected')
    connection.close()
    this.#connection = undefined
    const returnAtMs = this.#addresses.streamFailed(connection.transport, now)
    this.#toAcquire.clear()
    this.#toRelease.clear()
    this.#owner.disconnected()
    // A lease that is about to run out cannot wait for the whole of a long delay.
    const boundMs = Math.max(this.#owner.shortestRemainingMs(now) / 4, shortestDelayMs)
    const notBeforeMs = connection.isDraining && this.#addresses.size === 1 ? connection.moveAtMs : now
    this.#reconnectAtMs = Math.max(Math.min(returnAtMs, now + boundMs), notBeforeMs)
  }

  /**
   * Gives a silent stream up, but not before the sockets were read: after a pause of this process its timer fires before
   * the answers that wait there.
   */
  #suspect(connection: Connection): void {
    connection.trustedUntilMs = Number.POSITIVE_INFINITY
    this.#clock.afterPoll(() =>
      this.#owner.step(now => {
        if (connection !== this.#connection) return
        const sinceMs = Math.min(connection.silentSinceMs, now)
        connection.trustedUntilMs = sinceMs + patienceMs(this.#owner.shortestRemainingMs(sinceMs))
        if (now >= connection.trustedUntilMs) this.#end(connection, silent, now)
      }),
    )
  }
}

function sendAcquire(hold: SessionHold, connection: Connection, now: number): void {
  hold.isSent = true
  connection.send({ type: 'acquire', sentMs: now, hold }, requestId => acquireRequest(hold, requestId, now))
}

const silent = new TransportError('UNAVAILABLE', 'the coordinator did not answer in time')

/** When to suspect the stream of being dead: not later than it is to be given up. */
function suspectAtMs(connection: Connection, dueMs: number): number {
  const sinceMs = connection.silentSinceMs
  if (sinceMs === Number.POSITIVE_INFINITY) return sinceMs
  return Math.max(sinceMs + patienceMs(dueMs - sinceMs), connection.trustedUntilMs)
}
