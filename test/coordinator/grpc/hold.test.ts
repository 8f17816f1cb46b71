import { Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js'
import anyTest, { type TestFn } from 'ava'
import type { HoldResponse } from '../../../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../../../protos/hold-codec.js'
import { holdPath } from '../../../protos/load.js'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'
import { acquire } from '../../support/raw-hold.js'
import { until } from '../../support/until.js'
import { watchHealth } from '../../support/watch-health.js'

const test = anyTest as TestFn<{ coordinator: TestCoordinator; stream: RawStream }>

/** A Hold stream in bytes: what a client in another language, or a broken one, may do. */
class RawStream {
  readonly received: HoldResponse[] = []
  status: string | undefined
  details = ''
  readonly call: ClientDuplexStream<Buffer, Buffer>
  readonly #client: Client

  constructor(address: string, { reads = true } = {}) {
    const same = (bytes: Buffer): Buffer => bytes
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    this.call = this.#client.makeBidiStreamRequest(holdPath, same, same)
    if (reads) this.read()
    // Without any listener grpc-js would take in everything.
    else this.call.on('readable', () => {})
    this.call.on('error', () => {})
    this.call.on('status', ({ code, details }) => {
      this.status = status[code]
      this.details = details
    })
  }

  read(): void {
    this.call.removeAllListeners('readable')
    this.call.on('data', (bytes: Buffer) => this.received.push(decodeHoldResponse(bytes)))
  }

  send(requestId: number, name: string, fields: Partial<Parameters<typeof acquire>[0]> = {}): void {
    const message = acquire({ name, holderIdentity: 'A', leaseDurationMs: 60_000, ...fields })
    this.write(encodeHoldRequest({ ...message, requestId }))
  }

  renewAll(requestId: number): void {
    this.write(encodeHoldRequest({ type: 'renew', requestId, handles: 'all' }))
  }

  /** Sends bytes, and says whether the stream takes more at once. */
  write(bytes: Buffer): boolean {
    return this.call.write(bytes)
  }

  close(): void {
    this.call.cancel()
    this.#client.close()
  }
}

test.beforeEach(async t => {
  const coordinator = await startCoordinator()
  t.context = { coordinator, stream: new RawStream(coordinator.address) }
})

test.afterEach.always(async t => {
  t.context.stream.close()
  await t.context.coordinator.stop()
})

test('requests are answered under their ids', async t => {
  const { stream } = t.context
  stream.send(7, 'one')
  stream.renewAll(8)
  await until(() => stream.received.length === 2)
  t.like(stream.received, [
    { type: 'acquired', requestId: 7, handle: 1, leaseDurationMs: 60_000 },
    { type: 'renewed', requestId: 8 },
  ])
})

for (const [what, bytes] of Object.entries({
  'that is cut short': Buffer.from([0x12, 0x20, 0x0a]),
  'that is empty': Buffer.alloc(0),
  'of another shape': Buffer.from([0xff, 0xff, 0xff]),
  'that renews all and some': Buffer.from([0x1a, 0x05, 0x0a, 0x01, 0x01, 0x10, 0x01]),
})) {
  test(`a message ${what} ends the stream with INVALID_ARGUMENT, and what came before it counts`, async t => {
    const { stream, coordinator } = t.context
    stream.send(1, 'one')
    stream.write(bytes)
    await until(() => stream.status !== undefined)
    t.is(stream.status, 'INVALID_ARGUMENT')
    t.not(stream.details, '')
    await until(() => coordinator.sessions.open === 0)
    t.is(coordinator.table.size, 1)
    t.is(coordinator.server.holds.size, 0)
  })
}

test('fields at fault fail their request by name, and the stream goes on', async t => {
  const { stream, coordinator } = t.context
  stream.send(1, 'Not a name', { leaseDurationMs: -1, labels: { a: '-' } })
  stream.send(2, 'one')
  await until(() => stream.received.length === 2)
  const [failed] = stream.received
  t.like(failed, { type: 'failed', requestId: 1, reason: 'INVALID_REQUEST' })
  t.deepEqual(failed?.type === 'failed' ? failed.violations.map(({ field }) => field) : [], [
    'acquire.name',
    'acquire.lease_duration',
    'acquire.labels',
  ])
  t.is(coordinator.table.size, 1)
})

test('a message of more than 4 MiB ends the stream with RESOURCE_EXHAUSTED, and nothing of it is stored', async t => {
  const { stream, coordinator } = t.context
  stream.send(1, 'one', { labels: { a: 'x'.repeat(5 * 1024 * 1024) } })
  await until(() => stream.status !== undefined)
  t.is(stream.status, 'RESOURCE_EXHAUSTED')
  t.is(coordinator.table.size, 0)
  await until(() => coordinator.sessions.open === 0)
})

test('what was sent before a half-close is answered, then the stream ends in order', async t => {
  const { stream, coordinator } = t.context
  for (let i = 1; i <= 50; i++) stream.send(i, `lease-${i}`)
  stream.call.end()
  await until(() => stream.status !== undefined)
  t.is(stream.status, 'OK')
  t.deepEqual(
    stream.received.map(message => ('requestId' in message ? message.requestId : 0)),
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  t.is(coordinator.table.counts.held, 50)
  await until(() => coordinator.sessions.open === 0 && coordinator.server.holds.size === 0)
})

test('a stream that is cancelled gives up its places, and its leases run their time', async t => {
  const { stream, coordinator } = t.context
  stream.send(1, 'one')
  await until(() => stream.received.length === 1)
  const waiting = new RawStream(coordinator.address)
  waiting.send(1, 'one', { holderIdentity: 'B', waitTimeoutMs: 600_000 })
  await until(() => waiting.received.length === 1)
  t.is(coordinator.sessions.waiting, 1)
  waiting.close()
  await until(() => coordinator.sessions.waiting === 0)
  stream.close()
  await until(() => coordinator.sessions.open === 0)
  t.is(coordinator.table.counts.held, 1)
})

test('a client that does not read is not read from: its requests wait on its side', async t => {
  const { coordinator } = t.context
  const slow = new RawStream(coordinator.address, { reads: false })
  t.teardown(() => slow.close())
  let sent = 0
  // The renewal of a long list of handles that do not exist has a long answer.
  const handles = Array.from({ length: 200 }, (_, index) => 1_000_000 + index)
  const bytes = encodeHoldRequest({ type: 'renew', requestId: 1, handles })
  const total = 2_000
  for (let i = 0; i < total; i++) {
    slow.call.write(bytes, () => {
      sent++
    })
  }
  slow.call.end()
  t.context.stream.send(1, 'one')
  await until(() => t.context.stream.received.length === 1)
  await until(() => sent > 10)
  t.is(coordinator.server.holds.cutOffCount, 0, 'answers wait for the client, and it is not cut off for them')
  t.true(sent < total, `${sent}`)
  slow.read()
  await until(() => slow.status !== undefined)
  t.is(slow.received.length, total)
  t.is(slow.status, 'OK')
})

test('a client that never reads is cut off before pushes pile up, and its session ends', async t => {
  const { coordinator, stream } = t.context
  const slow = new RawStream(coordinator.address, { reads: false })
  t.teardown(() => slow.close())
  const places = 300
  stream.send(1, 'popular')
  await until(() => stream.received.length === 1)
  for (let i = 1; i <= places; i++) {
    slow.send(i, 'popular', { holderIdentity: `slow-${i}`, waitTimeoutMs: 600_000 })
  }
  await until(() => coordinator.sessions.waiting === places)
  // Each change of the holder is pushed to every place.
  const holderIdentity = 'x'.repeat(1_000)
  await coordinator.coordinator.execute('write', (leases, time) =>
    leases.revoke({ namespace: 'default', name: 'popular', fencingToken: 0 }, time),
  )
  await until(async () => {
    await coordinator.coordinator.execute('write', (leases, time) => {
      const lease = leases.get({ namespace: 'default', name: 'popular' })
      if (lease.state === 'held') {
        leases.revoke({ namespace: 'default', name: 'popular', fencingToken: lease.fencingToken }, time)
      }
    })
    stream.send(2, 'popular', { holderIdentity, priority: 1, waitTimeoutMs: 600_000 })
    return coordinator.server.holds.cutOffCount === 1
  })
  await until(() => coordinator.server.holds.size === 1)
  slow.read()
  await until(() => slow.status !== undefined)
  t.not(slow.status, 'OK')
})

test('a coordinator that stops says NOT_SERVING first, tells streams to leave, and ends those that stay', async t => {
  const { coordinator, stream } = t.context
  const health = watchHealth(coordinator.address)
  t.teardown(() => health.close())
  stream.send(1, 'one')
  await until(() => health.statuses.length > 0 && stream.received.length === 1)
  const stopped = coordinator.server.stop(2_000)
  await until(() => stream.received.length === 2)
  t.deepEqual(stream.received[1], { type: 'draining', reconnectAfterMs: 1_000 })
  t.is(health.statuses.at(-1), 'NOT_SERVING')
  stream.renewAll(2)
  await until(() => stream.received.length === 3)
  t.like(stream.received[2], { type: 'renewed', requestId: 2 })
  await until(() => stream.status !== undefined)
  t.is(stream.status, 'UNAVAILABLE')
  await stopped
})

test('a coordinator that stops waits no longer once every stream has left', async t => {
  const { coordinator, stream } = t.context
  stream.send(1, 'one')
  await until(() => stream.received.length === 1)
  const stopped = coordinator.server.stop(600_000)
  await until(() => stream.received.length === 2)
  stream.call.end()
  await stopped
  t.is(stream.status ?? 'OK', 'OK')
})
