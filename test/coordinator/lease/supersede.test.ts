import test from 'ava'
import { acquireOf, CoreWorld, codeOf, instanceA, instanceB, leader, pushesTo } from '../../support/core.js'

const token = (world: CoreWorld): number => world.get().fencingToken

const processOf = (name: string, digit: string) => ({
  holderIdentity: `${name}_${digit.repeat(8)}-1136-44bd-8f9a-1dcd15c346b4`,
  instance: digit.repeat(32),
  supersede: true,
})

test('the same identity with another instance supersedes: a new token, at once', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire({ instance: instanceA })
  const before = token(world)
  world.records()
  world.pass(5_000)
  const { lease, resumed } = world.acquire({ instance: instanceB, supersede: true })
  t.false(resumed)
  t.like(lease, { fencingToken: lease.revision, leaseTransitions: 1, acquireTime: world.time.wallMicros })
  t.true(lease.fencingToken > before)
  t.like(world.transitions()[0], { type: 'transferred', cause: 'superseded', previousHolder: 'A' })
  t.deepEqual(pushesTo(world, session), [[0, { type: 'lost', handle: 1, cause: 'superseded' }]])
})

test('another identity cannot supersede', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  t.is(
    codeOf(() => world.acquire({ holderIdentity: 'B', instance: instanceB, supersede: true })),
    'LEASE_HELD',
  )
})

test('the same identity and instance with supersede resumes', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  t.true(world.acquire({ instance: instanceA, supersede: true }).resumed)
})

test('who was superseded can neither renew nor release', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire({ instance: instanceA }).lease
  world.acquire({ instance: instanceB, supersede: true })
  t.is(
    codeOf(() => world.core.renew({ ...leader, fencingToken }, world.time)),
    'STALE_FENCING_TOKEN',
  )
  t.is(
    codeOf(() => world.core.release({ ...leader, fencingToken }, world.time)),
    'STALE_FENCING_TOKEN',
  )
})

test('a new process supersedes the old one of the same name, where identities end in a UUID: the same lease', t => {
  const world = new CoreWorld()
  const before = world.acquire(processOf('api-1', 'a')).lease
  world.records()
  const { lease } = world.acquire(processOf('api-1', 'b'))
  t.is(lease.uid, before.uid)
  t.is(lease.holderIdentity, processOf('api-1', 'b').holderIdentity)
  t.true(lease.fencingToken > before.fencingToken)
  const { holderIdentity: previousHolder } = before
  t.like(world.transitions()[0], { type: 'transferred', cause: 'superseded', previousHolder })
})

test('a process whose identity ends in a UUID supersedes nobody of another name', t => {
  for (const { holderIdentity } of [
    processOf('api-2', 'a'),
    processOf('api-1_x', 'a'),
    { holderIdentity: 'api-1_a' },
  ]) {
    const world = new CoreWorld()
    world.acquire({ holderIdentity })
    t.is(
      codeOf(() => world.acquire(processOf('api-1', 'b'))),
      'LEASE_HELD',
      holderIdentity,
    )
  }
})

test('a name with and without the UUID of a process is one holder', t => {
  const world = new CoreWorld()
  world.acquire({ holderIdentity: 'api-1' })
  t.notThrows(() => world.acquire(processOf('api-1', 'b')))
  t.notThrows(() => world.acquire(acquireOf({ holderIdentity: 'api-1', supersede: true })))
})

test('without supersede a new process of the same name waits like any other', t => {
  const world = new CoreWorld()
  world.acquire(processOf('api-1', 'a'))
  t.is(
    codeOf(() => world.acquire({ ...processOf('api-1', 'b'), supersede: false })),
    'LEASE_HELD',
  )
})

test('a lease that was first taken with supersede is a sign of life: no acquireTime and no leaseTransitions, ever', t => {
  const world = new CoreWorld()
  world.acquire(processOf('api-1', 'a'))
  world.acquire(processOf('api-1', 'b'))
  world.pass(15_000)
  world.settle()
  const { lease } = world.acquire({ ...processOf('api-1', 'c'), supersede: false })
  for (const field of ['acquireTime', 'leaseTransitions'] as const) t.is(lease[field], undefined)
  t.is(lease.renewTime, world.time.wallMicros)
})

test('a lease that settles who leads keeps acquireTime and leaseTransitions, also when it is superseded', t => {
  const world = new CoreWorld()
  world.acquire({ holderIdentity: 'api-1' })
  world.pass(1_000)
  const { lease } = world.acquire(processOf('api-1', 'b'))
  t.like(lease, { acquireTime: world.time.wallMicros, leaseTransitions: 1 })
})
