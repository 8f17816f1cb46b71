/**
 * Where client and coordinator meet: a duplex of Hold messages, and the calls of LeaseService. `grpc-transport.ts` is
 * the binding to grpc-js; a simulated network is another.
 */
import type { HoldRequest, HoldResponse } from '../protos/hold.js'

/** One Hold stream. Nothing arrives after `onEnd`. */
export interface HoldStream {
  /** Whether to send; false until `onDrain` while the stream has no connection yet, or is backed up. */
  readonly hasRoom: boolean
  /** Sends a message, beyond the room that there is when it must. It is dropped before the connection and after the end. */
  send(message: HoldRequest): void
  /** Ends the stream from this side; `onEnd` follows. */
  close(): void
}

export interface HoldStreamHandlers {
  onMessage(message: HoldResponse): void
  onDrain(): void
  /** The stream is over, for whatever reason; called once. */
  onEnd(error: TransportError | undefined): void
}

/** A failed call or stream in the terms of gRPC, with the ErrorInfo that came with it. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** The name of the gRPC status, as in 'UNAVAILABLE'. */
  readonly status: string
  /** ErrorInfo.reason, as in 'LEASE_HELD'; '' when there was none. */
  readonly reason: string
  /** ErrorInfo.metadata. */
  readonly metadata: Readonly<Record<string, string>>
  readonly violations: readonly { readonly field: string; readonly description: string }[]
  readonly retryAfterMs: number | undefined

  constructor(
    status: string,
    message: string,
    details: {
      reason?: string
      metadata?: Record<string, string>
      violations?: readonly { field: string; description: string }[]
      retryAfterMs?: number | undefined
    } = {},
  ) {
    super(message)
    this.status = status
    this.reason = details.reason ?? ''
    this.metadata = details.metadata ?? {}
    this.violations = details.violations ?? []
    this.retryAfterMs = details.retryAfterMs
  }
}

/** A way to reach one coordinator. */
export interface Transport {
  openHold(handlers: HoldStreamHandlers): HoldStream
  /** One unary call of LeaseService. @throws TransportError */
  call<Request extends object, Response>(
    method: string,
    request: Request,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<Response>
  /** A server-streaming call of LeaseService. Ends when the server ends it; throws TransportError. */
  stream<Request extends object, Response>(
    method: string,
    request: Request,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<Response>
  /** Opens nothing more and lets go of the connection. Streams and calls that are under way go on until they end. */
  close(): void
}
