import { type handleBidiStreamingCall, type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { HoldResponse } from '../../../protos/hold.js'
import { decodeHoldRequest, encodeHoldResponse } from '../../../protos/hold-codec.js'
import type { Coordinator } from '../coordinator.js'
import { HoldSession } from '../hold-session.js'
import type { Limits } from '../lease/validation.js'
import { type MessageListener, MessageStream } from './message-stream.js'

/** With so much unread by the client, nothing more is read from it: it must take its answers first. */
const pauseAtBytes = 64 * 1024

/**
 * With so much waiting for a batch, nothing more is read: one client must not hold up the renewals of all others. It is a
 * thousand messages that renew one lease each, 20,000 leases in few messages, each of which may be in the answer, or a
 * hundred acquires.
 */
const pauseAtWork = 20_000

/** With so much pushed and unread the client is cut off. Its answers do not count: it is not read from before they are. */
const cutOffAtBytes = 1024 * 1024

type HoldCall = ServerDuplexStream<Buffer, Buffer>

/** The open Hold streams of a server. */
export class HoldStreams {
  readonly #coordinator: Coordinator
  readonly #limits: Limits
  readonly #open = new Set<HoldStream>()
  #cutOffCount = 0

  constructor(coordinator: Coordinator, limits: Limits) {
    this.#coordinator = coordinator
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /** How many clients were cut off since they did not read. */
  get cutOffCount(): number {
    return this.#cutOffCount
  }

  readonly handle: handleBidiStreamingCall<Buffer, Buffer> = call => {
    const stream = new HoldStream(call, this.#coordinator, this.#limits, wasCutOff => {
      this.#open.delete(stream)
      if (wasCutOff) this.#cutOffCount++
    })
    this.#open.add(stream)
  }

  /** Tells every client that the coordinator is about to stop. */
  drain(reconnectAfterMs: number): void {
    for (const stream of this.#open) stream.drain(reconnectAfterMs)
  }

  /** Ends every stream. */
  end(): void {
    for (const stream of this.#open) stream.fail(status.UNAVAILABLE, 'this coordinator is stopping: use another')
  }
}

/** One Hold stream over grpc-js. */
class HoldStream implements MessageListener {
  readonly #messages: MessageStream
  readonly #session: HoldSession
  readonly #onEnd: (wasCutOff: boolean) => void
  #isPaused = false
  #isOver = false

  constructor(call: HoldCall, coordinator: Coordinator, limits: Limits, onEnd: (wasCutOff: boolean) => void) {
    this.#onEnd = onEnd
    this.#session = new HoldSession(coordinator, limits, message => this.#send(message))
    this.#messages = new MessageStream(call, this)
  }

  drain(reconnectAfterMs: number): void {
    this.#session.drain(reconnectAfterMs)
  }

  /** Ends the stream with a status. */
  fail(code: status, details: string): void {
    if (this.#isOver) return
    this.#messages.end(code, details)
    this.close()
  }

  message(bytes: Buffer): void {
    let message: ReturnType<typeof decodeHoldRequest>
    try {
      message = decodeHoldRequest(bytes)
    } catch (error) {
      this.fail(status.INVALID_ARGUMENT, error instanceof Error ? error.message : 'the message is malformed')
      return
    }
    this.#session.receive(message)
    this.drained()
  }

  end(): void {
    this.#session.end(() => {
      this.#messages.end()
      this.close()
    })
  }

  #send(message: HoldResponse): void {
    if (this.#messages.unreadPushBytes > cutOffAtBytes) {
      this.#messages.cutOff()
      this.close(true)
      return
    }
    const isPush = !('requestId' in message) || message.requestId === 0
    this.#messages.send(encodeHoldResponse(message), { isPush })
    this.drained()
  }

  /** Reads from the client only while it takes its answers and the coordinator keeps up with it. */
  drained(): void {
    const isBehind = this.#messages.unreadBytes > pauseAtBytes || this.#session.undecidedWork > pauseAtWork
    if (isBehind === this.#isPaused || this.#isOver) return
    this.#isPaused = isBehind
    if (isBehind) this.#messages.pause()
    else this.#messages.resume()
  }

  close(wasCutOff = false): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#session.close()
    this.#onEnd(wasCutOff)
  }
}
