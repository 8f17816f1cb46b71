import test from 'ava'
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

const delayMs = 4_000
const holder = { instance: instanceA, takeoverDelayMs: delayMs }
const other = { holderIdentity: 'B', instance: instanceB }

/** A lease with a takeover delay that has just expired. */
function expiredLease(): CoreWorld {
  const world = new CoreWorld()
  world.acquire(holder)
  world.pass(15_000)
  world.settle()
  world.records()
  return world
}

test('after an expiry nobody else takes the lease until its takeover delay is over, and not 1 ms before', t => {
  const world = expiredLease()
  world.pass(delayMs - 1)
  const { code, message, details } = refusal(() => world.acquire(other))
  t.is(code, 'LEASE_HELD')
  t.regex(message, /test\/leader has expired, and is kept for its last holder for 1 ms more/)
  t.like(details, { lease: 'test/leader', retryAfterMs: 1 })
  world.pass(1)
  world.settle()
  t.is(world.acquire(other).lease.holderIdentity, 'B')
})

test('the delay is over at its time also where no batch has said so yet', t => {
  const world = expiredLease()
  world.pass(delayMs)
  t.notThrows(() => world.acquire(other))
})

test('the same identity and instance comes back within the delay at once, under a new token', t => {
  const world = expiredLease()
  const before = world.get().fencingToken
  const { lease, resumed } = world.acquire({ instance: instanceA })
  t.false(resumed)
  t.true(lease.fencingToken > before)
  t.is(lease.takeoverDelayMs, delayMs)
})

test('the same identity with another instance waits like any other, unless it supersedes', t => {
  const world = expiredLease()
  t.is(
    codeOf(() => world.acquire({ instance: instanceB })),
    'LEASE_HELD',
  )
  t.notThrows(() => world.acquire({ instance: instanceB, supersede: true }))
})

test('after a release and a revocation there is no delay', t => {
  for (const end of ['release', 'revoke'] as const) {
    const world = new CoreWorld()
    const { fencingToken } = world.acquire(holder).lease
    world.core[end]({ ...leader, fencingToken }, world.time)
    t.notThrows(() => world.acquire(other), end)
  }
})

test('a waiter gets the lease when the delay is over, and not 1 ms before', t => {
  const world = new CoreWorld()
  world.acquire(holder)
  const waiter = world.openSession()
  waiter.wait(other)
  const pushes = () => pushesTo(world, waiter).map(([, { type }]) => type)
  for (const ms of [15_000, delayMs - 1]) {
    world.pass(ms)
    waiter.renew()
    world.settle()
    t.deepEqual(pushes(), [])
  }
  world.pass(1)
  t.true(world.core.tenancies.nextDeadline <= world.now)
  world.settle()
  t.deepEqual(pushes(), ['granted'])
  t.is(world.get().holderIdentity, 'B')
})

test('a waiter that comes within the delay has to wait for its end, too', t => {
  const world = expiredLease()
  const waiter = world.openSession()
  t.is(waiter.wait(other).type, 'waiting')
  world.settle()
  t.is(world.get().state, 'expired')
  world.pass(delayMs)
  world.settle()
  t.is(world.get().holderIdentity, 'B')
})

test('the last holder comes back before those who wait', t => {
  const world = expiredLease()
  const waiter = world.openSession()
  waiter.wait(other)
  world.settle()
  t.is(world.openSession().acquire({ instance: instanceA }).type, 'acquired')
})

test('a grant that nobody confirmed leaves no delay behind', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire(holder).lease
  const [first, second] = [world.openSession(), world.openSession()] as [TestSession, TestSession]
  first.wait(other)
  second.wait({ holderIdentity: 'C' })
  world.core.release({ ...leader, fencingToken }, world.time)
  world.settle()
  world.pass(3_000)
  second.renew()
  world.settle()
  t.is(world.get().holderIdentity, 'C')
})

test('after a start the delay of an expired lease begins afresh', t => {
  const world = expiredLease()
  world.core.tenancies.startDeadlines(world.now + 60_000)
  world.pass(60_000 + delayMs - 1)
  t.is(
    codeOf(() => world.acquire(other)),
    'LEASE_HELD',
  )
  world.pass(1)
  world.settle()
  t.notThrows(() => world.acquire(other))
})

test('validateOnly tells of the delay that an expiry would begin, and does not begin it', t => {
  const world = new CoreWorld()
  world.acquire(holder)
  world.pass(15_000)
  t.is(
    codeOf(() => world.acquire({ ...other, validateOnly: true })),
    'LEASE_HELD',
  )
  t.is(world.get().state, 'held')
})

test('an acquire or a resume sets the delay, one without it leaves it, an update takes it off', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  t.is(world.acquire(holder).lease.takeoverDelayMs, delayMs)
  t.is(world.acquire({ instance: instanceA }).lease.takeoverDelayMs, delayMs)
  t.deepEqual(world.changes(), ['created', 'updated'])
  const changed = world.core.update({ ...leader, changes: { takeoverDelayMs: undefined } }, world.time)
  t.is(changed.takeoverDelayMs, undefined)
})

test('a lease is deleted within the delay, and is then free', t => {
  const world = expiredLease()
  world.core.delete(leader, world.time)
  t.is(world.acquire(other).lease.leaseTransitions, 0)
})
