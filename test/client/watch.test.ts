import test from 'ava'
import { LeaseholdClient, TransportError, type WatchEvent } from '../../client/index.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { seededRandom } from '../support/virtual-random.js'
import { FakeCoordinator } from './fake-coordinator.js'

const lease = (name: string, revision: number) => ({
  metadata: { namespace: 'default', name, resourceVersion: String(revision) },
  spec: { holderIdentity: 'me' },
  state: 'LEASE_STATE_HELD',
  fencingToken: '7',
  revision: String(revision),
  expireTime: null,
})

const response = (type: string, name: string, revision: number) => ({
  changes: [{ type: `LEASE_CHANGE_TYPE_${type}`, lease: lease(name, revision), previousHolderIdentity: '', cause: '' }],
  revision: String(revision),
  journalId: 'journal-1',
  initialStateEnd: false,
})

const bookmark = (revision: number, initialStateEnd = false) => ({
  changes: [],
  revision: String(revision),
  journalId: 'journal-1',
  initialStateEnd,
})

const renewals = (revision: number, ...leaseIds: number[]) => ({
  ...bookmark(revision),
  renewals: { leaseIds: leaseIds.map(String) },
})

/** Plays each script of responses, one per connection, and then waits for ever. */
function watchFixture(...scripts: (object | TransportError)[][]) {
  const clock = new VirtualClock()
  const coordinator = new FakeCoordinator()
  const requests: object[] = []
  coordinator.onStream = async function* (_method, request, address) {
    requests.push({ ...request, address })
    const script = scripts.shift()
    for (const step of script ?? []) {
      if (step instanceof TransportError) throw step
      yield step
    }
    if (script === undefined) await new Promise(() => {})
  }
  const client = new LeaseholdClient({
    addresses: ['one:1', 'two:2'],
    clock,
    random: seededRandom(1),
    transport: address => coordinator.connect(address),
  })
  const events: WatchEvent[] = []
  const follow = async (options: Parameters<LeaseholdClient['watch']>[0] = {}) => {
    for await (const event of client.watch(options)) events.push(event)
  }
  const shown = () =>
    events.map(event => ('lease' in event ? `${event.type} ${event.lease.name}@${event.revision}` : event.type))
  return { clock, requests, follow, shown, events }
}

const away = new TransportError('UNAVAILABLE', 'away')

test('a watch tells the initial state, that it is complete, and then changes; bookmarks are not told', async t => {
  const { clock, follow, shown, events } = watchFixture([
    response('EXISTING', 'a', 5),
    bookmark(8, true),
    response('ACQUIRED', 'a', 9),
    bookmark(20),
    response('EXPIRED', 'a', 21),
  ])
  void follow()
  await clock.run(0)
  t.deepEqual(shown(), ['existing a@5', 'synced', 'acquired a@9', 'expired a@21'])
  t.deepEqual(events[1], { type: 'synced', revision: 8, journalId: 'journal-1' })
})

test('after a break it resumes after the last revision it heard of, elsewhere', async t => {
  const { clock, requests, follow, shown } = watchFixture(
    [response('EXISTING', 'a', 5), bookmark(8, true), response('ACQUIRED', 'a', 9), bookmark(20), away],
    [response('RELEASED', 'a', 22)],
  )
  void follow({ namespace: 'default', includeRenewals: true })
  await clock.run(1_000)
  t.deepEqual(shown(), ['existing a@5', 'synced', 'acquired a@9', 'released a@22'])
  t.like(requests[1], {
    address: 'two:2',
    namespace: 'default',
    includeRenewals: true,
    resumeAfterRevision: 20,
    journalId: 'journal-1',
  })
  t.like(requests[2], { resumeAfterRevision: 22 })
})

test('where it cannot resume it says so and tells the leases as they are', async t => {
  const { clock, requests, follow, shown } = watchFixture(
    [bookmark(8, true), away],
    [new TransportError('OUT_OF_RANGE', 'too old', { reason: 'REVISION_TOO_OLD' })],
    [response('EXISTING', 'b', 90), bookmark(91, true)],
  )
  void follow()
  await clock.run(1_000)
  t.deepEqual(shown(), ['synced', 'restarted', 'existing b@90', 'synced'])
  t.like(requests[2], { resumeAfterRevision: 0, journalId: '' })
})

test('a break within the initial state makes it start over', async t => {
  const { clock, follow, shown } = watchFixture(
    [response('EXISTING', 'a', 5), away],
    [response('EXISTING', 'a', 5), response('EXISTING', 'b', 6), bookmark(8, true)],
  )
  void follow()
  await clock.run(1_000)
  t.deepEqual(shown(), ['existing a@5', 'restarted', 'existing a@5', 'existing b@6', 'synced'])
})

test('a failure before anything was told is no restart', async t => {
  const { clock, follow, shown } = watchFixture([away], [away], [bookmark(8, true)])
  void follow()
  await clock.run(5_000)
  t.deepEqual(shown(), ['synced'])
})

test('a watch that begins after a revision tells no initial state', async t => {
  const { clock, requests, follow, shown } = watchFixture([response('UPDATED', 'a', 43)])
  void follow({ resumeAfterRevision: 42, journalId: 'journal-1' })
  await clock.run(0)
  t.deepEqual(shown(), ['updated a@43'])
  t.like(requests[0], { resumeAfterRevision: 42, journalId: 'journal-1' })
})

test('a watcher that was cut off for being slow goes on after what it read', async t => {
  const { clock, requests, follow } = watchFixture(
    [bookmark(8, true), new TransportError('RESOURCE_EXHAUSTED', 'slow', { reason: 'SLOW_WATCHER' })],
    [bookmark(9)],
  )
  void follow()
  await clock.run(1_000)
  t.like(requests[1], { resumeAfterRevision: 8, address: 'one:1' })
})

test('a request that can never succeed throws', async t => {
  const { follow } = watchFixture([new TransportError('INVALID_ARGUMENT', 'no such selector')])
  const error = await t.throwsAsync(follow({ labelSelector: '((' }), { instanceOf: TransportError })
  t.is(error?.status, 'INVALID_ARGUMENT')
})

test('a watch ends at its signal, without an error, also between two tries', async t => {
  const { clock, follow } = watchFixture([away], [away], [away])
  const stop = new AbortController()
  const followed = follow({ signal: stop.signal })
  await clock.run(0)
  stop.abort()
  await t.notThrowsAsync(followed)
})

test('compact renewals are told as ids, and bookmarks when they are asked for', async t => {
  const { clock, requests, follow, events } = watchFixture([
    response('EXISTING', 'a', 5),
    bookmark(8, true),
    { ...response('ACQUIRED', 'a', 9), revision: '8' },
    { ...response('EXPIRED', 'b', 10), renewals: { leaseIds: ['5', '1750000000000001'] }, revision: '13' },
    bookmark(20),
  ])
  void follow({ includeRenewals: true, compactRenewals: true, bookmarkIntervalMs: 1_500 })
  await clock.run(0)
  t.like(requests[0], {
    includeRenewals: true,
    compactRenewals: true,
    bookmarkInterval: { seconds: '1', nanos: 500_000_000 },
  })
  t.deepEqual(
    events.map(event => (event.type === 'bookmark' ? `bookmark ${event.revision}` : event.type)),
    ['existing', 'synced', 'acquired', 'bookmark 8', 'expired', 'renewals', 'bookmark 13', 'bookmark 20'],
  )
  t.deepEqual(events[5], { type: 'renewals', leaseIds: [5, 1_750_000_000_000_001] })
})

test('a watch that resumes or starts over tells no bookmark before it has told all up to there', async t => {
  const { clock, requests, follow, shown } = watchFixture(
    [bookmark(8, true), renewals(9, 5), away],
    [bookmark(9), new TransportError('OUT_OF_RANGE', 'too old', { reason: 'REVISION_TOO_OLD' })],
    [{ ...response('EXISTING', 'b', 90), revision: '0' }, bookmark(91, true), bookmark(92)],
  )
  void follow({ includeRenewals: true, compactRenewals: true, bookmarkIntervalMs: 1_000 })
  await clock.run(1_000)
  t.deepEqual(shown(), [
    'synced',
    'renewals',
    'bookmark',
    'bookmark',
    'restarted',
    'existing b@90',
    'synced',
    'bookmark',
  ])
  t.like(requests[1], { resumeAfterRevision: 9, compactRenewals: true })
})
