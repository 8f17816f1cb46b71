import type { Client, ClientDuplexStream } from '@grpc/grpc-js'
import type { HoldRequest, HoldResponse } from '../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../protos/hold-codec.js'
import { holdPath } from '../protos/load.js'

/** One stream with its leases; its renewal is encoded once. */
export class Holder {
  onRenewed: () => void = () => {}
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  #renewal: Buffer = Buffer.alloc(0)
  /** How long an answer without failures is. */
  #answerLength = 0

  private constructor(stream: ClientDuplexStream<Buffer, Buffer>) {
    this.#stream = stream
  }

  static async open(client: Client | undefined, index: number, leases: number): Promise<Holder> {
    if (client === undefined) throw new Error('there is no connection')
    const stream = client.makeBidiStreamRequest(
      holdPath,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    const holder = new Holder(stream)
    const handles: number[] = []
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject)
      stream.on('data', (bytes: Buffer) => {
        if (handles.length === leases) {
          holder.#answered(bytes)
          return
        }
        const message = decodeHoldResponse(bytes)
        if (message.type !== 'acquired') return reject(new Error(`not acquired: ${JSON.stringify(message)}`))
        handles.push(message.handle)
        if (handles.length === leases) resolve()
      })
      for (let i = 0; i < leases; i++) {
        const acquire: HoldRequest = {
          type: 'acquire',
          requestId: 1,
          namespace: 'kube-node-lease',
          name: `node-${index}-${i}`,
          holderIdentity: `node-${index}-${i}`,
          instance: '',
          leaseDurationMs: 40_000,
          priority: 0,
          supersede: false,
        }
        stream.write(encodeHoldRequest(acquire))
      }
    })
    holder.#renewal = encodeHoldRequest({ type: 'renew', requestId: 1, handles })
    return holder
  }

  renew(): void {
    this.#stream.write(this.#renewal)
  }

  close(): void {
    this.#stream.on('error', () => {})
    this.#stream.cancel()
  }

  /** Answers of the first length seen are read; the rest only when their length differs. */
  #answered(bytes: Buffer): void {
    if (bytes.length !== this.#answerLength) {
      const message: HoldResponse = decodeHoldResponse(bytes)
      if (message.type !== 'renewed' || message.failures.length > 0)
        throw new Error(`not renewed: ${JSON.stringify(message)}`)
      this.#answerLength = bytes.length
    }
    this.onRenewed()
  }
}
