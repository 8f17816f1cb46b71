import test from 'ava'
import { connectClient, grpcTransport, TransportError } from '../../client/index.js'
import type { HoldResponse } from '../../protos/hold.js'
import { startCoordinator } from '../support/coordinator.js'
import { startTcpProxy } from '../support/tcp-proxy.js'
import { until } from '../support/until.js'

const lease = { namespace: 'default', name: 'db', holderIdentity: 'me', leaseDurationMs: 10_000 }

const acquire = {
  type: 'acquire',
  requestId: 1,
  ...lease,
  instance: '0'.repeat(32),
  priority: 0,
  supersede: false,
} as const

/** A Hold stream and what it brought. */
function openHold(transport: ReturnType<typeof grpcTransport>) {
  const messages: HoldResponse[] = []
  const drains: true[] = []
  const ends: (TransportError | undefined)[] = []
  const stream = transport.openHold({
    onMessage: message => messages.push(message),
    onDrain: () => drains.push(true),
    onEnd: error => ends.push(error),
  })
  return { stream, messages, drains, ends }
}

test('a dead connection does not cost the lease: another is opened, and the lease resumes', async t => {
  const coordinator = await startCoordinator()
  const proxy = await startTcpProxy(coordinator.address)
  const client = connectClient({ addresses: [proxy.address] })
  const hold = client.openSession().acquire({ ...lease, renewIntervalMs: 250 })
  await hold.whenHeld()
  const { fencingToken } = hold
  proxy.freeze()
  await until(() => hold.state === 'jeopardy')
  await until(() => hold.state !== 'jeopardy')
  t.is(hold.state, 'held')
  t.is(hold.fencingToken, fencingToken)
  t.true(proxy.connections >= 2)
  await client.close()
  proxy.stop()
  await coordinator.stop()
})

test('an error brings reason, metadata and violations', async t => {
  const coordinator = await startCoordinator()
  const transport = grpcTransport(coordinator.address)
  const missing = await t.throwsAsync(transport.call('GetLease', { namespace: 'default', name: 'none' }), {
    instanceOf: TransportError,
  })
  t.is(missing?.status, 'NOT_FOUND')
  t.is(missing?.reason, 'LEASE_NOT_FOUND')
  t.is(missing?.metadata.lease, 'default/none')
  const invalid = await t.throwsAsync(transport.call('GetLease', { namespace: 'No', name: '' }), {
    instanceOf: TransportError,
  })
  t.deepEqual(
    invalid?.violations.map(({ field }) => field),
    ['namespace', 'name'],
  )
  transport.close()
  await coordinator.stop()
})

test('a stream and its call end at their signal', async t => {
  const coordinator = await startCoordinator()
  const transport = grpcTransport(coordinator.address)
  const stop = new AbortController()
  const read = async () => {
    for await (const _ of transport.stream('WatchLeases', {}, { signal: stop.signal })) stop.abort()
  }
  const error = await t.throwsAsync(read(), { instanceOf: TransportError })
  t.is(error?.status, 'CANCELLED')
  const late = transport.call('GetLease', { namespace: 'default', name: 'db' }, { signal: stop.signal })
  t.is((await t.throwsAsync(late, { instanceOf: TransportError }))?.status, 'CANCELLED')
  transport.close()
  await coordinator.stop()
})

test('a call that takes longer than it may is DEADLINE_EXCEEDED', async t => {
  const coordinator = await startCoordinator()
  const proxy = await startTcpProxy(coordinator.address)
  const transport = grpcTransport(proxy.address)
  await t.throwsAsync(transport.call('GetLease', { namespace: 'default', name: 'db' }))
  proxy.freeze()
  const slow = transport.call('GetLease', { namespace: 'default', name: 'db' }, { timeoutMs: 50 })
  t.is((await t.throwsAsync(slow, { instanceOf: TransportError }))?.status, 'DEADLINE_EXCEEDED')
  transport.close()
  proxy.stop()
  await coordinator.stop()
})

test('a stream goes on after its transport was let go, until it is closed', async t => {
  const coordinator = await startCoordinator()
  const transport = grpcTransport(coordinator.address)
  const { stream, messages, ends } = openHold(transport)
  await until(() => stream.hasRoom)
  stream.send(acquire)
  await until(() => messages.length === 1)
  transport.close()
  stream.send({ type: 'renew', requestId: 2, handles: 'all' })
  await until(() => messages.length === 2)
  t.like(messages[1], { type: 'renewed', requestId: 2, failures: [] })
  stream.close()
  await until(() => ends.length === 1)
  await coordinator.stop()
  t.is(ends.length, 1)
})

test('a stream to nobody ends once, with UNAVAILABLE', async t => {
  const coordinator = await startCoordinator()
  await coordinator.stop()
  const transport = grpcTransport(coordinator.address)
  const { stream, ends } = openHold(transport)
  await until(() => ends.length > 0)
  t.is(ends[0]?.status, 'UNAVAILABLE')
  t.notThrows(() => stream.send(acquire))
  transport.close()
})

test('streams that are opened before there is a connection wait for it, and take one', async t => {
  const coordinator = await startCoordinator()
  const proxy = await startTcpProxy(coordinator.address)
  const transport = grpcTransport(proxy.address)
  const opened = Array.from({ length: 20 }, () => openHold(transport))
  t.false(opened.some(({ stream }) => stream.hasRoom))
  const closed = openHold(transport)
  closed.stream.close()
  await until(() => opened.every(({ drains }) => drains.length === 1))
  for (const [index, { stream }] of opened.entries()) {
    t.true(stream.hasRoom)
    stream.send({ ...acquire, name: `n${index}` })
  }
  await until(() => opened.every(({ messages }) => messages[0]?.type === 'acquired'))
  t.is(proxy.connections, 1)
  t.is(closed.ends.length, 1)
  transport.close()
  for (const { stream } of opened) stream.close()
  await until(() => opened.every(({ ends }) => ends.length === 1))
  proxy.stop()
  await coordinator.stop()
})

test('streams to nobody all end with the reason that the first one found', async t => {
  const coordinator = await startCoordinator()
  await coordinator.stop()
  const transport = grpcTransport(coordinator.address)
  const opened = Array.from({ length: 20 }, () => openHold(transport))
  await until(() => opened.every(({ ends }) => ends.length > 0))
  for (const { ends } of opened) {
    t.is(ends.length, 1)
    t.is(ends[0]?.status, 'UNAVAILABLE')
    t.regex(ends[0]?.message ?? '', /ECONNREFUSED/)
  }
  transport.close()
})

test('a transport that is let go before there is a connection ends its streams', async t => {
  const transport = grpcTransport('127.0.0.1:1')
  const { ends } = openHold(transport)
  transport.close()
  t.is(ends.length, 0)
  await until(() => ends.length > 0)
  t.is(ends[0]?.status, 'UNAVAILABLE')
})

test('a method that does not exist is a bug of the caller', async t => {
  const transport = grpcTransport('127.0.0.1:1')
  t.throws(() => transport.call('NoSuchMethod', {}), { instanceOf: TypeError })
  transport.close()
})

test('a connection on which nobody ever speaks is given up: calls and watches go on over another', async t => {
  const coordinator = await startCoordinator()
  const way = await startTcpProxy(coordinator.address, { isSilent: true })
  t.teardown(async () => {
    await client.close()
    way.stop()
    await coordinator.stop()
  })
  const client = connectClient({ addresses: [way.address] })
  const watched = client.watch()[Symbol.asyncIterator]().next()
  const calls = connectClient({ addresses: [way.address] })
  t.teardown(() => calls.close())
  const error = await t.throwsAsync(calls.acquireOnce(lease, { timeoutMs: 200 }), { instanceOf: TransportError })
  t.is(error?.status, 'DEADLINE_EXCEEDED')
  await until(() => way.connections === 2)
  way.pass()
  // Each call alone is shorter than a connection may take.
  await until(() =>
    calls.acquireOnce(lease, { timeoutMs: 200 }).then(
      () => true,
      () => false,
    ),
  )
  t.true((await watched).done === false)
})
