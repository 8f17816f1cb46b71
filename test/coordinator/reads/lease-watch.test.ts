import test from 'ava'
import { LeaseError } from '../../../services/coordinator/lease/errors.js'
import { LeaseWatch, type LeaseWatchQuery, type Told } from '../../../services/coordinator/reads/lease-watch.js'
import { leader } from '../../support/core.js'
import { VirtualCoordinator } from '../../support/virtual-coordinator.js'

const { namespace } = leader

/** What is told in words, one word a lease. */
function wordsOf(told: Told): string[] {
  switch (told.type) {
    case 'leases':
      return told.leases.map(({ lease }) => lease.name)
    case 'changes':
      return told.changes.map(({ type, lease }) => `${type} ${lease.name}`)
    default:
      return [told.type]
  }
}

/** A watch whose face says each word by itself. */
function begin(world: VirtualCoordinator, query: Partial<LeaseWatchQuery> = {}) {
  const { coordinator, clock } = world
  const heard: string[] = []
  const made: string[] = []
  const untaken: (() => void)[] = []
  const watch = new LeaseWatch<string>({
    coordinator,
    clock,
    query: { namespace, name: '', matches: () => true, includeRenewals: false, compactRenewals: false, ...query },
    face: {
      *messagesOf(told) {
        for (const word of wordsOf(told)) {
          made.push(word)
          yield word
        }
      },
      write(word, onTaken) {
        heard.push(word)
        untaken.push(onTaken)
      },
    },
  })
  const ended = watch.run()
  return {
    watch,
    ended,
    heard,
    made,
    /** The client takes so many messages, as far as they come. */
    async take(count: number): Promise<void> {
      await world.pass(0)
      for (let taken = 0; taken < count; taken++) {
        untaken.shift()?.()
        await world.pass(0)
      }
    },
  }
}

async function withLeases(...names: string[]): Promise<VirtualCoordinator> {
  const world = await VirtualCoordinator.start()
  const acquired = Promise.all(names.map(name => world.acquire(name)))
  await world.pass(0)
  await acquired
  return world
}

async function acquire(world: VirtualCoordinator, name: string): Promise<void> {
  const acquired = world.acquire(name)
  await world.pass(0)
  await acquired
}

test('one message is on its way at a time, and the next is made when it was taken', async t => {
  const world = await withLeases('a', 'b')
  const { watch, ended, heard, made, take } = begin(world)
  await take(0)
  t.deepEqual(made, ['a'])
  await take(1)
  t.deepEqual(made, ['a', 'b'])
  await take(2)
  await acquire(world, 'c')
  t.deepEqual(heard, ['a', 'b', 'initial-state-end', 'created c'])
  watch.end()
  await t.notThrowsAsync(ended)
})

test('what happens during the initial state is told after it, unless the state shows it', async t => {
  const world = await withLeases('a')
  const { watch, heard, take } = begin(world)
  await take(0)
  await acquire(world, 'b')
  t.deepEqual(heard, ['a'])
  await take(2)
  t.deepEqual(heard, ['a', 'initial-state-end', 'created b'])
  watch.end()
})

test('a watch that is ended tells nothing more, and says why it ended', async t => {
  const world = await withLeases('a', 'b')
  const { watch, ended, heard, take } = begin(world)
  await take(0)
  const cause = new LeaseError('DRAINING', 'stopping')
  watch.end(cause)
  watch.end()
  t.is(await t.throwsAsync(ended), cause)
  await take(1)
  t.deepEqual(heard, ['a'])
  t.is(world.coordinator.feed.figures.watchers, 0)
})

test('a watch whose time is up says how far it is, where it says so at all, and ends without a cause', async t => {
  for (const bookmarks of [{}, { bookmarkIntervalMs: 60_000 }]) {
    const world = await withLeases('a')
    const { ended, heard, take } = begin(world, { ...bookmarks, lifetimeMs: 10_000 })
    await take(2)
    await world.pass(10_000)
    await take(1)
    await t.notThrowsAsync(ended)
    const last = 'bookmarkIntervalMs' in bookmarks ? ['bookmark'] : []
    t.deepEqual(heard, ['a', 'initial-state-end', ...last])
    t.is(world.coordinator.feed.figures.watchers, 0)
  }
})

test('the end of its time does not wait for a client that takes nothing', async t => {
  const world = await withLeases('a', 'b')
  const { ended, heard } = begin(world, { bookmarkIntervalMs: 60_000, lifetimeMs: 10_000 })
  await world.pass(10_000)
  await t.notThrowsAsync(ended)
  t.deepEqual(heard, ['a'])
})
