/** WatchLeases by hand: it costs the load little more than the bytes. Fields as in lease_service.proto. */
import type { Client, ClientReadableStream } from '@grpc/grpc-js'
import protobuf from 'protobufjs/minimal.js'
import { asBuffer } from './unary.js'

const { Reader, Writer } = protobuf

export interface WatchStreamOptions {
  /** All leases by default. */
  readonly namespace?: string
  /** Only this one. */
  readonly name?: string
  /** Renewals too: as leases, or as numbers. */
  readonly renewals?: 'full' | 'compact'
}

/** What a message tells. */
interface Told {
  readonly changes: number
  readonly renewedIds: number
  readonly endsInitialState: boolean
}

/** A watch that counts what it is told. */
export class WatchStream {
  /** Called for every change after the leases as they were. */
  onChange: () => void = () => {}
  /** Changes, and renewals told as numbers, after the leases as they were. */
  changes = 0
  renewedIds = 0
  readonly #stream: ClientReadableStream<Buffer>

  private constructor(stream: ClientReadableStream<Buffer>) {
    this.#stream = stream
  }

  /** Resolves when it has been told the leases as they are. @throws Error when the coordinator ends it before. */
  static async open(client: Client, options: WatchStreamOptions = {}): Promise<WatchStream> {
    const stream = client.makeServerStreamRequest(
      '/leasehold.v1.LeaseService/WatchLeases',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      encoded(options),
    )
    const watch = new WatchStream(stream)
    let isSynced = false
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject)
      stream.on('data', (bytes: Buffer) => {
        const told = read(bytes)
        if (isSynced) watch.#count(told)
        isSynced ||= told.endsInitialState
        if (isSynced) resolve()
      })
    })
    return watch
  }

  /** From now on nothing more is read; that the coordinator ends the watch is no failure. */
  stopReading(): void {
    this.#stream.on('error', () => {})
    this.#stream.pause()
  }

  close(): void {
    this.#stream.on('error', () => {})
    this.#stream.cancel()
  }

  #count({ changes, renewedIds }: Told): void {
    this.changes += changes
    this.renewedIds += renewedIds
    for (let i = 0; i < changes; i++) this.onChange()
  }
}

function encoded({ namespace = '', name = '', renewals }: WatchStreamOptions): Buffer {
  const writer = Writer.create().uint32(10).string(namespace).uint32(18).string(name)
  if (renewals !== undefined) writer.uint32(48).bool(true)
  if (renewals === 'compact') writer.uint32(56).bool(true)
  return asBuffer(writer.finish())
}

function read(bytes: Buffer): Told {
  const reader = Reader.create(bytes)
  let [changes, renewedIds, endsInitialState] = [0, 0, false]
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 10) changes++
    if (tag === 32) endsInitialState = reader.bool()
    else if (tag === 42) renewedIds += idsIn(reader.bytes())
    else reader.skipType(tag & 7)
  }
  return { changes, renewedIds, endsInitialState }
}

/** Renewals have one field, with all ids: each ends with the only one of its bytes that is below 128. */
function idsIn(message: Uint8Array): number {
  const reader = Reader.create(message)
  reader.uint32()
  const ids = reader.bytes()
  let count = 0
  for (const byte of ids) if (byte < 128) count++
  return count
}
