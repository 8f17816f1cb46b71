import test from 'ava'
import type { SnapshotSize } from '../../services/coordinator/journal/snapshot.js'
import { Snapshots } from '../../services/coordinator/snapshots.js'
import { leader } from '../support/core.js'
import { transitionOf } from '../support/transition-bytes.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

interface World {
  world: VirtualCoordinator
  snapshots: Snapshots
  taken: SnapshotSize[]
  failures: Error[]
}

async function start(everyBytes: number): Promise<World> {
  let snapshots: Snapshots | undefined
  const world = await VirtualCoordinator.start({ onAppended: bytes => snapshots?.appended(bytes) })
  const taken: SnapshotSize[] = []
  const failures: Error[] = []
  snapshots = new Snapshots({
    open: world.open,
    journal: world.journal,
    clock: world.clock,
    everyBytes,
    freeBytes: () => world.store.freeBytes,
    onTaken: size => taken.push(size),
    onFailure: error => failures.push(error),
  })
  return { world, snapshots, taken, failures }
}

/** What a start on the same store finds. */
const restarted = (world: VirtualCoordinator): Promise<VirtualCoordinator> => {
  world.crash()
  return VirtualCoordinator.start({ store: world.store, clock: new VirtualClock(9_000_000) })
}

test('a snapshot is taken when so much was appended, and not before', async t => {
  const { world, snapshots, taken } = await start(4_000)
  let appended = 0
  for (let i = 0; world.store.snapshot === undefined && i < 1_000; i++) {
    void world.acquire(`lease-${i}`)
    await world.pass(0)
    appended = i
  }
  await snapshots.idle()
  t.is(taken.length, 1)
  t.true(appended > 5 && appended < 100, `${appended}`)
})

test('entries before a snapshot are forgotten, and a restart finds the same leases, tokens and revision', async t => {
  const { world, snapshots, taken, failures } = await start(2_000)
  for (let round = 0; round < 60; round++) {
    void world.acquire(`lease-${round}`, { labels: { round: String(round) } })
    await world.pass(10)
  }
  await world.pass(100)
  await snapshots.idle()
  t.true(taken.length > 1)
  t.deepEqual(failures, [])
  t.false(world.store.entries.has(1))
  const next = await restarted(world)
  t.deepEqual(next.state(), world.state())
  t.is(next.open.core.revision, world.open.core.revision)
  t.deepEqual(next.open.table.counts, world.open.table.counts)
})

test('leases that change, come and go while a snapshot is taken are as they were last', async t => {
  const { world, snapshots, taken, failures } = await start(200_000)
  // More than one slice, so that batches get in between.
  const count = 2_500
  void world.ask('many', 'write', ({ core }, time) => {
    for (let i = 0; i < count; i++) {
      core.acquire({ ...leader, name: `lease-${i}`, holderIdentity: 'A', leaseDurationMs: 60_000 }, time)
    }
  })
  let isDone = false
  const firstPiece = world.store.beforeFlush
  let pieces = 0
  world.store.beforeFlush = async (sequence, size) => {
    await firstPiece(sequence, size)
    if (sequence > 0 || isDone || ++pieces > 4) return
    // Between two pieces: change what was written, what is still to be written, and what is new.
    for (const name of [`lease-${pieces}`, `lease-${count - pieces}`]) {
      void world.ask('delete', 'keep', ({ core }, time) => core.delete({ ...leader, name }, time))
      void world.acquire(name, { holderIdentity: 'B' })
      void world.ask('update', 'write', ({ core }, time) =>
        core.update({ ...leader, name, changes: { labels: { a: 'b' } } }, time),
      )
    }
    void world.acquire(`new-${pieces}`)
    void world.ask('gone', 'keep', ({ core }, time) =>
      core.delete({ ...leader, name: `lease-${count - 50 - pieces}` }, time),
    )
  }
  for (let i = 0; i < 50 && taken.length === 0; i++) await world.pass(10)
  isDone = true
  await snapshots.idle()
  t.deepEqual(failures, [])
  t.true(pieces >= 3, `${pieces}`)
  t.true(taken.length > 0)
  t.not(world.store.snapshot, undefined)
  await world.pass(100)
  const next = await restarted(world)
  t.deepEqual(next.state(), world.state())
  t.is(next.open.core.revision, world.open.core.revision)
})

test('transitions that are not yet on NATS survive a snapshot and a restart', async t => {
  const { world, snapshots, taken } = await start(2_000)
  for (let i = 0; i < 40; i++) {
    void world.acquire(`lease-${i}`)
    await world.pass(10)
    if (i === 10) world.coordinator.published(world.open.core.revision)
  }
  await world.pass(2_000)
  await snapshots.idle()
  t.true(taken.length > 0)
  const waiting = (of: VirtualCoordinator) =>
    of.open.outbox.after(0, 1_000).map(packed => transitionOf(packed).lease.name)
  t.is(waiting(world).length, 29)
  t.deepEqual(waiting(await restarted(world)), waiting(world))
})

test('a snapshot that fails is told, the one before still counts, and the coordinator goes on', async t => {
  const { world, snapshots, taken, failures } = await start(2_000)
  for (let i = 0; i < 30 && taken.length === 0; i++) {
    void world.acquire(`lease-${i}`)
    await world.pass(10)
  }
  const { snapshot } = world.store
  world.journal.beginSnapshot = () => {
    throw new Error('no room for a snapshot')
  }
  for (let i = 30; i < 60; i++) {
    void world.acquire(`lease-${i}`)
    await world.pass(10)
  }
  await snapshots.idle()
  t.true(failures.length > 0)
  t.is(world.store.snapshot, snapshot)
  t.deepEqual((await restarted(world)).state(), world.state())
})

test('no snapshot is begun where the next one could not fit, and again when there is space', async t => {
  const { world, snapshots, taken } = await start(1_000)
  const go = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      void world.acquire(`lease-${world.open.table.size}`)
      await world.pass(10)
    }
    await snapshots.idle()
  }
  await go(30)
  const before = taken.length
  t.true(before > 0)
  world.store.freeBytes = 100
  await go(60)
  t.is(taken.length, before)
  world.store.freeBytes = Number.POSITIVE_INFINITY
  await go(5)
  t.is(taken.length, before + 1)
})
