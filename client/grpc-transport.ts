import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  connectivityState,
  credentials as grpcCredentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status as statusCodes,
} from '@grpc/grpc-js'
import { systemClock } from '../clock/system-clock.js'
import type { HoldRequest, HoldResponse } from '../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../protos/hold-codec.js'
import { holdPath, packageDefinition } from '../protos/load.js'
import { decodeStatusDetails, statusDetailsKey } from '../protos/status-details.js'
import { ConnectTimeout } from './connect-timeout.js'
import { type HoldStream, type HoldStreamHandlers, type Transport, TransportError } from './transport.js'

export interface GrpcTransportOptions {
  /** Without encryption by default. */
  readonly credentials?: ChannelCredentials
  /** Options of the channel, over ours. */
  readonly channel?: ClientOptions
}

const servicePath = '/leasehold.v1.LeaseService/'

const channelOptions: ClientOptions = {
  // A new channel is a new connection: the one it replaces may be dead without knowing it.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.max_send_message_length': 4 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
}

/** The way to the coordinator at `address` (host:port) by grpc-js: one channel, and so one connection. */
export function grpcTransport(address: string, options: GrpcTransportOptions = {}): Transport {
  const { credentials = grpcCredentials.createInsecure(), channel = {} } = options
  return new GrpcTransport(new Client(address, credentials, { ...channelOptions, ...channel }))
}

class GrpcTransport implements Transport {
  readonly #client: Client
  readonly #connectTimeout: ConnectTimeout
  /** Those that wait for the connection: a failed call costs far more than a wait, and a client may have many streams. */
  #unconnected: GrpcHoldStream[] = []

  constructor(client: Client) {
    this.#client = client
    this.#connectTimeout = new ConnectTimeout(client)
  }

  openHold(handlers: HoldStreamHandlers): HoldStream {
    const stream = new GrpcHoldStream(handlers)
    if (this.#unconnected.push(stream) === 1) this.#openHolds()
    return stream
  }

  /** Opens the streams once there is a connection; when none comes about, the first finds out why for all of them. */
  #openHolds(): void {
    const channel = this.#client.getChannel()
    const state = channel.getConnectivityState(false)
    if (state === connectivityState.IDLE || state === connectivityState.CONNECTING) {
      channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => this.#openHolds())
      if (state === connectivityState.IDLE) channel.getConnectivityState(true)
      return
    }
    const streams = this.#unconnected.filter(({ isOver }) => !isOver)
    this.#unconnected = []
    if (state === connectivityState.READY) this.#callHolds(streams)
    else if (state === connectivityState.TRANSIENT_FAILURE) this.#callFirst(streams)
    // Not within the call of `close`, whose caller is not done.
    else for (const stream of streams) queueMicrotask(() => stream.end(letGo))
  }

  #callFirst([first, ...others]: GrpcHoldStream[]): void {
    if (first === undefined) return
    const call = this.#callHold()
    first.open(call)
    const fail = (error: ServiceError): void => {
      const reason = transportError(error)
      for (const stream of others) stream.end(reason)
    }
    call.once('error', fail)
    call.once('metadata', () => {
      call.off('error', fail)
      this.#callHolds(others)
    })
  }

  #callHolds(streams: readonly GrpcHoldStream[]): void {
    for (const stream of streams) if (!stream.isOver) stream.open(this.#callHold())
  }

  #callHold(): HoldCall {
    return this.#client.makeBidiStreamRequest(holdPath, encodeHoldRequest, decodeHoldResponse)
  }

  call<Request extends object, Response>(
    method: string,
    request: Request,
    { signal, timeoutMs }: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method)
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled(method))
      const abort = (): void => call.cancel()
      let isUnconnected = false
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        deadlineIn(timeoutMs),
        (error, response) => {
          signal?.removeEventListener('abort', abort)
          stopWatching()
          if (error !== null) reject(isUnconnected ? unconnected(method) : transportError(error))
          // What responseDeserialize makes is the generated type that the caller names beside the method.
          else resolve(response as Response)
        },
      )
      const stopWatching = this.#connectTimeout.watch(() => {
        isUnconnected = true
        call.cancel()
      })
      signal?.addEventListener('abort', abort)
    })
  }

  async *stream<Request extends object, Response>(
    method: string,
    request: Request,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<Response, void, void> {
    if (signal?.aborted) throw cancelled(method)
    const { path, requestSerialize, responseDeserialize } = definitionOf(method)
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
    const abort = (): void => call.cancel()
    let isUnconnected = false
    const stopWatching = this.#connectTimeout.watch(() => {
      isUnconnected = true
      call.cancel()
    })
    signal?.addEventListener('abort', abort)
    try {
      // As in `call`, the caller names the generated type.
      for await (const response of call) yield response as Response
    } catch (error) {
      if (isUnconnected) throw unconnected(method)
      throw isServiceError(error) ? transportError(error) : error
    } finally {
      stopWatching()
      signal?.removeEventListener('abort', abort)
      // The consumer may leave before the end, and a cancel after it is harmless.
      call.on('error', () => {})
      call.cancel()
    }
  }

  close(): void {
    this.#client.close()
  }
}

type HoldCall = ClientDuplexStream<HoldRequest, HoldResponse>

class GrpcHoldStream implements HoldStream {
  readonly #handlers: HoldStreamHandlers
  #call: HoldCall | undefined
  isOver = false

  constructor(handlers: HoldStreamHandlers) {
    this.#handlers = handlers
  }

  /** Goes on over `call`. */
  open(call: HoldCall): void {
    this.#call = call
    call.on('data', (response: HoldResponse) => {
      if (!this.isOver) this.#handlers.onMessage(response)
    })
    call.on('drain', () => this.#drained())
    call.on('error', (error: ServiceError) => this.end(transportError(error)))
    call.on('status', ({ code }) => {
      if (code === statusCodes.OK) this.end(undefined)
    })
    this.#drained()
  }

  get hasRoom(): boolean {
    return this.#call?.writableNeedDrain === false
  }

  send(message: HoldRequest): void {
    if (!this.isOver) this.#call?.write(message)
  }

  close(): void {
    // Half closed it would wait for the coordinator, which may be gone: cancelled it ends here.
    if (this.#call !== undefined) this.#call.cancel()
    else queueMicrotask(() => this.end(letGo))
  }

  end(error: TransportError | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.#handlers.onEnd(error)
  }

  #drained(): void {
    if (!this.isOver) this.#handlers.onDrain()
  }
}

type LeaseMethod = MethodDefinition<object, object>

function definitionOf(method: string): LeaseMethod {
  const service = packageDefinition['leasehold.v1.LeaseService']
  const definition = service !== undefined && !('format' in service) ? service[method] : undefined
  if (definition === undefined) throw new TypeError(`${servicePath}${method}: there is no such method`)
  return definition
}

// grpc-js takes a deadline only as a time of the machine's wall clock.
const deadlineIn = (timeoutMs: number | undefined) =>
  timeoutMs === undefined ? {} : { deadline: new Date(systemClock.wallMicros() / 1e3 + timeoutMs) }

const cancelled = (method: string): TransportError => new TransportError('CANCELLED', `${method} was cancelled`)

const unconnected = (method: string): TransportError =>
  new TransportError('UNAVAILABLE', `${method}: no connection came about in time`)

const letGo = new TransportError('UNAVAILABLE', 'the connection was let go before it came about')

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'details' in error

/** What grpc-js says of a failure, with the details the coordinator sent. */
function transportError(error: ServiceError): TransportError {
  const [bytes] = error.metadata?.get(statusDetailsKey) ?? []
  const details = bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined
  return new TransportError(statusCodes[error.code] ?? 'UNKNOWN', error.details ?? error.message, {
    reason: details?.reason ?? '',
    metadata: { ...details?.metadata },
    violations: details?.violations ?? [],
    retryAfterMs: details?.retryAfterMs,
  })
}
