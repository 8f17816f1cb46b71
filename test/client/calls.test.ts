import test from 'ava'
import { LeaseholdClient, TransportError } from '../../client/index.js'
import { microTimeText, secondsText, toDuration, toMillis } from '../../client/time.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { fixedRandom } from '../support/virtual-random.js'
import { FakeCoordinator } from './fake-coordinator.js'

const name = { namespace: 'default', name: 'db' }
const answer = { lease: { metadata: name, spec: null, state: 'LEASE_STATE_UNHELD', fencingToken: '0', revision: '1' } }
const away = new TransportError('UNAVAILABLE', 'away')

function callFixture(onCall: (address: string) => object) {
  const clock = new VirtualClock()
  const coordinator = new FakeCoordinator()
  coordinator.onCall = async (_method, _request, address) => onCall(address)
  const client = new LeaseholdClient({
    addresses: ['one:1', 'two:2'],
    clock,
    random: fixedRandom(),
    transport: address => coordinator.connect(address),
  })
  return { clock, client, calls: coordinator.calls }
}

const failAt = (address: string) => (at: string) => {
  if (at === address) throw away
  return answer
}

test('a read is tried again at the next address while the coordinator is away', async t => {
  const { clock, client, calls } = callFixture(failAt('one:1'))
  const got = client.get(name)
  await clock.run(100)
  t.is((await got).name, 'db')
  t.deepEqual(
    calls.map(({ address }) => address),
    ['one:1', 'two:2'],
  )
})

test('a write that might not mean the same twice is made once', async t => {
  const { client, calls } = callFixture(failAt('one:1'))
  for (const write of [client.create(name), client.delete(name), client.release({ ...name, fencingToken: 1 })]) {
    await t.throwsAsync(write, { instanceOf: TransportError })
  }
  t.is(calls.length, 3)
  // The next call goes elsewhere all the same.
  await client.create(name)
  t.is(calls.at(-1)?.address, 'two:2')
})

test('tries end within the time that the call has', async t => {
  const { clock, client, calls } = callFixture(() => {
    throw away
  })
  const got = t.throwsAsync(client.get(name, { timeoutMs: 1_000 }), { instanceOf: TransportError })
  await clock.run(1_000)
  await got
  t.true(calls.length > 1)
})

test('a refusal is not tried again', async t => {
  const { client, calls } = callFixture(() => {
    throw new TransportError('NOT_FOUND', 'no such lease', { reason: 'LEASE_NOT_FOUND' })
  })
  await t.throwsAsync(client.get(name), { instanceOf: TransportError })
  t.is(calls.length, 1)
})

test('update names what is to change, and unsets what is present as undefined', async t => {
  const { client, calls } = callFixture(() => answer)
  await client.update({ ...name, labels: { a: 'b' }, strategy: undefined })
  t.like(calls[0]?.request, {
    updateMask: { paths: ['metadata.labels', 'spec.strategy'] },
    lease: { metadata: { labels: { a: 'b' } }, spec: {} },
  })
})

test('times are told from year 1 on, to the microsecond', t => {
  t.is(microTimeText({ seconds: '-62135596800', nanos: 1_000 }), '0001-01-01T00:00:00.000001Z')
  t.is(microTimeText({ seconds: '-1', nanos: 999_999_000 }), '1969-12-31T23:59:59.999999Z')
  t.is(secondsText({ seconds: '0', nanos: 0 }), '1970-01-01T00:00:00Z')
})

test('durations keep their fractions of a second', t => {
  t.deepEqual(toDuration(1_500), { seconds: '1', nanos: 500_000_000 })
  t.deepEqual(toDuration(0.25), { seconds: '0', nanos: 250_000 })
  t.is(toMillis({ seconds: '40', nanos: 1_000_000 }), 40_001)
})

test('a client without an address is refused', t => {
  t.throws(() => new LeaseholdClient({ addresses: [], clock: new VirtualClock(), random: fixedRandom() }), {
    instanceOf: RangeError,
  })
})
