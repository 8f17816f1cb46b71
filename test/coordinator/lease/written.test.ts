import test from 'ava'
import type { WrittenLease } from '../../../services/coordinator/lease/commands.js'
import { kubernetesLease } from '../../../services/coordinator/lease/kubernetes-shape.js'
import { isHolding, type Meaning, meaningOf, writtenLease } from '../../../services/coordinator/lease/written.js'
import {
  acquireOf,
  CoreWorld,
  codeOf,
  instanceA,
  instanceB,
  leader,
  pushesTo,
  refusal,
  type TestSession,
} from '../../support/core.js'

const durationMs = 15_000

/** What A writes at a time in microseconds. */
const byA = (renewTime = 1): WrittenLease => ({
  holderIdentity: 'A',
  leaseDurationMs: durationMs,
  acquireTime: 1,
  renewTime,
  leaseTransitions: 0,
})

const byB: WrittenLease = { ...byA(), holderIdentity: 'B', leaseTransitions: 7 }

/** What A writes when it gives the lease up, as client-go does. */
const givenUp: WrittenLease = { ...byA(2), holderIdentity: '', leaseDurationMs: 1_000 }

/** A lease that A holds by a write. */
function written(lease: WrittenLease = byA()): CoreWorld {
  const world = new CoreWorld()
  world.createWritten(lease)
  world.records()
  return world
}

/** A lease that A holds over gRPC. */
function overGrpc(): CoreWorld {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA })
  world.records()
  return world
}

/** The lease as it is, with what a client changes. */
const edited = (world: CoreWorld, changes: WrittenLease = {}): WrittenLease => ({
  ...writtenLease(world.get()),
  ...changes,
})

function waiterOf(world: CoreWorld): TestSession {
  const waiter = world.openSession()
  waiter.wait({ holderIdentity: 'W', instance: instanceB })
  return waiter
}

/** Nobody has it 1 ms before, and it has expired at this time. */
function expiresIn(world: CoreWorld, ms: number): boolean {
  world.pass(ms - 1)
  world.settle()
  const wasHeld = world.get().state === 'held'
  world.pass(1)
  world.settle()
  return wasHeld && world.get().state === 'expired'
}

// What it takes to hold

test('a lease is held that has a holder and a duration, and not without one of them', t => {
  t.true(isHolding({ holderIdentity: 'A', leaseDurationMs: 1 }))
  t.false(isHolding({ holderIdentity: '', leaseDurationMs: 1 }))
  t.false(isHolding({ leaseDurationMs: 1 }))
  t.false(isHolding({ holderIdentity: 'A' }))
})

// Create

test('a create with a holder and a duration is held from then on, every field as written', t => {
  const world = new CoreWorld({ revision: 100 })
  const lease = { ...byA(), acquireTime: -62_135_596_798_000_000n, labels: { app: 'x' }, takeoverDelayMs: 500 }
  const image = world.createWritten(lease, { generation: 3 })
  t.deepEqual(writtenLease(image), lease)
  t.like(image, { id: 101, revision: 101, fencingToken: 101, state: 'held', isWritten: true, generation: 3 })
  t.deepEqual(world.records(), [{ type: 'created', time: world.time.wallMicros, lease: image }])
  t.true(expiresIn(world, durationMs))
})

test('a create without a holder, or without a duration, is held by nobody', t => {
  for (const lease of [{}, { holderIdentity: 'A' }, { holderIdentity: '', leaseDurationMs: durationMs }]) {
    const world = new CoreWorld()
    const image = world.createWritten(lease)
    t.deepEqual(writtenLease(image), lease)
    t.like(image, { state: 'unheld', fencingToken: 0, isWritten: undefined })
    t.is(world.core.nextDeadline, Number.POSITIVE_INFINITY)
  }
})

test('a create of a lease that is there is refused', t => {
  const world = written()
  t.is(
    codeOf(() => world.createWritten(byA())),
    'LEASE_EXISTS',
  )
  t.deepEqual(world.changes(), [])
})

test('a create is held only if nobody waits for that name', t => {
  const world = overGrpc()
  waiterOf(world)
  world.core.delete(leader, world.time)
  t.is(
    codeOf(() => world.createWritten(byB)),
    'LEASE_HELD',
  )
  t.is(world.createWritten({ labels: { app: 'x' } }).state, 'unheld')
  world.settle()
  t.is(world.get().holderIdentity, 'W')
})

test('a create without a name gets one that begins as told', t => {
  const world = new CoreWorld()
  const image = world.createWritten(byA(), { name: '', generateName: 'node-' })
  t.regex(image.name, /^node-[a-z0-9]{5}$/)
  t.is(image.generateName, 'node-')
})

test('validateOnly tells what a create would give, and creates nothing', t => {
  for (const lease of [byA(), {}]) {
    const world = new CoreWorld()
    const told = world.createWritten(lease, { validateOnly: true })
    t.is(world.table.size, 0)
    t.deepEqual(world.changes(), [])
    const { uid: _, ...done } = world.createWritten(lease)
    t.like(told, done)
  }
})

// Which lease

test('a lease that is not there cannot be written', t => {
  t.is(
    codeOf(() => new CoreWorld().write(byA())),
    'LEASE_NOT_FOUND',
  )
})

test('a write is refused that names another uid or revision than the lease has', t => {
  const world = written()
  const { uid, revision } = world.get()
  for (const wrong of [{ uid: 'other' }, { resourceVersion: String(revision - 1) }]) {
    t.is(
      codeOf(() => world.write(byB, wrong)),
      'REVISION_MISMATCH',
    )
  }
  t.is(world.write(byB, { uid, resourceVersion: String(revision) }).holderIdentity, 'B')
})

test('a write with the wrong revision expires nothing', t => {
  const world = written()
  world.pass(durationMs)
  t.is(
    codeOf(() => world.write(byB, { resourceVersion: '1' })),
    'REVISION_MISMATCH',
  )
  t.deepEqual(world.changes(), [])
})

// Nothing

test('a write of what is there changes nothing and takes no revision', t => {
  const world = written({ ...byA(), labels: { app: 'x' }, renewTime: -62_135_596_798_000_000n })
  const before = world.get()
  t.deepEqual(world.write(edited(world)), before)
  t.deepEqual(world.write({ ...edited(world), annotations: {}, finalizers: [] }), before)
  t.deepEqual(world.changes(), [])
  t.true(expiresIn(world, durationMs))
})

test('a duration as Kubernetes shows it, in whole seconds, is not another one', t => {
  const world = new CoreWorld()
  world.acquire({ leaseDurationMs: 1_500 })
  const shown = edited(world, { leaseDurationMs: 2_000 })
  t.is(meaningOf(world.get(), shown), 'nothing')
  t.is(world.write({ ...shown, labels: { app: 'x' } }).leaseDurationMs, 1_500)
  t.is(meaningOf(world.get(), edited(world, { leaseDurationMs: 1_000 })), 'refused')
})

test('whoever takes a lease has the very duration that it wrote, be it what Kubernetes showed', t => {
  const world = new CoreWorld()
  world.acquire({ leaseDurationMs: 1_500 })
  world.pass(1_500)
  t.is(world.write(edited(world, { holderIdentity: 'B', leaseDurationMs: 2_000 })).leaseDurationMs, 2_000)
  t.true(expiresIn(world, 2_000))
})

// Renewal

test('the holder renews by another renewTime, later or earlier, which is kept exactly as written', t => {
  for (const renewTime of [2, 0, -5_000_000, Number.MAX_SAFE_INTEGER]) {
    const world = written()
    world.pass(10_000)
    t.is(world.write(byA(renewTime)).renewTime, renewTime)
    t.like(world.records(), [{ type: 'renewed', renewTimes: [renewTime] }])
    t.true(expiresIn(world, durationMs))
  }
})

test('a renewal keeps the token', t => {
  const world = written()
  const { fencingToken, revision } = world.get()
  t.like(world.write(byA(2)), { fencingToken, revision: revision + 1, isWritten: true })
})

test('a renewTime that is no exact number, or none at all, renews as an update', t => {
  for (const renewTime of [-62_135_596_798_000_000n, undefined]) {
    const { renewTime: _, ...rest } = byA()
    const lease = renewTime === undefined ? rest : { ...rest, renewTime }
    const world = written()
    world.pass(10_000)
    t.deepEqual(writtenLease(world.write(lease)), lease)
    t.deepEqual(world.changes(), ['updated'])
    t.true(expiresIn(world, durationMs))
  }
})

test('a renewal past the deadline is an acquire under a new token, 1 ms before it is none', t => {
  for (const [ms, changes] of [
    [durationMs - 1, ['renewed']],
    [durationMs, ['expired', 'acquired']],
  ] as const) {
    const world = written()
    world.pass(ms)
    world.write(byA(2))
    t.deepEqual(world.changes(), changes)
  }
})

test('a renewal takes no time away, whatever was read before it', t => {
  const world = written()
  const { time } = world
  world.pass(5_000)
  world.write(byA(2))
  world.core.write({ ...leader, lease: byA(3) }, time)
  t.true(expiresIn(world, durationMs))
})

// Update

test('other fields are written without touching the tenancy or its deadline', t => {
  const world = written()
  const { fencingToken } = world.get()
  world.pass(10_000)
  const lease = { ...byA(), labels: { app: 'x' }, acquireTime: 9, leaseTransitions: 3, preferredHolder: 'B' }
  t.like(world.write(lease), { ...lease, fencingToken, state: 'held', isWritten: true })
  t.deepEqual(world.changes(), ['updated'])
  t.true(expiresIn(world, durationMs - 10_000))
})

test('with another renewTime beside them the deadline counts from receipt', t => {
  const world = written()
  world.pass(10_000)
  world.write({ ...byA(2), labels: { app: 'x' } })
  t.deepEqual(world.changes(), ['updated'])
  t.true(expiresIn(world, durationMs))
})

test('another duration counts from receipt, be it longer or shorter', t => {
  for (const leaseDurationMs of [60_000, 2_000]) {
    const world = written()
    world.pass(10_000)
    world.write({ ...byA(), leaseDurationMs })
    t.true(expiresIn(world, leaseDurationMs))
  }
})

test('what is left out is gone', t => {
  const world = written({
    ...byA(),
    labels: { app: 'x' },
    annotations: { a: 'b' },
    takeoverDelayMs: 500,
    strategy: 's',
  })
  t.deepEqual(writtenLease(world.write(byA())), byA())
})

// Transfer

test('a write that names another holder takes a written tenancy at once, under a new token', t => {
  const world = written()
  const { fencingToken } = world.get()
  world.pass(10_000)
  const image = world.write(byB)
  t.true(image.fencingToken > fencingToken)
  t.is(image.fencingToken, image.revision)
  t.deepEqual(writtenLease(image), byB)
  const { time, ...record } = world.transitions()[0] ?? {}
  t.deepEqual(record, { type: 'transferred', lease: image, previousHolder: 'A', cause: 'kubernetes-write' })
  t.true(expiresIn(world, durationMs))
})

test('a shorter duration of the new holder counts at once', t => {
  const world = written()
  world.write({ ...byB, leaseDurationMs: 1_000 })
  t.true(expiresIn(world, 1_000))
})

test('while others wait nobody takes a held lease by a write', t => {
  const world = written()
  waiterOf(world)
  const { code, details, message } = refusal(() => world.write(byB))
  t.is(code, 'LEASE_HELD')
  t.like(details, { lease: 'test/leader', holderIdentity: 'A' })
  t.regex(message, /others wait/)
  t.deepEqual(world.changes(), [])
})

// Release

test('a write that empties the holder releases the lease, with the fields as written', t => {
  const world = written()
  const { fencingToken } = world.get()
  const image = world.write(givenUp)
  t.deepEqual(writtenLease(image), givenUp)
  t.like(image, { state: 'released', fencingToken, freeSince: world.time.wallMicros, isWritten: undefined })
  t.like(world.transitions()[0], { type: 'released', previousHolder: 'A', cause: undefined })
})

test('the leftover duration of a release means nothing', t => {
  const world = written()
  world.write(givenUp)
  t.is(world.core.nextDeadline, Number.POSITIVE_INFINITY)
  world.pass(durationMs)
  world.settle()
  t.deepEqual(world.changes(), ['released'])
})

test('a write without the duration, or without the holder, releases, too', t => {
  for (const field of ['leaseDurationMs', 'holderIdentity'] as const) {
    const { [field]: _, ...lease } = byA()
    const world = written()
    t.is(world.write(lease).state, 'released')
  }
})

test('what is released goes to the first waiter', t => {
  const world = written()
  const waiter = waiterOf(world)
  world.write(givenUp)
  world.settle()
  t.like(world.get(), { holderIdentity: 'W', state: 'held', isWritten: undefined })
  t.is(pushesTo(world, waiter)[0]?.[1].type, 'granted')
})

test('a release leaves no takeover delay behind', t => {
  const world = written({ ...byA(), takeoverDelayMs: 4_000 })
  world.write({ ...givenUp, takeoverDelayMs: 4_000 })
  t.is(world.acquire({ holderIdentity: 'C' }).lease.holderIdentity, 'C')
})

// Acquire

test('a write that names a holder takes a lease that nobody has', t => {
  const unheld = new CoreWorld()
  unheld.createWritten({ holderIdentity: 'A' })
  const released = written()
  released.write(givenUp)
  for (const world of [unheld, released]) {
    const image = world.write(byB)
    t.is(image.fencingToken, image.revision)
    t.like(image, { ...byB, state: 'held', isWritten: true, freeSince: undefined })
    const record = world.transitions().at(-1)
    t.like(record, { type: 'acquired', previousHolder: undefined })
    t.true(expiresIn(world, durationMs))
  }
})

test('a lease with a holder and no duration is taken when the duration is written', t => {
  const world = new CoreWorld()
  world.createWritten({ holderIdentity: 'A' })
  t.is(world.write({ holderIdentity: 'A', leaseDurationMs: durationMs }).state, 'held')
})

test('an expired lease is taken by another holder, or by a renewal of its last one', t => {
  for (const lease of [byB, byA(2)]) {
    const world = written()
    world.pass(durationMs)
    world.settle()
    world.pass(500)
    const image = world.write(lease)
    t.deepEqual(writtenLease(image), lease)
    t.like(image, { state: 'held', fencingToken: image.revision })
    t.like(world.transitions()[1], { type: 'acquired', previousHolder: 'A', unheldMs: 500 })
    t.true(expiresIn(world, durationMs))
  }
})

test('an expired lease stays so when other fields are written', t => {
  const world = written()
  world.pass(durationMs)
  world.settle()
  world.write({ ...byA(), labels: { app: 'x' }, leaseDurationMs: 1_000 })
  t.like(world.get(), { state: 'expired', holderIdentity: 'A' })
  t.deepEqual(world.changes(), ['expired', 'updated'])
})

test('a lease that is due expires before the write is decided, and not 1 ms before', t => {
  for (const [ms, changes] of [
    [durationMs - 1, ['transferred']],
    [durationMs, ['expired', 'acquired']],
  ] as const) {
    const world = written()
    world.pass(ms)
    world.write(byB)
    t.deepEqual(world.changes(), changes)
  }
})

test('a free lease that others wait for is not taken by a write', t => {
  const world = written()
  world.pass(durationMs - 1)
  waiterOf(world)
  world.pass(1)
  t.is(
    codeOf(() => world.write(byB)),
    'LEASE_HELD',
  )
  world.settle()
  t.is(world.get().holderIdentity, 'W')
})

test('a write to a free lease that names no holder only changes its fields', t => {
  const world = written()
  waiterOf(world)
  world.write(givenUp)
  world.write({ ...givenUp, labels: { app: 'x' } })
  t.deepEqual(world.changes(), ['released', 'updated'])
})

// Takeover delay

test('within its takeover delay an expired lease goes back to the holder that wrote it, and to nobody else', t => {
  for (const lease of [byB, byA(2)]) {
    const world = written({ ...byA(), takeoverDelayMs: 4_000 })
    world.pass(durationMs)
    world.settle()
    const write = (): unknown => world.write({ ...lease, takeoverDelayMs: 4_000 })
    if (lease === byB) {
      const { code, details } = refusal(write)
      t.is(code, 'LEASE_HELD')
      t.is(details.retryAfterMs, 4_000)
      world.pass(3_999)
      t.throws(write)
      world.pass(1)
    } else waiterOf(world)
    t.notThrows(write)
  }
})

test('a takeover delay that began over gRPC keeps a write by the same identity out, too', t => {
  const world = new CoreWorld()
  world.acquire({ instance: instanceA, takeoverDelayMs: 4_000 })
  world.pass(durationMs)
  t.is(
    codeOf(() => world.write(byA())),
    'LEASE_HELD',
  )
  t.is(world.get().state, 'expired')
})

test('the takeover delay of a written tenancy keeps others out over gRPC', t => {
  const world = written({ ...byA(), takeoverDelayMs: 4_000 })
  world.pass(durationMs)
  t.is(
    codeOf(() => world.acquire({ instance: instanceA })),
    'LEASE_HELD',
  )
  world.pass(4_000)
  t.like(world.acquire().lease, { holderIdentity: 'A', isWritten: undefined })
})

// Tenancies over gRPC

test('a tenancy over gRPC is protected until its deadline: its holder, duration, times and count stay', t => {
  const world = overGrpc()
  const before = world.get()
  const other: WrittenLease[] = [
    { holderIdentity: 'B' },
    { holderIdentity: '' },
    { leaseDurationMs: 60_000 },
    { acquireTime: 1 },
    { renewTime: 1 },
    { leaseTransitions: 5 },
  ]
  world.pass(durationMs - 1)
  for (const changes of other) {
    const { code, message, details } = refusal(() => world.write(edited(world, changes)))
    t.is(code, 'LEASE_HELD', JSON.stringify(changes))
    t.regex(message, /test\/leader is held by A over gRPC.*revoke it/)
    t.like(details, { lease: 'test/leader', holderIdentity: 'A', fencingToken: before.fencingToken })
  }
  t.deepEqual(world.get(), before)
  world.pass(1)
  t.is(world.write(edited(world, { holderIdentity: 'B' })).holderIdentity, 'B')
})

test('the metadata of a tenancy over gRPC may be written, which renews nothing', t => {
  const world = overGrpc()
  world.pass(10_000)
  const image = world.write(edited(world, { labels: { app: 'x' }, takeoverDelayMs: 500, preferredHolder: 'B' }))
  t.like(image, { labels: { app: 'x' }, state: 'held', instance: instanceA, isWritten: undefined })
  t.true(expiresIn(world, durationMs - 10_000))
})

test('a grant that is not confirmed lapses though its lease is edited', t => {
  const world = written()
  waiterOf(world)
  world.write(givenUp)
  world.settle()
  world.write(edited(world, { labels: { app: 'x' } }))
  world.pass(3_000)
  world.settle()
  t.like(world.transitions().at(-1), { type: 'expired', cause: 'unconfirmed' })
})

test('over gRPC a written tenancy is waited for like any', t => {
  const world = written()
  t.is(
    codeOf(() => world.acquire({ holderIdentity: 'B' })),
    'LEASE_HELD',
  )
  const waiter = waiterOf(world)
  world.write(byA(2))
  for (let passed = 0; passed < durationMs; passed += 1_000) {
    world.pass(1_000)
    waiter.renew()
  }
  world.settle()
  t.is(world.get().holderIdentity, 'W')
})

test('nobody resumes a written tenancy, since it has no instance', t => {
  const world = written()
  t.is(
    codeOf(() => world.acquire({ instance: instanceA })),
    'LEASE_HELD',
  )
})

test('a process of the same holder supersedes a written tenancy, and is protected then', t => {
  const world = written()
  const { lease } = world.acquire({ instance: instanceA, supersede: true })
  t.is(lease.isWritten, undefined)
  t.like(world.transitions()[0], { type: 'transferred', cause: 'superseded', previousHolder: 'A' })
  t.is(
    codeOf(() => world.write(byB)),
    'LEASE_HELD',
  )
})

test('by its token a written tenancy is renewed, released and revoked like any', t => {
  for (const end of ['release', 'revoke'] as const) {
    const world = written()
    const { fencingToken } = world.get()
    world.pass(10_000)
    world.core.renew({ ...leader, fencingToken }, world.time)
    world.pass(durationMs - 1)
    t.like(world.core[end]({ ...leader, fencingToken }, world.time), { state: 'released', isWritten: undefined })
    t.is(
      codeOf(() => world.core.renew({ ...leader, fencingToken }, world.time)),
      'STALE_FENCING_TOKEN',
    )
  }
})

test('whoever takes an expired written lease over gRPC is protected', t => {
  const world = written()
  world.pass(durationMs)
  world.settle()
  t.true(world.get().isWritten)
  t.is(world.core.acquire(acquireOf({ holderIdentity: 'B' }), world.time).lease.isWritten, undefined)
})

// Deletion

test('a write that takes the last finalizer off a lease marked for deletion deletes it', t => {
  const world = written({ ...byA(), finalizers: ['a.b/c'] })
  world.core.delete(leader, world.time)
  t.is(world.get().state, 'held')
  world.write(edited(world, { labels: { app: 'x' } }))
  t.is(world.table.size, 1)
  const { finalizers: _, ...rest } = edited(world)
  world.write({ ...rest, ...byB })
  t.is(world.table.size, 0)
  const record = world.transitions().at(-1)
  t.like(record, { type: 'deleted', previousHolder: 'A' })
  t.like(record?.lease, { holderIdentity: 'A', finalizers: undefined })
  t.is(world.core.nextDeadline, Number.POSITIVE_INFINITY)
})

test('a deleted written lease goes to its first waiter', t => {
  const world = written()
  waiterOf(world)
  world.core.delete(leader, world.time)
  world.settle()
  t.is(world.get().holderIdentity, 'W')
})

test('a rule collects a written lease that nobody has held for long', t => {
  const world = new CoreWorld({ rules: [{ namespace: '', matches: () => true, expiredForMs: 60_000 }] })
  world.core.start(0)
  world.createWritten(byA())
  for (let minutes = 1; minutes <= 3; minutes++) {
    world.pass(60_000)
    world.settle()
  }
  t.is(world.table.size, 0)
})

// Time

test('after a start a written tenancy has its full duration afresh', t => {
  const world = written()
  world.pass(10_000)
  world.core.start(world.now)
  t.true(expiresIn(world, durationMs))
})

test('the longest duration of Kubernetes is kept to the ms', t => {
  const leaseDurationMs = (2 ** 31 - 1) * 1e3
  const world = written({ ...byA(), leaseDurationMs })
  t.is(world.core.expireTime(world.get(), world.time), world.time.wallMicros + leaseDurationMs * 1e3)
  t.is(world.core.nextDeadline, leaseDurationMs)
  t.true(expiresIn(world, leaseDurationMs))
})

// validateOnly

test('validateOnly tells what a write would come to, and changes nothing', t => {
  const writes: [Meaning, WrittenLease, object][] = [
    ['renewed', byA(2), { state: 'held', renewTime: 2 }],
    ['updated', { ...byA(), leaseDurationMs: 1_000 }, { state: 'held', leaseDurationMs: 1_000 }],
    ['transferred', byB, { state: 'held', holderIdentity: 'B', fencingToken: 102 }],
    ['released', givenUp, { state: 'released', fencingToken: 101 }],
  ]
  for (const [meaning, lease, expected] of writes) {
    const world = written()
    const before = world.get()
    t.is(meaningOf(before, lease), meaning)
    const told = world.write(lease, { validateOnly: true })
    t.like(told, expected)
    t.deepEqual(world.get(), before)
    t.deepEqual(world.changes(), [])
    t.deepEqual(world.write(lease), told)
  }
})

test('validateOnly tells of the expiry that is due, and does not expire', t => {
  const world = written()
  world.pass(durationMs)
  t.like(world.write(byB, { validateOnly: true }), { state: 'held', holderIdentity: 'B' })
  t.is(world.write(byA(), { validateOnly: true }).state, 'expired')
  t.is(world.get().state, 'held')
  t.deepEqual(world.changes(), [])
})

test('validateOnly is refused where the write would be', t => {
  const world = overGrpc()
  t.is(
    codeOf(() => world.write(byB, { validateOnly: true })),
    'LEASE_HELD',
  )
  const kept = written({ ...byA(), takeoverDelayMs: 4_000 })
  kept.pass(durationMs)
  t.is(
    codeOf(() => kept.write(byB, { validateOnly: true })),
    'LEASE_HELD',
  )
})

// What is shown

test("Kubernetes' JSON does not show how a tenancy began", t => {
  t.false(JSON.stringify(kubernetesLease(written().get())).includes('isWritten'))
})
