import {
  type ChannelOptions,
  type ClientReadableStream,
  credentials,
  makeClientConstructor,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { LeaseServiceDefinition } from '../../protos/generated/leasehold/v1/LeaseService.js'
import type { WatchLeasesRequest } from '../../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import type { WatchLeasesResponse__Output } from '../../protos/generated/leasehold/v1/WatchLeasesResponse.js'
import { packageDefinition } from '../../protos/load.js'
import { decodeStatusDetails, type StatusDetails, statusDetailsKey } from '../../protos/status-details.js'
import { until } from './until.js'

type Method = Exclude<keyof LeaseServiceDefinition & string, 'WatchLeases'>
type RequestOf<M extends Method> =
  LeaseServiceDefinition[M] extends MethodDefinition<infer Request, infer _, infer __, infer ___> ? Request : never
type ResponseOf<M extends Method> =
  LeaseServiceDefinition[M] extends MethodDefinition<infer _, infer __, infer ___, infer Response> ? Response : never

/** What a test looks at in a failed call. */
export interface Refusal {
  /** The name of the status, as in 'NOT_FOUND'. */
  readonly status: string
  readonly message: string
  readonly details: StatusDetails | undefined
}

/** LeaseService as a client in another language sees it: nothing between the test and the wire but grpc-js. */
export class LeaseClient {
  readonly #client: InstanceType<ServiceClientConstructor>

  constructor(address: string, options: ChannelOptions = {}) {
    const definition = packageDefinition['leasehold.v1.LeaseService'] as Parameters<typeof makeClientConstructor>[0]
    this.#client = new (makeClientConstructor(definition, 'LeaseService'))(
      address,
      credentials.createInsecure(),
      options,
    )
  }

  /** @throws ServiceError */
  call<M extends Method>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
    return new Promise((resolve, reject) => {
      this.#client[method]?.call(this.#client, request, (error: ServiceError | null, response: ResponseOf<M>) =>
        error ? reject(error) : resolve(response),
      )
    })
  }

  /** The refusal of a call that must fail. */
  async refusal<M extends Method>(method: M, request: RequestOf<M>): Promise<Refusal> {
    try {
      await this.call(method, request)
    } catch (error) {
      return refusalOf(error as ServiceError)
    }
    throw new Error(`${method} succeeded`)
  }

  /** Sends bytes instead of a request. */
  refusalOfBytes(method: Method, bytes: Buffer): Promise<Refusal> {
    return new Promise((resolve, reject) => {
      const path = `/leasehold.v1.LeaseService/${method}`
      const same = (buffer: Buffer) => buffer
      this.#client.makeUnaryRequest(path, same, same, bytes, error =>
        error ? resolve(refusalOf(error)) : reject(new Error(`${method} succeeded`)),
      )
    })
  }

  watch(request: WatchLeasesRequest): Watch {
    return new Watch(this.#client.WatchLeases?.call(this.#client, request))
  }

  close(): void {
    this.#client.close()
  }
}

/** A watch whose messages are kept until the test looks at them. */
export class Watch {
  readonly messages: WatchLeasesResponse__Output[] = []
  readonly stream: ClientReadableStream<WatchLeasesResponse__Output>
  refusal: Refusal | undefined
  hasEnded = false

  constructor(stream: ClientReadableStream<WatchLeasesResponse__Output>) {
    this.stream = stream
    stream.on('data', message => this.messages.push(message))
    stream.on('error', error => {
      this.refusal = refusalOf(error as ServiceError)
      this.hasEnded = true
    })
    stream.on('end', () => {
      this.hasEnded = true
    })
  }

  /** Every change so far, as `TYPE name`, in order. */
  get changes(): string[] {
    return this.messages.flatMap(({ changes }) =>
      changes.map(({ type, lease }) => `${type.replace('LEASE_CHANGE_TYPE_', '')} ${lease?.metadata?.name}`),
    )
  }

  /** Waits for the end of the initial state. */
  async initialState(): Promise<void> {
    await until(() => this.hasEnded || this.messages.some(({ initialStateEnd }) => initialStateEnd))
  }

  cancel(): void {
    this.stream.cancel()
  }
}

function refusalOf(error: ServiceError): Refusal {
  const [bytes] = error.metadata.get(statusDetailsKey)
  const details = bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined
  return { status: status[error.code], message: error.details, details }
}
