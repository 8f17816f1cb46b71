import test from 'ava'
import type { LeaseRecord } from '../../../services/coordinator/lease/records.js'
import { isExpired } from '../../../services/coordinator/lease/tenancies.js'
import { laterTime, taken } from '../../../services/coordinator/lease/tenancy.js'
import { acquireOf, CoreWorld, codeOf, instanceA, instanceB, leader, pushesTo, refusal } from '../../support/core.js'

const token = (world: CoreWorld): number => world.get().fencingToken

// Acquire

test('a lease that is missing is created in the hands of the one who acquires it', t => {
  const world = new CoreWorld({ revision: 100 })
  const { lease, resumed, renewAfterMs } = world.acquire({ labels: { app: 'x' } })
  t.false(resumed)
  t.is(renewAfterMs, 15_000 / 4)
  t.like(lease, {
    id: 101,
    state: 'held',
    holderIdentity: 'A',
    leaseDurationMs: 15_000,
    leaseTransitions: 0,
    fencingToken: 101,
    revision: 101,
    labels: { app: 'x' },
    acquireTime: world.time.wallMicros,
    renewTime: world.time.wallMicros,
    creationTimestamp: 1_750_000_000,
  })
  t.deepEqual(world.records(), [{ type: 'created', time: world.time.wallMicros, lease }] satisfies LeaseRecord[])
})

test('a lease that was released is acquired under a new token, and the change counts as a transition', t => {
  const world = new CoreWorld()
  world.acquire()
  world.core.release({ ...leader, fencingToken: token(world) }, world.time)
  world.pass(1_500)
  const { lease } = world.acquire()
  t.is(lease.leaseTransitions, 1)
  const [created, released, acquired] = world.transitions()
  t.is(created?.lease.state, 'held')
  t.like(released, { type: 'released', previousHolder: 'A', lease: { holderIdentity: '', state: 'released' } })
  t.like(acquired, { type: 'acquired', unheldMs: 1_500, lease: { fencingToken: lease.revision } })
  t.is(acquired?.previousHolder, undefined)
})

test('a lease that nobody ever held is acquired', t => {
  const world = new CoreWorld()
  world.core.create({ ...leader, changes: { labels: { app: 'x' } } }, world.time)
  const { lease } = world.acquire()
  t.like(lease, { state: 'held', leaseTransitions: 1, labels: { app: 'x' } })
  t.deepEqual(world.changes(), ['created', 'acquired'])
})

test('the last holder of an expired lease comes back without a transition, another with one', t => {
  for (const [holderIdentity, leaseTransitions] of [
    ['A', 0],
    ['B', 1],
  ] as const) {
    const world = new CoreWorld()
    world.acquire()
    world.pass(15_000)
    world.settle()
    t.is(world.acquire({ holderIdentity }).lease.leaseTransitions, leaseTransitions)
  }
})

test('an acquire after the deadline takes the lease, although no batch has expired it yet', t => {
  const world = new CoreWorld()
  world.acquire()
  world.pass(15_000)
  const { lease, resumed } = world.acquire({ holderIdentity: 'B' })
  t.false(resumed)
  t.is(lease.holderIdentity, 'B')
  t.deepEqual(world.changes(), ['created', 'expired', 'acquired'])
})

test('somebody else is refused 1 ms before the deadline, and told who holds the lease', t => {
  const world = new CoreWorld()
  world.acquire()
  world.pass(14_999)
  const { code, message, details } = refusal(() => world.acquire({ holderIdentity: 'B' }))
  t.is(code, 'LEASE_HELD')
  t.regex(message, /test\/leader is held by A/)
  t.like(details, { lease: 'test/leader', holderIdentity: 'A', fencingToken: token(world) })
  t.deepEqual(world.changes(), ['created'])
})

test('labels of an acquire are merged into those of the lease', t => {
  const world = new CoreWorld()
  world.core.create({ ...leader, changes: { labels: { app: 'x', zone: 'a' } } }, world.time)
  world.acquire({ labels: { zone: 'b', role: 'r' } })
  t.deepEqual(world.get().labels, { app: 'x', zone: 'b', role: 'r' })
  t.deepEqual(world.transitions()[1]?.previousLabels, { app: 'x', zone: 'a' })
})

// Resume

test('the same identity and instance resumes: the same token, the full duration again, and no record', t => {
  const world = new CoreWorld()
  const first = world.acquire({ instance: instanceA })
  world.records()
  world.pass(14_999)
  const second = world.acquire({ instance: instanceA })
  t.true(second.resumed)
  t.is(second.lease.fencingToken, first.lease.fencingToken)
  t.deepEqual(world.changes(), [])
  world.pass(14_999)
  world.settle()
  t.is(world.get().state, 'held')
  world.pass(1)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('at its deadline a holder resumes no more: it acquires anew, under a new token', t => {
  const world = new CoreWorld()
  const first = world.acquire({ instance: instanceA })
  world.pass(15_000)
  const second = world.acquire({ instance: instanceA })
  t.false(second.resumed)
  t.true(second.lease.fencingToken > first.lease.fencingToken)
  t.is(second.lease.leaseTransitions, 0)
})

test('a resume with another duration or other labels is an update', t => {
  const world = new CoreWorld()
  const first = world.acquire({ instance: instanceA })
  world.records()
  const { lease, resumed } = world.acquire({ instance: instanceA, leaseDurationMs: 20_000, labels: { app: 'x' } })
  t.true(resumed)
  t.like(lease, { leaseDurationMs: 20_000, labels: { app: 'x' }, fencingToken: first.lease.fencingToken })
  t.deepEqual(world.changes(), ['updated'])
})

test('a resume with a shorter duration by a call, perhaps late, takes no time away', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  world.acquire({ instance: instanceA, leaseDurationMs: 2_000 })
  world.pass(14_999)
  world.settle()
  t.is(world.get().state, 'held')
})

test('a resume with a shorter duration that comes on another session, perhaps late, takes no time away', t => {
  const world = new CoreWorld()
  const [left, present] = [world.openSession(), world.openSession()]
  present.acquire({ instance: instanceA })
  const { handle } = left.acquire({ instance: instanceA, leaseDurationMs: 2_000 })
  left.renew(handle)
  world.pass(14_999)
  world.settle()
  t.is(world.get().state, 'held')
  world.pass(1)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('a resume with a shorter duration on the session that has the lease counts from then', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ instance: instanceA })
  session.acquire({ instance: instanceA, leaseDurationMs: 2_000 })
  world.pass(1_999)
  world.settle()
  t.is(world.get().state, 'held')
  world.pass(1)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('the same identity without an instance, or with another one, is another holder', t => {
  for (const [first, second] of [
    [{}, {}],
    [{ instance: instanceA }, {}],
    [{}, { instance: instanceA }],
    [{ instance: instanceA }, { instance: instanceB }],
  ]) {
    const world = new CoreWorld()
    world.acquire(first)
    t.is(
      codeOf(() => world.acquire(second)),
      'LEASE_HELD',
    )
  }
})

test('the same instance under another identity is another holder', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  t.is(
    codeOf(() => world.acquire({ instance: instanceA, holderIdentity: 'B' })),
    'LEASE_HELD',
  )
})

// Supersede

test('every transition tells the wall time at which it was decided', t => {
  const world = new CoreWorld()
  const expected: [string, number][] = []
  const after1s = (type: string, decide: () => unknown): void => {
    world.pass(1_000)
    decide()
    expected.push([type, world.time.wallMicros])
  }
  after1s('created', () => world.acquire({ leaseDurationMs: 2_000 }))
  after1s('updated', () => world.core.update({ ...leader, changes: { labels: { app: 'x' } } }, world.time))
  after1s('expired', () => world.settle())
  after1s('acquired', () => world.acquire({ instance: instanceA }))
  after1s('transferred', () => world.acquire({ instance: instanceB, supersede: true }))
  after1s('released', () => world.core.release({ ...leader, fencingToken: token(world) }, world.time))
  after1s('deleted', () => world.core.delete(leader, world.time))
  t.deepEqual(
    world.transitions().map(({ type, time }) => [type, time]),
    expected,
  )
})

// Renew and expire

test('expires at its deadline, and not 1 ms before', t => {
  const world = new CoreWorld()
  world.acquire()
  world.records()
  world.pass(14_999)
  world.settle()
  t.deepEqual(world.changes(), [])
  world.pass(1)
  world.settle()
  const [expired] = world.transitions()
  t.like(expired, { type: 'expired', previousHolder: 'A' })
  t.like(expired?.lease, { state: 'expired', holderIdentity: 'A', freeSince: world.time.wallMicros })
  t.is(expired?.cause, undefined)
  t.false(isExpired({ deadline: 10 }, 9.999))
  t.true(isExpired({ deadline: 10 }, 10))
})

test('a renewal gives the full duration again, from when it was read', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  world.pass(14_999)
  const { lease, renewAfterMs: cadence } = world.core.renew({ ...leader, fencingToken }, world.time)
  t.is(cadence, 15_000 / 4)
  t.is(lease.revision, 102)
  t.is(lease.renewTime, world.time.wallMicros)
  world.pass(14_999)
  world.settle()
  t.is(world.get().state, 'held')
  world.pass(1)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('a renewal is a compact record: the number of the lease and the time', t => {
  const world = new CoreWorld()
  const first = world.acquire().lease
  const second = world.acquire({ name: 'other' }).lease
  world.records()
  world.pass(10)
  world.core.renew({ ...leader, fencingToken: first.fencingToken }, world.time)
  world.core.renew({ ...leader, name: 'other', fencingToken: second.fencingToken }, world.time)
  const { wallMicros } = world.time
  t.deepEqual(world.records(), [
    { type: 'renewed', firstRevision: 103, leaseIds: [101, 102], renewTimes: [wallMicros, wallMicros] },
  ])
})

test('a renewal at the deadline is refused, 1 ms before it is not', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  t.notThrows(() => world.core.renew({ ...leader, fencingToken, validateOnly: true }, world.at(14_999)))
  t.is(
    codeOf(() => world.core.renew({ ...leader, fencingToken }, world.at(15_000))),
    'STALE_FENCING_TOKEN',
  )
})

test('a renewal is judged by when it was read, not by when it is decided', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  const readAt = world.at(14_000)
  world.now = 16_000
  world.core.renew({ ...leader, fencingToken }, readAt)
  world.settle()
  t.is(world.get().state, 'held')
  world.now = 14_000 + 15_000
  world.settle()
  t.is(world.get().state, 'expired')
})

test('a stale token is refused, and the details name the present one', t => {
  const world = new CoreWorld()
  const first = world.acquire().lease.fencingToken
  world.pass(15_000)
  const second = world.acquire({ holderIdentity: 'B' }).lease.fencingToken
  const { code, details } = refusal(() => world.core.renew({ ...leader, fencingToken: first }, world.time))
  t.is(code, 'STALE_FENCING_TOKEN')
  t.deepEqual(details, { lease: 'test/leader', holderIdentity: 'B', fencingToken: second })
})

test('the renew time never goes back, however the wall clock jumps: then it moves on by 1 µs', t => {
  const world = new CoreWorld()
  const { fencingToken, renewTime } = world.acquire().lease
  world.wallOffsetMicros -= 3_600_000_000
  for (let i = 1; i <= 3; i++) {
    world.pass(1_000)
    t.is(world.core.renew({ ...leader, fencingToken }, world.time).lease.renewTime, Number(renewTime) + i)
  }
  world.wallOffsetMicros += 3_600_000_000
  t.is(world.core.renew({ ...leader, fencingToken }, world.time).lease.renewTime, world.time.wallMicros)
})

test('the renew time never goes back over a change of holders either', t => {
  const world = new CoreWorld()
  const { renewTime } = world.acquire().lease
  world.wallOffsetMicros -= 3_600_000_000
  world.pass(15_000)
  t.is(world.acquire({ holderIdentity: 'B' }).lease.renewTime, Number(renewTime) + 1)
})

test('two renewals in one microsecond differ by one', t => {
  t.is(laterTime(5, 5), 6)
  t.is(laterTime(5, 6), 6)
  t.is(laterTime(undefined, 5), 5)
})

test('times of year 1 survive renewals, expiry and the next holder', t => {
  const yearOne = -62_135_596_800_000_000n
  const world = new CoreWorld()
  world.acquire()
  const image = world.get()
  world.table.restore({ ...image, acquireTime: yearOne, renewTime: yearOne })
  const { fencingToken } = image
  t.is(world.get().renewTime, yearOne)
  const renewed = world.core.renew({ ...leader, fencingToken }, world.time).lease
  t.is(renewed.acquireTime, yearOne)
  t.is(renewed.renewTime, world.time.wallMicros)
  world.pass(15_000)
  world.settle()
  t.is(world.get().acquireTime, yearOne)
  t.is(taken({ ...image, renewTime: yearOne }, acquireOf(), 200, world.time).renewTime, world.time.wallMicros)
})

test('an unconfirmed grant that lapses says so', t => {
  const world = new CoreWorld()
  world.acquire()
  world.core.tenancies.awaitConfirmation(world.table.need(leader), world.time)
  world.records()
  world.pass(3_000)
  world.settle()
  t.like(world.transitions()[0], { type: 'expired', cause: 'unconfirmed' })
})

test('no more leases expire at a time than the limit, and the rest follow', t => {
  const world = new CoreWorld()
  for (let i = 0; i < 5; i++) world.acquire({ name: `lease-${i}` })
  world.pass(15_000)
  world.records()
  t.true(world.settle(2))
  t.is(world.changes().length, 2)
  t.true(world.settle(2))
  t.false(world.settle(2))
  t.is(world.changes().length, 3)
  t.is(world.table.counts.expired, 5)
})

test('after a start every held lease has its full duration afresh', t => {
  const before = new CoreWorld()
  before.acquire()
  before.pass(14_000)
  const world = new CoreWorld({ revision: 0 })
  for (const record of before.records()) world.table.apply(record)
  world.now = 500
  world.core.tenancies.startDeadlines(world.now)
  world.pass(14_999)
  world.settle()
  t.is(world.get().state, 'held')
  world.pass(1)
  world.settle()
  t.is(world.get().state, 'expired')
})

// Tokens

test('tokens grow over expiry, release, revoke, delete and re-create', t => {
  const world = new CoreWorld()
  const tokens: number[] = []
  const take = (holderIdentity = 'A'): void => void tokens.push(world.acquire({ holderIdentity }).lease.fencingToken)
  take()
  world.pass(15_000)
  take('B')
  world.core.release({ ...leader, fencingToken: token(world) }, world.time)
  take()
  world.core.revoke({ ...leader, fencingToken: 0 }, world.time)
  take()
  world.core.delete(leader, world.time)
  take()
  world.core.delete(leader, world.time)
  world.core.create({ ...leader, changes: {} }, world.time)
  take()
  t.deepEqual(
    tokens,
    [...new Set(tokens)].sort((a, b) => a - b),
  )
  t.is(tokens.length, 6)
})

test('a token is the revision at which the holder took the lease, whatever happens to the lease later', t => {
  const world = new CoreWorld()
  const { fencingToken, revision } = world.acquire().lease
  t.is(fencingToken, revision)
  world.core.update({ ...leader, changes: { labels: { app: 'x' } } }, world.time)
  world.core.renew({ ...leader, fencingToken }, world.time)
  t.is(token(world), fencingToken)
  t.is(world.get().revision, revision + 2)
})

test('only the present token of a held lease is valid', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  t.deepEqual(world.core.checkFencingToken({ ...leader, fencingToken }), {
    valid: true,
    fencingToken,
    holderIdentity: 'A',
  })
  t.false(world.core.checkFencingToken({ ...leader, fencingToken: fencingToken - 1 }).valid)
  t.false(world.core.checkFencingToken({ ...leader, fencingToken: fencingToken + 1 }).valid)
  world.pass(15_000)
  world.settle()
  t.deepEqual(world.core.checkFencingToken({ ...leader, fencingToken }), {
    valid: false,
    fencingToken,
    holderIdentity: '',
  })
})

// Release and revoke

test('a release frees the lease and keeps its token as the last one', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  const lease = world.core.release({ ...leader, fencingToken }, world.time)
  t.like(lease, { state: 'released', holderIdentity: '', fencingToken, freeSince: world.time.wallMicros })
  t.deepEqual(world.get(), lease)
})

test('a release at the deadline or by a stale token is refused, and changes nothing', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  world.records()
  for (const [tokenGiven, now] of [
    [fencingToken, 15_000],
    [fencingToken - 1, 0],
    [0, 0],
  ] as const) {
    t.is(
      codeOf(() => world.core.release({ ...leader, fencingToken: tokenGiven }, world.at(now))),
      'STALE_FENCING_TOKEN',
    )
  }
  t.deepEqual(world.changes(), [])
})

test('a revoke takes the lease from whoever holds it, and the holder hears why', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire()
  world.records()
  const lease = world.core.revoke({ ...leader, fencingToken: 0 }, world.time)
  t.is(lease.state, 'released')
  t.like(world.transitions()[0], { type: 'released', cause: 'revoked', previousHolder: 'A' })
  t.deepEqual(pushesTo(world, session), [[0, { type: 'lost', handle: 1, cause: 'revoked' }]])
})

test('a revoke that names a token takes that tenancy only', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  t.is(
    codeOf(() => world.core.revoke({ ...leader, fencingToken: fencingToken - 1 }, world.time)),
    'STALE_FENCING_TOKEN',
  )
  t.is(world.core.revoke({ ...leader, fencingToken }, world.time).state, 'released')
})

test('there is nothing to revoke where nobody holds, also when the time is up but nobody has said so', t => {
  const world = new CoreWorld()
  world.acquire()
  t.is(
    codeOf(() => world.core.revoke({ ...leader, fencingToken: 0 }, world.at(15_000))),
    'LEASE_NOT_HELD',
  )
  world.core.revoke({ ...leader, fencingToken: 0 }, world.time)
  t.is(
    codeOf(() => world.core.revoke({ ...leader, fencingToken: 0 }, world.time)),
    'LEASE_NOT_HELD',
  )
})

// validateOnly

test('validateOnly answers as if, and changes nothing at all', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  world.acquire({ name: 'due', leaseDurationMs: 1_000 })
  const session = world.openSession()
  session.wait({ holderIdentity: 'B' })
  world.records()
  pushesTo(world)
  world.pass(5_000)
  const fencingToken = token(world)
  const images = JSON.stringify([...world.table.images()])
  const validateOnly = true
  const { core, time } = world
  t.is(core.create({ namespace: 'test', name: 'new', changes: {}, validateOnly }, time).state, 'unheld')
  t.is(
    core.create(
      { namespace: 'test', name: 'new', changes: { leaseDurationMs: 1e3 }, holderIdentity: 'A', validateOnly },
      time,
    ).state,
    'held',
  )
  t.is(world.acquire({ name: 'new', validateOnly }).lease.state, 'held')
  t.like(world.acquire({ name: 'due', holderIdentity: 'B', validateOnly }).lease, {
    holderIdentity: 'B',
    state: 'held',
  })
  t.is(world.acquire({ name: 'due', validateOnly }).lease.leaseTransitions, 0)
  t.true(world.acquire({ instance: instanceA, leaseDurationMs: 60_000, validateOnly }).resumed)
  t.false(world.acquire({ instance: instanceB, supersede: true, validateOnly }).resumed)
  t.is(core.update({ ...leader, changes: { labels: { a: 'b' } }, validateOnly }, time).labels?.a, 'b')
  t.is(core.delete({ ...leader, validateOnly }, time).name, 'leader')
  t.is(core.renew({ ...leader, fencingToken, validateOnly }, time).lease.fencingToken, fencingToken)
  t.is(core.release({ ...leader, fencingToken, validateOnly }, time).state, 'released')
  t.is(core.revoke({ ...leader, fencingToken, validateOnly }, time).state, 'released')
  t.deepEqual(world.changes(), [])
  t.deepEqual(pushesTo(world), [])
  t.is(JSON.stringify([...world.table.images()]), images)
  world.pass(10_000)
  world.settle()
  t.is(world.get().state, 'expired', 'the deadline is where it was')
})

test('validateOnly refuses what the command itself would', t => {
  const world = new CoreWorld()
  world.acquire()
  const validateOnly = true
  t.is(
    codeOf(() => world.acquire({ holderIdentity: 'B', validateOnly })),
    'LEASE_HELD',
  )
  t.is(
    codeOf(() => world.core.create({ ...leader, changes: {}, validateOnly }, world.time)),
    'LEASE_EXISTS',
  )
})

test('a cadence that is stretched is told with every grant and renewal', t => {
  const world = new CoreWorld()
  world.core.tenancies.cadenceStretch = 2
  const { lease, renewAfterMs } = world.acquire()
  t.is(renewAfterMs, 15_000 / 2)
  t.is(world.core.renew({ ...leader, fencingToken: lease.fencingToken }, world.time).renewAfterMs, 15_000 / 2)
  const session = world.openSession()
  session.acquire({ name: 'other', leaseDurationMs: 8_000 })
  t.is(world.sessions.cadence(session.session), 4_000)
})
