import type { HoldRequest } from '../protos/hold.js'
import type { SentRenewal } from './renewals.js'
import type { SessionHold } from './session-hold.js'
import type { HoldStream, HoldStreamHandlers, Transport } from './transport.js'

/** A request that is not answered yet. */
export type Sent =
  | SentRenewal
  | { readonly type: 'acquire'; readonly sentMs: number; readonly hold: SessionHold }
  | { readonly type: 'release'; readonly sentMs: number; readonly hold: SessionHold }

/**
 * Acquires and releases that may be unanswered at once: enough to keep a coordinator busy, few enough that those of many
 * sessions do not hold renewals up there. Renewals come on top, and never wait for them.
 */
const window = 100

/** No stream is given up sooner, since an answer takes its time. */
const shortestPatienceMs = 250
/** Nor kept longer without a word. */
const longestPatienceMs = 5_000
/** The share of the shortest remaining time that a silent stream may take: so there is time for two others. */
const patienceShare = 1 / 3

/** How long a stream with unanswered requests may be silent, when the first lease runs out in `remainingMs`. */
export const patienceMs = (remainingMs: number): number =>
  Math.min(Math.max(remainingMs * patienceShare, shortestPatienceMs), longestPatienceMs)

/** One Hold stream, with all that lives as long as it does. Once it is over, nothing that arrives counts. */
export class Connection {
  readonly transport: Transport
  /** Leases and places in queues by their handle. */
  readonly holds = new Map<number, SessionHold>()
  /** Handles that a renewal of all leases would renew against our will. */
  readonly excluded = new Set<number>()
  /** What waits in a queue: a sign of life is owed for it. */
  readonly places = new Set<SessionHold>()
  hasAnswered = false
  /** When something was heard last. */
  heardMs: number
  /** The coordinator stops: when to leave for another; Infinity while it does not. */
  moveAtMs = Number.POSITIVE_INFINITY
  /** It was found alive: no suspicion before this time. */
  trustedUntilMs = Number.NEGATIVE_INFINITY
  readonly #handlers: HoldStreamHandlers
  #stream: HoldStream | undefined
  readonly #sent = new Map<number, Sent>()
  #renewalsSent = 0
  #lastRequestId = 0
  #isOver = false

  constructor(transport: Transport, now: number, handlers: HoldStreamHandlers) {
    this.transport = transport
    this.heardMs = now
    this.#handlers = handlers
  }

  open(): void {
    const { onMessage, onDrain, onEnd } = this.#handlers
    this.#stream = this.transport.openHold({
      onMessage: message => {
        if (!this.#isOver) onMessage(message)
      },
      onDrain: () => {
        if (!this.#isOver) onDrain()
      },
      onEnd: error => {
        if (!this.#isOver) onEnd(error)
      },
    })
  }

  get isDraining(): boolean {
    return this.moveAtMs !== Number.POSITIVE_INFINITY
  }

  /** The id of the next request. */
  get nextRequestId(): number {
    return this.#lastRequestId + 1
  }

  /** Whether another acquire or release may be sent. */
  get hasRoom(): boolean {
    return this.#stream?.hasRoom === true && this.#sent.size - this.#renewalsSent < window
  }

  send(sent: Sent, message: (requestId: number) => HoldRequest): void {
    this.#lastRequestId++
    this.#sent.set(this.#lastRequestId, sent)
    if (sent.type === 'renew') this.#renewalsSent++
    this.#stream?.send(message(this.#lastRequestId))
  }

  /** Gives the hold's handle up: a renewal of all leases that is sent later finds it gone. */
  sendRelease(hold: SessionHold, now: number): void {
    const { handle } = hold
    this.holds.delete(handle)
    this.places.delete(hold)
    this.excluded.delete(handle)
    this.send({ type: 'release', sentMs: now, hold }, requestId => ({ type: 'release', requestId, handle }))
  }

  /** The request that an answer is for; undefined when there is none. */
  take(requestId: number): Sent | undefined {
    const sent = this.#sent.get(requestId)
    if (sent !== undefined && this.#sent.delete(requestId) && sent.type === 'renew') this.#renewalsSent--
    return sent
  }

  /** Since when an answer is owed without a word, the first of which is the connection; Infinity when none is. */
  get silentSinceMs(): number {
    if (this.#lastRequestId === 0 && this.#stream?.hasRoom === false) return this.heardMs
    for (const { sentMs } of this.#sent.values()) return Math.max(sentMs, this.heardMs)
    return Number.POSITIVE_INFINITY
  }

  close(): void {
    this.#isOver = true
    this.#stream?.close()
  }
}
