import type { Client, ClientDuplexStream } from '@grpc/grpc-js'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../../protos/hold-codec.js'
import { holdPath } from '../../protos/load.js'
import type { RenewalStream } from './renewal-stream.js'
import { Turns } from './turns.js'

export interface HoldStreamOptions {
  /** Leases on the stream; 1. */
  readonly leases?: number
  /** The name of the i-th; `node-STREAM-i`. */
  readonly name?: (index: number) => string
  readonly leaseDurationMs?: number
  /** Renewals say 'all' instead of naming each lease. */
  readonly isAll?: boolean
  /** Renewals name one lease each, and the leases take turns, instead of all of them in each. */
  readonly isOneByOne?: boolean
}

/** So many acquires are unanswered at most. */
const acquiresInFlight = 500

/** A Hold stream with its leases; its renewals are encoded once. */
export class HoldStream implements RenewalStream {
  readonly leases: number
  onRenewed: () => void = () => {}
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  #renewals = new Turns([Buffer.alloc(0)])
  /** How long an answer without failures is. */
  #answerLength = 0
  readonly #index: number
  #sent = 0
  #sentMs = 0
  #answers = 0
  #answeredMs = 0

  private constructor(stream: ClientDuplexStream<Buffer, Buffer>, index: number, leases: number) {
    this.#stream = stream
    this.#index = index
    this.leases = leases
  }

  /** Opens a stream and acquires its leases. */
  static async open(client: Client, index: number, options: HoldStreamOptions = {}): Promise<HoldStream> {
    const {
      leases = 1,
      name = (i: number) => `node-${index}-${i}`,
      leaseDurationMs = 3_600_000,
      isAll = false,
      isOneByOne = false,
    } = options
    const stream = client.makeBidiStreamRequest(
      holdPath,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    const holder = new HoldStream(stream, index, isOneByOne ? 1 : leases)
    const handles: number[] = []
    let acquired = 0
    let sent = 0
    const acquire = (): void => {
      const node = name(sent++)
      const request: HoldRequest = {
        type: 'acquire',
        requestId: 1,
        namespace: 'kube-node-lease',
        name: node,
        holderIdentity: node,
        instance: index.toString(16).padStart(32, '0'),
        leaseDurationMs,
        priority: 0,
        supersede: true,
      }
      stream.write(encodeHoldRequest(request))
    }
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject)
      stream.on('data', (bytes: Buffer) => {
        if (acquired === leases) {
          holder.#answered(bytes)
          return
        }
        const message = decodeHoldResponse(bytes)
        if (message.type !== 'acquired') return reject(new Error(`not acquired: ${JSON.stringify(message)}`))
        acquired++
        // Ten million handles would be kept for nothing.
        if (!isAll) handles.push(message.handle)
        if (sent < leases) acquire()
        if (acquired === leases) resolve()
      })
      while (sent < Math.min(leases, acquiresInFlight)) acquire()
    })
    const renewal = (handles: readonly number[] | 'all'): Buffer =>
      encodeHoldRequest({ type: 'renew', requestId: 1, handles })
    holder.#renewals = new Turns(
      isOneByOne ? handles.map(handle => renewal([handle])) : [renewal(isAll ? 'all' : handles)],
    )
    return holder
  }

  renew(): void {
    this.#sent++
    this.#sentMs = performance.now()
    this.#stream.write(this.#renewals.next())
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
        throw new Error(`stream ${this.#index} was not renewed: ${JSON.stringify(message)}; ${this.#progress()}`)
      this.#answerLength = bytes.length
    }
    this.#answers++
    this.#answeredMs = performance.now()
    this.onRenewed()
  }

  /** How far it got, for whoever looks for why it lost a lease. */
  #progress(): string {
    const nowMs = performance.now()
    const ago = (ms: number): string => `${Math.round(nowMs - ms)} ms ago`
    return `${this.#sent} renewals were sent, the last ${ago(this.#sentMs)}, and ${this.#answers} answered, the last ${ago(this.#answeredMs)}`
  }
}
