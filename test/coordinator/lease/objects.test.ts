import test from 'ava'
import { acquireOf, CoreWorld, codeOf, leader, pushesTo, refusal } from '../../support/core.js'

function createdWorld(changes = {}): CoreWorld {
  const world = new CoreWorld()
  world.core.create({ ...leader, changes }, world.time)
  world.records()
  return world
}

// Create

test('a new lease is held by nobody and has no token', t => {
  const world = new CoreWorld({ revision: 41 })
  const lease = world.core.create({ ...leader, changes: { labels: { app: 'x' }, leaseDurationMs: 9_000 } }, world.time)
  const { uid, ...rest } = lease
  t.regex(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.deepEqual(rest, {
    ...leader,
    id: 42,
    creationTimestamp: 1_750_000_000,
    labels: { app: 'x' },
    leaseDurationMs: 9_000,
    state: 'unheld',
    fencingToken: 0,
    revision: 42,
  })
  t.deepEqual(world.records(), [{ type: 'created', time: world.time.wallMicros, lease }])
})

test('a create that names a holder is an acquire', t => {
  const world = new CoreWorld()
  const create = { ...leader, holderIdentity: 'A', changes: { leaseDurationMs: 5_000, labels: { app: 'x' } } }
  const lease = world.core.create(create, world.time)
  t.like(lease, { state: 'held', holderIdentity: 'A', fencingToken: lease.revision, leaseTransitions: 0 })
  t.deepEqual(lease.labels, { app: 'x' })
  world.pass(5_000)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('a name that is taken is refused', t => {
  const world = createdWorld()
  t.is(
    codeOf(() => world.core.create({ ...leader, changes: {} }, world.time)),
    'LEASE_EXISTS',
  )
})

test('generateName makes a name that is free: five more characters, within 63', t => {
  const world = new CoreWorld()
  const names = new Set<string>()
  for (let i = 0; i < 50; i++) {
    const create = { namespace: 'test', name: '', generateName: 'node-', changes: {} }
    const lease = world.core.create(create, world.time)
    t.regex(lease.name, /^node-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    t.is(lease.generateName, 'node-')
    names.add(lease.name)
  }
  t.is(names.size, 50)
  const long = { namespace: 'test', name: '', generateName: 'x'.repeat(63), changes: {} }
  t.is(world.core.create(long, world.time).name.length, 63)
})

test('a lease that is created again has a new id and a new uid', t => {
  const world = createdWorld()
  const first = world.get()
  world.core.delete(leader, world.time)
  const second = world.core.create({ ...leader, changes: {} }, world.time)
  t.true(second.id > first.id)
  t.not(second.uid, first.uid)
})

// Update

test('an update replaces the fields it has, and leaves the others', t => {
  const world = createdWorld({ labels: { a: '1' }, annotations: { b: '2' } })
  const lease = world.core.update({ ...leader, changes: { labels: { c: '3' } } }, world.time)
  t.deepEqual(lease.labels, { c: '3' })
  t.deepEqual(lease.annotations, { b: '2' })
  t.like(world.transitions()[0], { type: 'updated', previousLabels: { a: '1' } })
})

test('an update with an undefined field unsets it', t => {
  const world = createdWorld({ labels: { a: '1' } })
  const lease = world.core.update({ ...leader, changes: { labels: undefined } }, world.time)
  t.false('labels' in lease)
  t.deepEqual(world.transitions()[0]?.previousLabels, { a: '1' })
})

test('an update that changes nothing takes no revision, in whatever order fields come', t => {
  const world = createdWorld({ labels: { a: '1', b: '2' }, finalizers: ['x/y'] })
  const { revision } = world.get()
  const lease = world.core.update(
    { ...leader, changes: { labels: { b: '2', a: '1' }, finalizers: ['x/y'] } },
    world.time,
  )
  t.is(lease.revision, revision)
  t.deepEqual(world.changes(), [])
})

test('the order of a list is content', t => {
  const world = createdWorld({ finalizers: ['x/y', 'x/z'] })
  world.core.update({ ...leader, changes: { finalizers: ['x/z', 'x/y'] } }, world.time)
  t.deepEqual(world.changes(), ['updated'])
})

test('the duration belongs to the holder while the lease is held', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  const change = { ...leader, changes: { leaseDurationMs: 60_000 } }
  const { code, details } = refusal(() => world.core.update(change, world.time))
  t.is(code, 'INVALID_REQUEST')
  t.is(details.violations?.[0]?.field, 'lease.spec.lease_duration')
  t.notThrows(() => world.core.update({ ...leader, changes: { leaseDurationMs: 15_000 } }, world.time))
  world.core.release({ ...leader, fencingToken }, world.time)
  t.is(world.core.update(change, world.time).leaseDurationMs, 60_000)
})

test('an update does not touch the tenancy: the deadline stays', t => {
  const world = new CoreWorld()
  world.acquire()
  world.pass(14_000)
  world.core.update({ ...leader, changes: { labels: { a: '1' } } }, world.time)
  world.pass(1_000)
  world.settle()
  t.is(world.get().state, 'expired')
})

test('an update keeps what renewals have moved', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.acquire().lease
  world.pass(1_000)
  const { renewTime } = world.core.renew({ ...leader, fencingToken }, world.time).lease
  t.is(world.core.update({ ...leader, changes: { labels: { a: '1' } } }, world.time).renewTime, renewTime)
})

// Compare-and-set

test('an update at another resource version is refused; at the present one it goes through', t => {
  const world = createdWorld()
  const { revision } = world.get()
  const changes = { labels: { a: '1' } }
  t.is(
    codeOf(() => world.core.update({ ...leader, changes, resourceVersion: String(revision - 1) }, world.time)),
    'REVISION_MISMATCH',
  )
  t.notThrows(() => world.core.update({ ...leader, changes, resourceVersion: String(revision) }, world.time))
  t.is(
    codeOf(() => world.core.update({ ...leader, changes: {}, resourceVersion: String(revision) }, world.time)),
    'REVISION_MISMATCH',
  )
})

test('a renewal moves the resource version', t => {
  const world = new CoreWorld()
  const { fencingToken, revision } = world.acquire().lease
  world.core.renew({ ...leader, fencingToken }, world.time)
  t.is(
    codeOf(() => world.core.delete({ ...leader, resourceVersion: String(revision) }, world.time)),
    'REVISION_MISMATCH',
  )
})

test('a lease that was created again is not the one that its old uid names', t => {
  const world = createdWorld()
  const { uid } = world.get()
  world.core.delete({ ...leader, uid }, world.time)
  world.core.create({ ...leader, changes: {} }, world.time)
  t.is(
    codeOf(() => world.core.update({ ...leader, uid, changes: { labels: { a: '1' } } }, world.time)),
    'REVISION_MISMATCH',
  )
  t.is(
    codeOf(() => world.core.delete({ ...leader, uid }, world.time)),
    'REVISION_MISMATCH',
  )
})

// Delete

test('a delete takes a revision, and the record has the lease as it was last', t => {
  const world = createdWorld({ labels: { a: '1' } })
  const { revision } = world.get()
  world.pass(5_000)
  const lease = world.core.delete(leader, world.time)
  t.is(lease.revision, revision + 1)
  t.deepEqual(world.records(), [{ type: 'deleted', time: world.time.wallMicros, lease }])
  t.is(
    codeOf(() => world.get()),
    'LEASE_NOT_FOUND',
  )
})

test('the holder of a lease that is deleted hears so', t => {
  const world = new CoreWorld()
  const session = world.openSession()
  session.acquire()
  world.records()
  world.core.delete(leader, world.time)
  t.is(world.transitions()[0]?.previousHolder, 'A')
  t.deepEqual(pushesTo(world, session), [[0, { type: 'lost', handle: 1, cause: 'deleted' }]])
  t.is(session.session.handles.size, 0)
})

test('nothing expires after its deletion', t => {
  const world = new CoreWorld()
  world.acquire()
  world.core.delete(leader, world.time)
  world.records()
  world.pass(60_000)
  world.settle()
  t.deepEqual(world.changes(), [])
})

test('finalizers hold a deletion up: the lease is marked once, and goes with the last of them', t => {
  const world = createdWorld({ finalizers: ['x/one', 'x/two'] })
  const marked = world.core.delete(leader, world.time)
  t.is(marked.deletionTimestamp, 1_750_000_000)
  t.deepEqual(world.changes(), ['updated'])
  world.pass(5_000)
  t.is(world.core.delete(leader, world.time).deletionTimestamp, 1_750_000_000)
  t.deepEqual(world.changes(), [])
  world.core.update({ ...leader, changes: { finalizers: ['x/two'] } }, world.time)
  t.deepEqual(world.changes(), ['updated'])
  world.core.update({ ...leader, changes: { finalizers: [] } }, world.time)
  t.deepEqual(world.changes(), ['deleted'])
  t.is(world.table.size, 0)
})

test('a lease without finalizers that is not being deleted survives the loss of its last one', t => {
  const world = createdWorld({ finalizers: ['x/one'] })
  world.core.update({ ...leader, changes: { finalizers: undefined } }, world.time)
  t.deepEqual(world.changes(), ['updated'])
})

test('a held lease that waits for its finalizers is still held, and renewed', t => {
  const world = new CoreWorld()
  const { fencingToken } = world.core.acquire(acquireOf(), world.time).lease
  world.core.update({ ...leader, changes: { finalizers: ['x/one'] } }, world.time)
  world.core.delete(leader, world.time)
  t.notThrows(() => world.core.renew({ ...leader, fencingToken }, world.time))
  t.is(world.get().state, 'held')
})
