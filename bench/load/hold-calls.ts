import type { Client, ClientDuplexStream } from '@grpc/grpc-js'
import type { AcquireRequest, HoldRequest, HoldResponse, ReleasedResponse } from '../../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../../protos/hold-codec.js'
import { holdPath } from '../../protos/load.js'

/** What an acquire may say beside the lease's name. */
export type AcquireOptions = Partial<Pick<AcquireRequest, 'leaseDurationMs' | 'waitTimeoutMs'>>

/** A Hold stream on which each request has its answer, as little else as can be. */
export class HoldCalls {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #holder: string
  readonly #instance: string
  readonly #unanswered = new Map<number, Answer>()
  /** Grants that were told and not asked for, and those that are waited for. */
  readonly #told = new Set<number>()
  readonly #awaited = new Map<number, () => void>()
  #lastRequestId = 0

  /** @param index another for each stream: it makes the name of the holder. */
  constructor(client: Client, index: number) {
    this.#holder = `holder-${index}`
    this.#instance = index.toString(16).padStart(32, '0')
    this.#stream = client.makeBidiStreamRequest(
      holdPath,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    this.#stream.on('data', (bytes: Buffer) => this.#receive(decodeHoldResponse(bytes)))
    this.#stream.on('error', error => {
      for (const { reject } of this.#unanswered.values()) reject(error)
    })
  }

  /** Acquires a lease in the namespace `bench`; one that asks to wait may be told that it does. */
  acquire(
    name: string,
    { leaseDurationMs = 3_600_000, waitTimeoutMs }: AcquireOptions = {},
  ): Promise<HoldResponse & { type: 'acquired' | 'waiting' }> {
    const request: HoldRequest = {
      type: 'acquire',
      requestId: 0,
      namespace: 'bench',
      name,
      holderIdentity: this.#holder,
      instance: this.#instance,
      leaseDurationMs,
      priority: 0,
      supersede: false,
      ...(waitTimeoutMs === undefined ? {} : { waitTimeoutMs }),
    }
    return this.#call(request, 'acquired', 'waiting')
  }

  /** Renews one lease. */
  async renew(handle: number): Promise<void> {
    const { failures } = await this.#call({ type: 'renew', requestId: 0, handles: [handle] }, 'renewed')
    if (failures.length > 0) throw new Error(`handle ${handle} was not renewed: ${failures[0]?.reason}`)
  }

  release(handle: number): Promise<ReleasedResponse> {
    return this.#call({ type: 'release', requestId: 0, handle }, 'released')
  }

  /** Resolves when a place in a queue has become a grant, which a renewal of its handle confirms. */
  granted(handle: number): Promise<void> {
    if (this.#told.delete(handle)) return Promise.resolve()
    return new Promise(resolve => this.#awaited.set(handle, resolve))
  }

  close(): void {
    this.#stream.cancel()
  }

  /** @throws Error when the answer is none of those. */
  #call<Type extends HoldResponse['type']>(
    request: HoldRequest,
    ...types: readonly Type[]
  ): Promise<HoldResponse & { type: Type }> {
    const requestId = ++this.#lastRequestId
    this.#stream.write(encodeHoldRequest({ ...request, requestId }))
    return new Promise((resolve, reject) => {
      this.#unanswered.set(requestId, {
        resolve(answer) {
          // TypeScript does not narrow a union by a list of its tags.
          if (types.some(type => type === answer.type)) resolve(answer as HoldResponse & { type: Type })
          else reject(new Error(`${request.type} was answered with ${JSON.stringify(answer)}`))
        },
        reject,
      })
    })
  }

  #receive(message: HoldResponse): void {
    if (!('requestId' in message) || message.requestId === 0) {
      if (message.type === 'acquired') this.#tellOf(message.handle)
      return
    }
    this.#unanswered.get(message.requestId)?.resolve(message)
    this.#unanswered.delete(message.requestId)
  }

  #tellOf(handle: number): void {
    const tell = this.#awaited.get(handle)
    this.#awaited.delete(handle)
    if (tell === undefined) this.#told.add(handle)
    else tell()
  }
}

interface Answer {
  resolve(answer: HoldResponse): void
  reject(error: Error): void
}
