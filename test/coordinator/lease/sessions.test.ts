import test from 'ava'
import type { LeaseRecord } from '../../../services/coordinator/lease/records.js'
import { defaultSessionLimits, waitCadenceMs } from '../../../services/coordinator/lease/sessions.js'
import {
  CoreWorld,
  codeOf,
  instanceA,
  instanceB,
  leader,
  pushesTo,
  refusal,
  type TestSession,
} from '../../support/core.js'

/** Who holds the leader's lease. */
const holder = (world: CoreWorld): string => `${world.get().state} ${world.get().holderIdentity}`

const release = (world: CoreWorld): void =>
  void world.core.release({ ...leader, fencingToken: world.get().fencingToken }, world.time)

const summary = (records: readonly LeaseRecord[]): string[] =>
  records.map(record =>
    'lease' in record ? `${record.type} ${record.previousHolder ?? ''}>${record.lease.holderIdentity}` : record.type,
  )

/** A holds, and the others wait in turn. */
function waiting(...others: string[]): { world: CoreWorld; holder: TestSession; waiters: TestSession[] } {
  const world = new CoreWorld()
  const holder = world.openSession()
  holder.acquire()
  const waiters = others.map(holderIdentity => {
    const session = world.openSession()
    session.wait({ holderIdentity })
    return session
  })
  world.records()
  return { world, holder, waiters }
}

/** Lets time pass while the sessions are heard from. */
function passWaiting(ms: number, ...sessions: TestSession[]): void {
  const world = sessions[0]?.world
  for (let left = ms; left > 0; left -= waitCadenceMs) {
    world?.pass(Math.min(left, waitCadenceMs))
    for (const session of sessions) session.renew()
  }
}

// Handles

test('a lease that is free is acquired at once, under a handle of the session', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  const first = session.acquire()
  const second = session.acquire({ name: 'other' })
  t.like(first, { type: 'acquired', handle: 1, outcome: { resumed: false } })
  t.like(second, { type: 'acquired', handle: 2 })
  t.deepEqual([...session.session.handles.keys()], [1, 2])
})

test('handles are numbers of their session alone, and none is used twice', t => {
  const world = new CoreWorld()
  const [one, two] = [world.openSession(), world.openSession()]
  t.is(one.acquire().handle, 1)
  t.is(two.acquire({ name: 'other' }).handle, 1)
  one.release(1)
  t.not(one.acquire().handle, 1)
})

test('resuming on the same session keeps the handle', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  const { handle } = session.acquire({ instance: instanceA })
  t.like(session.acquire({ instance: instanceA }), { type: 'acquired', handle, outcome: { resumed: true } })
  t.is(session.session.handles.size, 1)
  t.deepEqual(pushesTo(world, session), [])
})

test('resuming on another session moves the lease there, and the old one hears so', t => {
  const world = new CoreWorld()
  const [old, next] = [world.openSession(), world.openSession()]
  const { handle } = old.acquire({ instance: instanceA })
  t.like(next.acquire({ instance: instanceA }), { type: 'acquired', outcome: { resumed: true } })
  t.deepEqual(pushesTo(world, old, next), [[0, { type: 'lost', handle, cause: 'resumed' }]])
  t.deepEqual(old.renew(handle), [{ handle, reason: 'UNKNOWN_HANDLE' }])
  t.deepEqual(next.renew(), [])
})

test('a session with as many leases as it may have takes no more, and may again after a release', t => {
  const world = new CoreWorld({ limits: { ...defaultSessionLimits, maxHandlesPerSession: 2 } })
  const session = world.openSession()
  session.acquire({ name: 'one' })
  session.acquire({ name: 'two' })
  t.is(
    codeOf(() => session.acquire({ name: 'three' })),
    'SESSION_FULL',
  )
  session.release(1)
  t.notThrows(() => session.acquire({ name: 'three' }))
})

test('a full session may still resume what it has', t => {
  const world = new CoreWorld({ limits: { ...defaultSessionLimits, maxHandlesPerSession: 1 } })
  const session = world.openSession()
  const { handle } = session.acquire({ instance: instanceA })
  t.like(session.acquire({ instance: instanceA }), { type: 'acquired', handle })
})

test('a session that is over acquires nothing', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.close()
  t.is(
    codeOf(() => session.acquire()),
    'DRAINING',
  )
})

// Renew and release

test('a renewal of all renews every lease of the session, and no place in a queue', t => {
  const world = new CoreWorld()
  const [session, other] = [world.openSession(), world.openSession()]
  other.acquire({ name: 'taken', holderIdentity: 'B' })
  session.acquire({ name: 'one' })
  session.acquire({ name: 'two' })
  session.wait({ name: 'taken' })
  world.records()
  world.pass(1_000)
  t.deepEqual(session.renew(), [])
  t.like(world.records()[0], { type: 'renewed', leaseIds: [102, 103] })
})

test('the answer to a renewal names only what failed, and why', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ name: 'short', leaseDurationMs: 1_000 })
  session.acquire({ name: 'long' })
  world.pass(1_000)
  t.deepEqual(session.renew(1, 2, 77), [
    { handle: 1, reason: 'STALE_FENCING_TOKEN' },
    { handle: 77, reason: 'UNKNOWN_HANDLE' },
  ])
  t.is(world.get('short').state, 'expired')
  t.deepEqual(pushesTo(world, session), [], 'what the answer says is not pushed besides')
})

test('a renewal of many leases stops at the limit, and goes on where it stopped', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  for (let i = 0; i < 5; i++) session.acquire({ name: `lease-${i}` })
  world.records()
  const renewal = { session: session.session, holdings: session.session.handles.values(), renewed: 0 }
  t.false(world.sessions.renew(renewal, world.time, 3))
  t.is(world.core.batch.changes, 3)
  t.true(world.sessions.renew(renewal, world.time, 3))
  t.is(world.core.batch.changes, 5)
})

test('a release by a handle that names nothing, or a lease whose time is up, is refused', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  const { handle } = session.acquire()
  t.is(
    codeOf(() => session.release(handle + 1)),
    'STALE_FENCING_TOKEN',
  )
  world.pass(15_000)
  t.is(
    codeOf(() => session.release(handle)),
    'STALE_FENCING_TOKEN',
  )
})

test('a session that released hears nothing more of the lease', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.release(session.acquire().handle)
  world.pass(60_000)
  world.settle()
  t.deepEqual(pushesTo(world, session), [])
  t.is(holder(world), 'released ')
})

test('the holder of a lease that expires hears so, once', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  const { handle } = session.acquire()
  world.pass(15_000)
  world.settle()
  world.settle()
  t.deepEqual(pushesTo(world, session), [[0, { type: 'lost', handle, cause: 'expired' }]])
})

test('a session is to be heard from four times in its shortest lease duration', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ name: 'long', leaseDurationMs: 40_000 })
  t.is(world.sessions.cadence(session.session), 10_000)
  session.acquire({ name: 'short', leaseDurationMs: 8_000 })
  t.is(world.sessions.cadence(session.session), 2_000)
})

test('a resume with a shorter duration quickens the cadence', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ instance: instanceA, leaseDurationMs: 40_000 })
  session.acquire({ instance: instanceA, leaseDurationMs: 4_000 })
  t.is(world.sessions.cadence(session.session), 1_000)
})

// Queues

test('who cannot have the lease and does not wait is refused', t => {
  const { world } = waiting()
  t.is(
    codeOf(() => world.openSession().acquire({ holderIdentity: 'B' })),
    'LEASE_HELD',
  )
})

test('who waits hears who holds and how many are before it', t => {
  const { world } = waiting('B')
  t.like(world.openSession().wait({ holderIdentity: 'C' }), { type: 'waiting', holderIdentity: 'A', ahead: 1 })
  t.is(world.sessions.waiting, 2)
})

test('the lease goes to the greatest priority, among equals to the earliest', t => {
  const { world } = waiting()
  for (const [holderIdentity, priority] of [
    ['B', 0],
    ['C', 3],
    ['D', 3],
    ['E', 1],
  ] as const)
    world.openSession().wait({ holderIdentity, priority })
  const order: string[] = []
  for (let i = 0; i < 4; i++) {
    release(world)
    world.settle()
    order.push(world.get().holderIdentity ?? '')
  }
  t.deepEqual(order, ['C', 'D', 'E', 'B'])
})

test('a handover is released, then acquired, in one batch', t => {
  const { world, holder, waiters } = waiting('B')
  holder.release(1)
  world.settle()
  const { fencingToken } = world.get()
  t.deepEqual(summary(world.records()), ['released A>', 'acquired >B'])
  t.deepEqual(pushesTo(world, holder, ...waiters), [
    [1, { type: 'granted', handle: 1, fencingToken, leaseDurationMs: 15_000, lapseAfterMs: 3_000 }],
  ])
})

test('a handover is expired, then acquired, in one batch', t => {
  const { world, holder, waiters } = waiting('B')
  passWaiting(15_000, ...waiters)
  world.settle()
  t.deepEqual(summary(world.records()), ['expired A>A', 'acquired A>B'])
  t.deepEqual(
    pushesTo(world, holder, ...waiters).map(([who, { type }]) => `${who} ${type}`),
    ['0 lost', '1 granted'],
  )
})

test('a held lease that is deleted goes to its first waiter as a new one', t => {
  const { world, holder, waiters } = waiting('B', 'C')
  const before = world.get()
  world.core.delete(leader, world.time)
  world.settle()
  const after = world.get()
  t.deepEqual(summary(world.records()), ['deleted A>A', 'created >B'])
  t.true(after.id > before.id && after.fencingToken > before.fencingToken)
  t.is(after.leaseTransitions, 0)
  t.deepEqual(
    pushesTo(world, holder, ...waiters).map(
      ([who, push]) => `${who} ${push.type} ${'cause' in push ? push.cause : ''}`,
    ),
    ['0 lost deleted', '2 holderChanged ', '1 granted '],
  )
})

test('who still waits hears each change of holder', t => {
  const { world, waiters } = waiting('B', 'C', 'D')
  release(world)
  world.settle()
  const heard = pushesTo(world, ...waiters).filter(([, { type }]) => type === 'holderChanged')
  const push = { type: 'holderChanged' as const, handle: 1, holderIdentity: 'B', state: 'held' as const }
  t.deepEqual(heard, [
    [1, push],
    [2, push],
  ])
})

test('who waits hears of a holder that superseded another', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  const waiter = world.openSession()
  waiter.wait({ holderIdentity: 'B' })
  world.acquire({ instance: instanceB, supersede: true })
  t.like(pushesTo(world, waiter)[0]?.[1], { type: 'holderChanged', holderIdentity: 'A' })
})

test('a newcomer does not take a free lease while somebody waits, whatever its priority', t => {
  const { world } = waiting('B')
  release(world)
  const newcomer = world.openSession()
  t.is(
    codeOf(() => newcomer.acquire({ holderIdentity: 'C', priority: 9 })),
    'LEASE_HELD',
  )
  t.is(
    codeOf(() => world.acquire({ holderIdentity: 'C' })),
    'LEASE_HELD',
  )
  world.settle()
  t.is(holder(world), 'held B')
})

test('a lease that was deleted is not created with a holder while somebody waits for it', t => {
  const { world } = waiting('B')
  world.core.delete(leader, world.time)
  const create = { ...leader, holderIdentity: 'C', changes: { leaseDurationMs: 5_000 } }
  t.is(
    codeOf(() => world.core.create(create, world.time)),
    'LEASE_HELD',
  )
  world.settle()
  t.is(holder(world), 'held B')
})

test('a newcomer of greater priority that waits goes before those who waited', t => {
  const { world } = waiting('B')
  release(world)
  t.like(world.openSession().wait({ holderIdentity: 'C', priority: 9 }), { type: 'waiting', ahead: 0 })
  world.settle()
  t.is(holder(world), 'held C')
})

test('the same process that acquires again while it waits keeps its place', t => {
  const { world, waiters } = waiting()
  const session = world.openSession()
  const { handle } = session.wait({ holderIdentity: 'B', instance: instanceB })
  world.openSession().wait({ holderIdentity: 'C' })
  t.like(session.wait({ holderIdentity: 'B', instance: instanceB }), { type: 'waiting', handle, ahead: 0 })
  t.is(world.sessions.waiting, 2)
  t.is(waiters.length, 0)
})

test('the same process that comes back on another session has one place, the new one, and the old session hears so', t => {
  const { world } = waiting()
  const [old, next] = [world.openSession(), world.openSession()]
  const { handle } = old.wait({ holderIdentity: 'B', instance: instanceB })
  next.wait({ holderIdentity: 'B', instance: instanceB })
  t.is(world.sessions.waiting, 1)
  t.is(old.session.handles.size, 0)
  t.deepEqual(pushesTo(world, old, next), [[0, { type: 'lost', handle, cause: 'resumed' }]])
  release(world)
  world.settle()
  t.is(pushesTo(world, old, next)[0]?.[0], 1)
})

test('the only waiter that comes back on another session, after the lease came free, is granted it there', t => {
  const { world } = waiting()
  const [old, next] = [world.openSession(), world.openSession()]
  old.wait({ holderIdentity: 'B', instance: instanceB })
  release(world)
  t.like(next.wait({ holderIdentity: 'B', instance: instanceB }), { type: 'waiting', holderIdentity: '', ahead: 0 })
  pushesTo(world, old, next)
  world.settle()
  t.is(holder(world), 'held B')
  t.is(pushesTo(world, old, next)[0]?.[0], 1)
})

test('a process that waits and then supersedes holds, and waits no more', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  world.acquire({ instance: instanceA })
  session.wait({ instance: instanceB })
  t.like(session.wait({ instance: instanceB, supersede: true }), { type: 'acquired' })
  t.is(world.sessions.waiting, 0)
  t.is(session.session.waiting, 0)
  t.is(session.session.handles.size, 1)
})

test('a process that supersedes on another session leaves no place behind', t => {
  const world = new CoreWorld()
  const [old, next] = [world.openSession(), world.openSession()]
  world.acquire({ instance: instanceA })
  old.wait({ instance: instanceB })
  t.like(next.wait({ instance: instanceB, supersede: true }), { type: 'acquired' })
  t.is(world.sessions.waiting, 0)
})

test('a queue takes so many and no more, and says when to try again', t => {
  const world = new CoreWorld({ limits: { ...defaultSessionLimits, maxWaitersPerLease: 2 } })
  world.acquire()
  for (const holderIdentity of ['B', 'C']) world.openSession().wait({ holderIdentity })
  const { code, details } = refusal(() => world.openSession().wait({ holderIdentity: 'D' }))
  t.is(code, 'QUEUE_FULL')
  t.true((details.retryAfterMs ?? 0) > 0)
  t.is(world.sessions.waiting, 2)
})

test('a place is given up by a release of its handle', t => {
  const { world, waiters } = waiting('B', 'C')
  waiters[0]?.release(1)
  release(world)
  world.settle()
  t.is(holder(world), 'held C')
})

test('a queue that is empty again leaves the lease to whoever comes', t => {
  const { world, waiters } = waiting('B')
  release(world)
  waiters[0]?.release(1)
  t.like(world.openSession().acquire({ holderIdentity: 'C' }), { type: 'acquired' })
})

// Grants

test('a grant lapses after 3 s unless it is confirmed, and goes to the next', t => {
  const { world, waiters } = waiting('B', 'C')
  release(world)
  world.settle()
  world.records()
  pushesTo(world)
  world.pass(2_999)
  for (const waiter of waiters.slice(1)) waiter.renew()
  world.settle()
  t.is(holder(world), 'held B')
  world.pass(1)
  world.settle()
  t.is(holder(world), 'held C')
  t.deepEqual(summary(world.records()), ['expired B>B', 'acquired B>C'])
  t.deepEqual(
    pushesTo(world, ...waiters).map(([who, push]) => `${who} ${push.type} ${'cause' in push ? push.cause : ''}`),
    ['0 lost unconfirmed', '1 granted '],
  )
})

test('a grant of a short lease lapses with its duration', t => {
  const world = new CoreWorld()
  world.acquire()
  world.openSession().wait({ holderIdentity: 'B', leaseDurationMs: 1_000 })
  release(world)
  world.settle()
  t.like(pushesTo(world).at(-1)?.[1], { type: 'granted', lapseAfterMs: 1_000, leaseDurationMs: 1_000 })
  world.pass(1_000)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('a renewal confirms the grant: the full duration counts from it', t => {
  const { world, waiters } = waiting('B')
  release(world)
  world.settle()
  world.pass(2_999)
  t.deepEqual(waiters[0]?.renew(1), [])
  world.pass(14_999)
  world.settle()
  t.is(holder(world), 'held B')
  world.pass(1)
  world.records()
  world.settle()
  t.is(world.get().state, 'expired')
  t.is(world.transitions()[0]?.cause, undefined)
})

test('a grant that a renewal reaches too late is lost', t => {
  const { world, waiters } = waiting('B')
  release(world)
  world.settle()
  world.pass(3_000)
  t.deepEqual(waiters[0]?.renew(1), [{ handle: 1, reason: 'STALE_FENCING_TOKEN' }])
  t.is(world.get().state, 'expired')
})

// The end of waits and sessions

test('a wait ends at its time, and not 1 ms before; the lease then goes to the next', t => {
  const { world } = waiting()
  const [brief, patient] = [world.openSession(), world.openSession()]
  brief.acquire({ holderIdentity: 'B', waitTimeoutMs: 1_000 })
  patient.wait({ holderIdentity: 'C' })
  world.pass(999)
  world.settle()
  t.deepEqual(pushesTo(world, brief), [])
  world.pass(1)
  world.settle()
  const [[who, push] = []] = pushesTo(world, brief)
  t.is(who, 0)
  t.true(push?.type === 'failed' && push.error.code === 'WAIT_TIMEOUT' && push.handle === 1)
  release(world)
  world.settle()
  t.is(holder(world), 'held C')
})

test('no more waits time out at a time than the limit, and the rest follow', t => {
  const { world } = waiting()
  const session = world.openSession()
  for (const holderIdentity of ['B', 'C', 'D']) session.acquire({ holderIdentity, waitTimeoutMs: 1_000 })
  world.pass(1_000)
  t.true(world.settle(2))
  t.is(pushesTo(world).length, 2)
  t.false(world.settle(2))
  t.is(pushesTo(world).length, 1)
  t.is(world.sessions.waiting, 0)
})

test('a wait of 0 ends in the batch that began it, unless the lease comes free in it', t => {
  const { world } = waiting()
  const session = world.openSession()
  t.is(session.acquire({ holderIdentity: 'B', waitTimeoutMs: 0 }).type, 'waiting')
  world.settle()
  t.is(pushesTo(world, session)[0]?.[1].type, 'failed')
})

test('the end of a session releases nothing: its leases run their time', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire()
  world.records()
  session.close()
  world.pass(14_999)
  world.settle()
  t.deepEqual(world.changes(), [])
  world.pass(1)
  world.settle()
  t.deepEqual(world.changes(), ['expired'])
  t.deepEqual(pushesTo(world), [])
})

test('the places of a session die with it', t => {
  const { world, waiters } = waiting('B', 'C')
  waiters[0]?.close()
  t.is(world.sessions.waiting, 1)
  t.is(world.sessions.open, 2)
  release(world)
  world.settle()
  t.is(holder(world), 'held C')
})

test('closing a session twice is harmless', t => {
  const { world, waiters } = waiting('B')
  waiters[0]?.close()
  waiters[0]?.close()
  t.is(world.sessions.open, 1)
  t.is(world.sessions.waiting, 0)
})

test('who closed while a grant was on its way is not confirmed by anybody: the next one gets the lease', t => {
  const { world, waiters } = waiting('B', 'C')
  release(world)
  world.settle()
  waiters[0]?.close()
  world.pass(3_000)
  waiters[1]?.renew()
  world.settle()
  t.is(holder(world), 'held C')
})

test('a session that waits is to be heard from every 2 s, and loses its places after two misses', t => {
  const { world, waiters } = waiting('B')
  const [session] = waiters
  t.is(session && world.sessions.cadence(session.session), waitCadenceMs)
  world.pass(2.5 * waitCadenceMs - 1)
  world.settle()
  t.is(world.sessions.waiting, 1)
  world.pass(1)
  world.settle()
  t.is(world.sessions.waiting, 0)
  const [[, push] = []] = pushesTo(world, ...waiters)
  t.true(push?.type === 'failed' && push.error.code === 'WAIT_TIMEOUT')
})

test('a waiting session that is heard from keeps its place', t => {
  const { world, holder: holding, waiters } = waiting('B')
  for (let i = 0; i < 20; i++) {
    world.pass(waitCadenceMs)
    holding.renew()
    waiters[0]?.renew()
    world.settle()
  }
  t.is(world.sessions.waiting, 1)
  t.is(holder(world), 'held A')
})

test('a session that fell silent is not granted what comes free in the same batch', t => {
  const { world } = waiting('B')
  world.pass(2.5 * waitCadenceMs)
  release(world)
  world.settle()
  t.is(world.get().state, 'released')
  t.is(pushesTo(world).filter(([, { type }]) => type === 'granted').length, 0)
})

test('a session without a place in a queue may be silent', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ leaseDurationMs: 60_000 })
  world.pass(59_999)
  world.settle()
  t.is(holder(world), 'held A')
  t.is(world.sessions.nextDeadline, Number.POSITIVE_INFINITY)
})

test('a session that got what it waited for may be silent as long as its lease is long', t => {
  const { world, waiters } = waiting('B')
  release(world)
  world.settle()
  waiters[0]?.renew()
  pushesTo(world)
  world.pass(10_000)
  world.settle()
  t.is(holder(world), 'held B')
  t.deepEqual(pushesTo(world), [])
})

test('what a batch ends with is bounded: expiries and grants beyond the limit wait for the next', t => {
  const world = new CoreWorld()
  const [holding, waiter] = [world.openSession(), world.openSession()]
  for (let i = 0; i < 4; i++) {
    holding.acquire({ name: `lease-${i}` })
    waiter.wait({ name: `lease-${i}`, holderIdentity: 'B' })
  }
  world.records()
  passWaiting(15_000, waiter)
  const perBatch: number[] = []
  let isMore = true
  while (isMore) {
    isMore = world.settle(3)
    perBatch.push(world.changes().length)
  }
  t.true(Math.max(...perBatch) <= 3, `${perBatch}`)
  t.is(
    perBatch.reduce((sum, count) => sum + count),
    8,
  )
  t.is(world.table.counts.held, 4)
})
