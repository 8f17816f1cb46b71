import { Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js'
import type { AcquireRequest, HoldRequest, HoldResponse } from '../../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../../protos/hold-codec.js'
import { holdPath } from '../../protos/load.js'

// Omit over each of the union's messages.
type WithoutId<Message> = Message extends HoldRequest ? Omit<Message, 'requestId'> : never

/** A Hold stream with nothing between the test and the wire but grpc-js and the codec. */
export class RawHold {
  /** What was pushed, and answers nobody waits for. */
  readonly pushed: HoldResponse[] = []
  /** The name of the status that ended the stream; undefined while it is open. */
  endStatus: string | undefined
  readonly #client: Client
  readonly #call: ClientDuplexStream<HoldRequest, HoldResponse>
  readonly #waiting = new Map<number, { resolve(response: HoldResponse): void; reject(error: Error): void }>()
  #lastRequestId = 0

  /** @param reads false: the stream is never read. */
  constructor(address: string, { reads = true }: { reads?: boolean } = {}) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    this.#call = this.#client.makeBidiStreamRequest(holdPath, encodeHoldRequest, decodeHoldResponse)
    // Without any listener grpc-js would take in everything: with this one it stops when its own buffer is full.
    if (reads) this.#call.on('data', (response: HoldResponse) => this.#receive(response))
    else this.#call.on('readable', () => {})
    this.#call.on('error', () => {})
    this.#call.on('status', ({ code, details }) => this.#ended(status[code], details))
  }

  /** Sends a request and gives its answer. Rejects when the stream ends before. */
  request(message: WithoutId<HoldRequest>): Promise<HoldResponse> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.send(message), { resolve, reject })
    })
  }

  /** Sends a request without waiting; returns its id. */
  send(message: WithoutId<HoldRequest>): number {
    this.#lastRequestId++
    this.#call.write({ ...message, requestId: this.#lastRequestId })
    return this.#lastRequestId
  }

  close(): void {
    this.#call.cancel()
    this.#client.close()
  }

  #receive(response: HoldResponse): void {
    const waiting = 'requestId' in response ? this.#waiting.get(response.requestId) : undefined
    if (waiting === undefined || !('requestId' in response)) this.pushed.push(response)
    else {
      this.#waiting.delete(response.requestId)
      waiting.resolve(response)
    }
  }

  #ended(name: string | undefined, details: string): void {
    this.endStatus = name ?? 'UNKNOWN'
    for (const { reject } of this.#waiting.values()) reject(new Error(`the stream has ended: ${name} ${details}`))
    this.#waiting.clear()
  }
}

/** An acquire with what most tests do not care about. */
export const acquire = (
  fields: Pick<AcquireRequest, 'name' | 'holderIdentity' | 'leaseDurationMs'> & Partial<AcquireRequest>,
): Omit<AcquireRequest, 'requestId'> => ({
  type: 'acquire',
  namespace: 'default',
  instance: '',
  priority: 0,
  supersede: false,
  ...fields,
})
