/**
 * The few messages of etcd's API that are measured, by hand like those of Hold, so that the load costs the same for both.
 * Fields as in etcd's api/etcdserverpb/rpc.proto.
 */
import type { Client, ClientDuplexStream } from '@grpc/grpc-js'
import protobuf from 'protobufjs/minimal.js'
import type { RenewalStream } from './renewal-stream.js'
import { asBuffer, unary } from './unary.js'

const { Reader, Writer } = protobuf

/** Lease ids are chosen here: small ones, so that messages are short. */
const firstId = 1_000

/** A lease of so many seconds under an id. */
export const grant = (client: Client, id: number, seconds: number): Promise<Buffer> =>
  unary(
    client,
    '/etcdserverpb.Lease/LeaseGrant',
    Writer.create().uint32(8).int64(seconds).uint32(16).int64(id).finish(),
  )

export const revoke = (client: Client, id: number): Promise<Buffer> =>
  unary(client, '/etcdserverpb.Lease/LeaseRevoke', Writer.create().uint32(8).int64(id).finish())

/** Writes a key, tied to a lease unless that is 0. */
export const put = (client: Client, key: string, value: Uint8Array, leaseId = 0): Promise<Buffer> => {
  const writer = Writer.create().uint32(10).bytes(Buffer.from(key)).uint32(18).bytes(value)
  if (leaseId !== 0) writer.uint32(24).int64(leaseId)
  return unary(client, '/etcdserverpb.KV/Put', writer.finish())
}

/** Renews each of these leases once, over one stream. */
export function keepAliveOnce(client: Client, ids: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(
      '/etcdserverpb.Lease/LeaseKeepAlive',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    let answered = 0
    stream.on('error', reject)
    stream.on('end', resolve)
    stream.on('data', () => {
      if (++answered === ids.length) stream.end()
    })
    for (const id of ids) stream.write(asBuffer(Writer.create().uint32(8).int64(id).finish()))
  })
}

/** A LeaseKeepAlive stream with one lease, whose renewal is encoded once. */
export class KeepAliveStream implements RenewalStream {
  readonly leases = 1
  onRenewed: () => void = () => {}
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #renewal: Buffer

  private constructor(stream: ClientDuplexStream<Buffer, Buffer>, id: number) {
    this.#stream = stream
    this.#renewal = asBuffer(Writer.create().uint32(8).int64(id).finish())
    let answerLength = 0
    stream.on('data', (bytes: Buffer) => {
      // Revision and time to live are the same in each answer, and so its length.
      if (bytes.length !== answerLength) {
        if (secondsLeft(bytes) === 0) throw new Error(`lease ${id} is lost`)
        answerLength = bytes.length
      }
      this.onRenewed()
    })
    stream.on('error', () => {})
  }

  static async open(client: Client, index: number): Promise<KeepAliveStream> {
    const id = firstId + index
    await grant(client, id, 3_600)
    const stream = client.makeBidiStreamRequest(
      '/etcdserverpb.Lease/LeaseKeepAlive',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    return new KeepAliveStream(stream, id)
  }

  renew(): void {
    this.#stream.write(this.#renewal)
  }

  close(): void {
    this.#stream.cancel()
  }
}

/** The TTL in a LeaseKeepAliveResponse; 0 for a lease that is gone. */
function secondsLeft(bytes: Buffer): number {
  const reader = Reader.create(bytes)
  let seconds = 0
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 24) seconds = Number(reader.int64())
    else reader.skipType(tag & 7)
  }
  return seconds
}
