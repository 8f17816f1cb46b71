import test from 'ava'
import {
  AcquireError,
  connectClient,
  isLeaseChange,
  type LeaseholdClient,
  LeaseLostError,
  TransportError,
  type WatchEvent,
} from '../../client/index.js'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { startCoordinator } from '../support/coordinator.js'
import { until } from '../support/until.js'

const lease = { namespace: 'default', name: 'db', leaseDurationMs: 10_000 }

/** Follows a watch, collecting what it yields, until its signal. */
function follow(client: LeaseholdClient, signal: AbortSignal): { events: WatchEvent[]; done: Promise<void> } {
  const events: WatchEvent[] = []
  const done = (async () => {
    for await (const event of client.watch({ namespace: 'default', signal })) events.push(event)
  })()
  return { events, done }
}

test('withLease: two clients never work at the same time, and tokens grow', async t => {
  const coordinator = await startCoordinator()
  const clients = [1, 2, 3].map(() => connectClient({ addresses: [coordinator.address] }))
  let working = 0
  const tokens: number[] = []
  const rounds = clients.flatMap((client, index) =>
    [1, 2, 3, 4].map(() =>
      // Two of the clients share an identity, and each client calls four times at once.
      client.withLease({ ...lease, holderIdentity: index === 0 ? 'a' : 'b' }, async hold => {
        working++
        t.is(working, 1)
        tokens.push(hold.fencingToken)
        await client.get(lease)
        t.true(hold.isHeld())
        working--
      }),
    ),
  )
  await Promise.all(rounds)
  t.is(tokens.length, 12)
  t.deepEqual(
    tokens,
    tokens.toSorted((one, other) => one - other),
  )
  t.is(new Set(tokens).size, 12)
  await Promise.all(clients.map(client => client.close()))
  await coordinator.stop()
})

test('a takeover delay keeps who waits away after an expiry, and lets the last holder back in', async t => {
  const coordinator = await startCoordinator()
  const [first, second] = [1, 2].map(() => connectClient({ addresses: [coordinator.address] })) as [
    LeaseholdClient,
    LeaseholdClient,
  ]
  const delayed = { ...lease, holderIdentity: 'a', leaseDurationMs: 1_000, takeoverDelayMs: 1_000 }
  await first.acquireOnce(delayed)
  const hold = second.openSession().acquire({ ...delayed, holderIdentity: 'b' })
  await until(async () => (await first.get(lease)).state === 'expired')
  const { lease: again } = await first.acquireOnce(delayed)
  t.is(again.takeoverDelayMs, 1_000)
  await hold.whenHeld()
  const { acquireTime = '' } = await first.get(lease)
  const unheldMs = Date.parse(acquireTime) - Date.parse(again.renewTime ?? '')
  t.true(unheldMs >= 2_000, `${unheldMs}`)
  await first.close()
  await second.close()
  await coordinator.stop()
})

test('a release hands the lease to who waits, long before its time runs out', async t => {
  const coordinator = await startCoordinator()
  const [first, second] = [1, 2].map(() => connectClient({ addresses: [coordinator.address] })) as [
    LeaseholdClient,
    LeaseholdClient,
  ]
  const leader = first.openSession().acquire({ ...lease, holderIdentity: 'first', leaseDurationMs: 600_000 })
  await leader.whenHeld()
  const waiter = second.openSession().acquire({ ...lease, holderIdentity: 'second', leaseDurationMs: 600_000 })
  await until(() => waiter.holderIdentity === 'first')
  t.is(waiter.state, 'waiting')
  await leader.release()
  await waiter.whenHeld()
  t.true(waiter.isHeld())
  t.true(waiter.fencingToken > leader.fencingToken)
  t.is((await first.get(lease)).holderIdentity, 'second')
  await Promise.all([first.close(), second.close()])
  await coordinator.stop()
})

test('a hold survives a restart of the coordinator under the same token', async t => {
  const before = await startCoordinator()
  const client = connectClient({ addresses: [before.address] })
  const hold = client.openSession().acquire({ ...lease, holderIdentity: 'me', leaseDurationMs: 60_000 })
  await hold.whenHeld()
  const { fencingToken } = hold
  await before.stop()
  await until(() => hold.state === 'jeopardy')
  const after = await startCoordinator(before.store, before.address)
  await until(() => hold.state === 'held')
  t.is(hold.fencingToken, fencingToken)
  t.false(hold.signal.aborted)
  t.true((await client.checkFencingToken({ ...lease, fencingToken }, { timeoutMs: 60_000 })).valid)
  await client.close()
  await after.stop()
})

test('an operator who revokes is heard at once, and withLease rejects', async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  const work = client.withLease({ ...lease, holderIdentity: 'me', leaseDurationMs: 600_000 }, async hold => {
    await client.revoke(lease)
    await until(() => hold.signal.aborted)
    return 'done'
  })
  const error = await t.throwsAsync(work, { instanceOf: LeaseLostError })
  t.is(error?.lossCause, 'revoked')
  await client.close()
  await coordinator.stop()
})

test('noWait is refused with the holder, and a wait ends in time', async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  const session = client.openSession()
  await session.acquire({ ...lease, holderIdentity: 'first' }).whenHeld()
  const other = { ...lease, holderIdentity: 'second' }
  const refused = await t.throwsAsync(session.acquire({ ...other, noWait: true }).whenHeld(), {
    instanceOf: AcquireError,
  })
  t.is(refused?.reason, 'LEASE_HELD')
  t.is(refused?.holderIdentity, 'first')
  const late = await t.throwsAsync(session.acquire({ ...other, waitTimeoutMs: 50 }).whenHeld(), {
    instanceOf: AcquireError,
  })
  t.is(late?.reason, 'WAIT_TIMEOUT')
  await client.close()
  await coordinator.stop()
})

test('an invalid acquire names the fields at fault', async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  const hold = client.openSession().acquire({ ...lease, name: 'No Name', holderIdentity: '' })
  const error = await t.throwsAsync(hold.whenHeld(), { instanceOf: AcquireError })
  t.is(error?.reason, 'INVALID_REQUEST')
  t.deepEqual(
    error?.violations.map(({ field }) => field.split('.').at(-1)),
    ['name', 'holder_identity'],
  )
  await client.close()
  await coordinator.stop()
})

test('a watch goes on where it was after a restart of the coordinator', async t => {
  const before = await startCoordinator()
  const client = connectClient({ addresses: [before.address] })
  const stop = new AbortController()
  await client.create({ ...lease, name: 'there' })
  const { events, done } = follow(client, stop.signal)
  await until(() => events.some(({ type }) => type === 'synced'))
  const { fencingToken } = (await client.acquireOnce({ ...lease, holderIdentity: 'me' })).lease
  await until(() => events.some(({ type }) => type === 'created'))
  await before.stop()
  const after = await startCoordinator(before.store, before.address)
  // A read is tried until the coordinator is back; a release is made once.
  await client.get(lease, { timeoutMs: 60_000 })
  await client.release({ ...lease, fencingToken })
  await until(() => events.some(({ type }) => type === 'released'))
  stop.abort()
  await done
  t.deepEqual(
    events.map(event => (isLeaseChange(event) ? `${event.type} ${event.lease.name}` : event.type)),
    ['existing there', 'synced', 'created db', 'released db'],
  )
  t.is(events.filter(isLeaseChange).at(-1)?.previousHolderIdentity, 'me')
  await client.close()
  await after.stop()
})

test('a compact watch tells heartbeats as ids, how far it is, and what was renewed while it was away', async t => {
  const before = await startCoordinator()
  const client = connectClient({ addresses: [before.address] })
  const { lease: held } = await client.acquireOnce({ ...lease, leaseDurationMs: 600_000, holderIdentity: 'me' })
  const stop = new AbortController()
  const options = { includeRenewals: true, compactRenewals: true, bookmarkIntervalMs: 1_000, signal: stop.signal }
  const events: WatchEvent[] = []
  const done = (async () => {
    for await (const event of client.watch(options)) events.push(event)
  })()
  const renewals = (): number => events.filter(({ type }) => type === 'renewals').length
  const toldRevision = (): number => events.reduce((told, event) => ('revision' in event ? event.revision : told), 0)
  await until(() => events.some(({ type }) => type === 'synced'))
  await client.renew({ ...lease, fencingToken: held.fencingToken })
  await until(() => renewals() === 1)
  const { revision } = (await client.renew({ ...lease, fencingToken: held.fencingToken })).lease
  await until(() => renewals() === 2 && toldRevision() === revision)
  await before.stop()
  const after = await startCoordinator(before.store, before.address)
  await client.get(lease, { timeoutMs: 60_000 })
  const later = (await client.renew({ ...lease, fencingToken: held.fencingToken })).lease.revision
  await until(() => renewals() >= 3 && toldRevision() === later)
  stop.abort()
  await done
  for (const event of events) if (event.type === 'renewals') t.deepEqual(event.leaseIds, [held.id])
  t.deepEqual(
    events.filter(({ type }) => type !== 'renewals' && type !== 'bookmark').map(({ type }) => type),
    ['existing', 'synced'],
  )
  await client.close()
  await after.stop()
})

test('leases as objects: create, list, update, delete, and what is refused', async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  const created = await client.create({ ...lease, labels: { app: 'db' } })
  t.is(created.state, 'unheld')
  t.is(created.leaseDurationMs, 10_000)
  t.regex(created.creationTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  await client.create({ ...lease, name: 'other' })
  const updated = await client.update({ ...lease, resourceVersion: created.resourceVersion, labels: { app: 'web' } })
  t.deepEqual(updated.labels, { app: 'web' })
  const stale = await t.throwsAsync(client.update({ ...lease, resourceVersion: created.resourceVersion, labels: {} }), {
    instanceOf: TransportError,
  })
  t.is(stale?.status, 'ABORTED')
  t.is(stale?.reason, 'REVISION_MISMATCH')
  const names: string[] = []
  for await (const page of client.list({ namespace: 'default', pageSize: 1 })) {
    names.push(...page.leases.map(({ name }) => name))
  }
  t.deepEqual(names, ['db', 'other'])
  const { lease: held, resumed } = await client.acquireOnce({ ...lease, holderIdentity: 'me' })
  t.false(resumed)
  t.true((await client.acquireOnce({ ...lease, holderIdentity: 'me' })).resumed)
  t.is(held.state, 'held')
  t.regex(held.renewTime ?? '', /\.\d{6}Z$/)
  const token = await t.throwsAsync(client.renew({ ...lease, fencingToken: held.fencingToken - 1 }), {
    instanceOf: TransportError,
  })
  t.is(token?.reason, 'STALE_FENCING_TOKEN')
  t.is((await client.renew({ ...lease, fencingToken: held.fencingToken })).lease.holderIdentity, 'me')
  t.is((await client.release({ ...lease, fencingToken: held.fencingToken })).state, 'released')
  await client.delete(lease)
  const missing = await t.throwsAsync(client.get(lease), { instanceOf: TransportError })
  t.is(missing?.reason, 'LEASE_NOT_FOUND')
  await client.close()
  await coordinator.stop()
})

test('an address where nobody listens is passed over, by sessions and by calls', async t => {
  const coordinator = await startCoordinator()
  const gone = await startCoordinator()
  await gone.stop()
  const client = connectClient({
    addresses: [gone.address, coordinator.address],
    clock: systemClock,
    random: systemRandom,
  })
  await client.create(lease).catch(() => {})
  const hold = client.openSession().acquire({ ...lease, name: 'second', holderIdentity: 'me' })
  await hold.whenHeld()
  t.is((await client.get({ ...lease, name: 'second' })).holderIdentity, 'me')
  await client.close()
  t.is(hold.state, 'lost')
  await coordinator.stop()
})
