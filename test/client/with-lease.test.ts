import test from 'ava'
import { LeaseholdClient, LeaseLostError } from '../../client/index.js'
import { settle, VirtualClock } from '../support/virtual-clock.js'
import { seededRandom } from '../support/virtual-random.js'
import { FakeCoordinator, lease } from './fake-coordinator.js'

function clientFixture() {
  const clock = new VirtualClock()
  const coordinator = new FakeCoordinator()
  const client = new LeaseholdClient({
    addresses: ['one:1'],
    clock,
    random: seededRandom(1),
    transport: address => coordinator.connect(address),
  })
  return { clock, coordinator, client }
}

/** A promise and how to resolve it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}

test('does the work while the lease is held, releases it afterwards, and returns what the work returned', async t => {
  const { coordinator, client } = clientFixture()
  coordinator.answerAll()
  const result = await client.withLease(lease, hold => {
    t.true(hold.isHeld())
    t.is(hold.fencingToken, 100)
    t.is(coordinator.stream.of('release').length, 0)
    return 'done'
  })
  t.is(result, 'done')
  t.is(coordinator.stream.of('release').length, 1)
  await client.close()
})

test('a work that throws gives the lease back and its error on', async t => {
  const { coordinator, client } = clientFixture()
  coordinator.answerAll()
  const work = client.withLease(lease, () => {
    throw new TypeError('no')
  })
  await t.throwsAsync(work, { instanceOf: TypeError, message: 'no' })
  t.is(coordinator.stream.of('release').length, 1)
  await client.close()
})

test('a work that outlives its lease rejects with LeaseLostError, with what it threw as the cause', async t => {
  const { coordinator, client } = clientFixture()
  const work = client.withLease(lease, async ({ signal }) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    throw new TypeError('aborted')
  })
  coordinator.stream.acquired()
  await settle()
  coordinator.stream.say({ type: 'lost', handle: 1, cause: 'revoked' })
  const error = await t.throwsAsync(work, { instanceOf: LeaseLostError })
  t.is(error?.lossCause, 'revoked')
  t.true(error?.cause instanceof TypeError)
  t.is(coordinator.stream.of('release').length, 0)
  await client.close()
})

test('a work that returns after the local deadline has failed, even if nobody told', async t => {
  const { clock, coordinator, client } = clientFixture()
  const work = client.withLease(lease, () => clock.block(9_700))
  coordinator.stream.acquired()
  const error = await t.throwsAsync(work, { instanceOf: LeaseLostError })
  t.is(error?.lossCause, 'expired')
  await client.close({ release: false })
})

test('two calls with one identity in one client are two holders', async t => {
  const { coordinator, client } = clientFixture()
  void client.withLease(lease, () => {}).catch(() => {})
  void client.withLease(lease, () => {}).catch(() => {})
  const [first, second] = coordinator.stream.of('acquire')
  t.is(first?.holderIdentity, second?.holderIdentity)
  t.not(first?.instance, second?.instance)
  await client.close({ release: false })
})

test('an abandoned wait rejects with the reason, and leaves the queue', async t => {
  const { coordinator, client } = clientFixture()
  const abandon = new AbortController()
  const work = client.withLease({ ...lease, abandonWait: abandon.signal }, () => t.fail())
  coordinator.stream.waiting()
  abandon.abort(new RangeError('enough'))
  await t.throwsAsync(work, { instanceOf: RangeError })
  t.is(coordinator.stream.of('release').length, 1)
  await client.close({ release: false })
})

test('close waits for works before their leases are released, and ends waits at once', async t => {
  const { coordinator, client } = clientFixture()
  const { opened, open } = gate()
  const work = client.withLease(lease, () => opened)
  coordinator.stream.acquired()
  await settle()
  const wait = client.withLease({ ...lease, holderIdentity: 'second' }, () => t.fail())
  coordinator.stream.waiting({ handle: 2 })
  coordinator.onRequest = (stream, request) => {
    if (request.type !== 'release') return
    stream.say({ type: 'released', requestId: request.requestId, handle: request.handle })
  }
  const closed = client.close()
  await t.throwsAsync(wait, { instanceOf: LeaseLostError })
  t.deepEqual(
    coordinator.stream.of('release').map(({ handle }) => handle),
    [2],
  )
  open()
  await work
  await closed
  t.deepEqual(
    coordinator.stream.of('release').map(({ handle }) => handle),
    [2, 1],
  )
  t.throws(() => client.openSession(), { message: /closed/ })
})
