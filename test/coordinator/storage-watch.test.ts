import test from 'ava'
import { openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import { StorageWatch } from '../../services/coordinator/storage-watch.js'
import { settle } from '../support/virtual-clock.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

async function start(freeBytes: number) {
  const world = await VirtualCoordinator.start()
  world.store.freeBytes = freeBytes
  const changes: string[] = []
  const deposed: string[] = []
  const watch = new StorageWatch({
    journal: world.journal,
    coordinator: world.coordinator,
    minFreeBytes: 1_000,
    clock: world.clock,
    onChange: (isShort, bytes) => changes.push(`${isShort ? 'short' : 'enough'} ${bytes}`),
    onDeposed: error => deposed.push(error.name),
  })
  await watch.start()
  const isRefused = async (): Promise<boolean> => {
    const refused = world.acquire('x').then(
      () => false,
      () => true,
    )
    await world.pass(0)
    return refused
  }
  return { world, watch, changes, deposed, isRefused }
}

test('below the limit writes are refused, at the limit they are not', async t => {
  t.true(await (await start(999)).isRefused())
  t.false(await (await start(1_000)).isRefused())
})

test('the free space is looked at each second, and a change is told once', async t => {
  const { world, watch, changes, isRefused } = await start(5_000)
  t.deepEqual(changes, [])
  world.store.freeBytes = 500
  await world.pass(999)
  t.deepEqual(changes, [])
  for (let i = 0; i < 3; i++) {
    await world.pass(1_000)
    await settle()
  }
  t.deepEqual(changes, ['short 500'])
  t.true(watch.isShort)
  t.true(await isRefused())
  world.store.freeBytes = 2_000
  await world.pass(1_000)
  await settle()
  t.deepEqual(changes, ['short 500', 'enough 2000'])
  t.false(await isRefused())
})

test('a watch that is stopped looks no more', async t => {
  const { world, watch, changes } = await start(5_000)
  watch.stop()
  world.store.freeBytes = 1
  await world.pass(10_000)
  t.deepEqual(changes, [])
})

test('a coordinator that is idle hears within a second that another has the journal, once', async t => {
  const { world, deposed } = await start(5_000)
  openMemoryJournal(world.store)
  for (let i = 0; i < 3; i++) {
    await world.pass(1_000)
    await settle()
  }
  t.deepEqual(deposed, ['JournalFenced'])
})
