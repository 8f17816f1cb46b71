import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import anyTest, { type TestFn } from 'ava'
import { decodeHoldResponse, encodeHoldRequest } from '../../../protos/hold-codec.js'
import { holdPath } from '../../../protos/load.js'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'
import { acquire } from '../../support/raw-hold.js'
import { until } from '../../support/until.js'

const test = anyTest as TestFn<TestCoordinator>

/** A Hold stream without gRPC's client: what it sends is whatever the test says. */
class WireHold {
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  #received = Buffer.alloc(0)

  constructor(address: string, headers: Record<string, string> = {}) {
    this.#session = connect(`http://${address}`)
    this.#session.on('error', () => {})
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': holdPath,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    this.#stream.on('error', () => {})
    this.#stream.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
  }

  write(bytes: Buffer): void {
    this.#stream.write(bytes)
  }

  /** Sends no more; gives the status and what was answered. */
  async end(): Promise<{ status: string; details: string; types: string[] }> {
    this.#stream.end()
    const [trailers] = await once(this.#stream, 'trailers')
    const types: string[] = []
    for (let at = 0; at < this.#received.length; ) {
      const endAt = at + 5 + this.#received.readUInt32BE(at + 1)
      types.push(decodeHoldResponse(this.#received.subarray(at + 5, endAt)).type)
      at = endAt
    }
    this.#session.close()
    return { status: trailers['grpc-status'], details: decodeURI(trailers['grpc-message'] ?? ''), types }
  }
}

/** A message as gRPC frames it. */
function framed(message: Buffer, isCompressed = false): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt8(Number(isCompressed), 0)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

const acquiring = (name: string): Buffer =>
  encodeHoldRequest({ ...acquire({ name, holderIdentity: 'me', leaseDurationMs: 10_000 }), requestId: 1 })

test.beforeEach(async t => {
  t.context = await startCoordinator()
})

test.afterEach.always(async t => {
  await t.context.stop()
})

test('messages are read in whatever pieces they come', async t => {
  const hold = new WireHold(t.context.address)
  const bytes = Buffer.concat([framed(acquiring('a')), framed(acquiring('b')), framed(acquiring('c'))])
  for (const byte of bytes) hold.write(Buffer.from([byte]))
  t.deepEqual(await hold.end(), { status: '0', details: 'OK', types: ['acquired', 'acquired', 'acquired'] })
})

test('a long message is read, and its long answer arrives', async t => {
  const hold = new WireHold(t.context.address)
  const handles = Array.from({ length: 50_000 }, (_, index) => 2 ** 31 + index)
  hold.write(framed(encodeHoldRequest({ type: 'renew', requestId: 2, handles })))
  t.deepEqual(await hold.end(), { status: '0', details: 'OK', types: ['renewed'] })
})

for (const [encoding, compress] of [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const) {
  test(`messages that a client compresses with ${encoding} are understood`, async t => {
    const hold = new WireHold(t.context.address, { 'grpc-encoding': encoding })
    hold.write(framed(compress(acquiring('a')), true))
    t.deepEqual(await hold.end(), { status: '0', details: 'OK', types: ['acquired'] })
  })
}

test('a compressed message beyond 4 MiB ends the stream with INTERNAL', async t => {
  const hold = new WireHold(t.context.address, { 'grpc-encoding': 'gzip' })
  hold.write(framed(gzipSync(Buffer.alloc(5 * 1024 * 1024)), true))
  t.is((await hold.end()).status, String(status.INTERNAL))
})

test('a message that is compressed in a way nobody named ends the stream with INTERNAL, and what came before it counts', async t => {
  const hold = new WireHold(t.context.address)
  hold.write(Buffer.concat([framed(acquiring('a')), framed(acquiring('b'), true)]))
  const { status: code, details } = await hold.end()
  t.is(code, String(status.INTERNAL))
  t.is(details, 'a message cannot be decompressed: it is identity, and may be gzip or deflate')
  await until(() => t.context.table.size === 1)
})

test('a stream that ends within a message ends with INTERNAL, and what came before it counts', async t => {
  const hold = new WireHold(t.context.address)
  hold.write(Buffer.concat([framed(acquiring('a')), framed(acquiring('b')).subarray(0, -1)]))
  const { status: code, details } = await hold.end()
  t.is(code, String(status.INTERNAL))
  t.is(details, 'the last message is cut short')
  await until(() => t.context.table.size === 1)
})
