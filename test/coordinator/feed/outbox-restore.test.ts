import test, { type ExecutionContext } from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { systemClock } from '../../../clock/system-clock.js'
import type { Outbox } from '../../../services/coordinator/feed/outbox.js'
import { MemoryStore, openMemoryJournal } from '../../../services/coordinator/journal/memory-journal.js'
import { type OpenCoordinator, openCoordinator } from '../../../services/coordinator/open-coordinator.js'
import { Snapshots } from '../../../services/coordinator/snapshots.js'

const usualLimit = 10

/** A coordinator on a journal that outlives it. */
class Restartable {
  readonly #store = new MemoryStore(systemRandom)
  readonly #t: ExecutionContext

  constructor(t: ExecutionContext) {
    this.#t = t
  }

  /** @param onSlice told after each slice of a snapshot, which then has two items. */
  async start(
    outboxLimit = usualLimit,
    onSlice?: (open: OpenCoordinator) => void,
  ): Promise<{ open: OpenCoordinator; snapshot: () => Promise<void> }> {
    const journal = await openMemoryJournal(this.#store)
    const onFailure = (error: Error): never => {
      throw error
    }
    const open = await openCoordinator({ journal, clock: systemClock, random: systemRandom, outboxLimit, onFailure })
    this.#t.teardown(async () => {
      await open.coordinator.stop()
      open.leaseClock.stop()
      await journal.close()
    })
    const afterPoll = (run: () => void): void =>
      systemClock.afterPoll(() => {
        onSlice?.(open)
        run()
      })
    const snapshots = new Snapshots({
      open,
      journal,
      clock: { ...systemClock, afterPoll },
      ...(onSlice === undefined ? {} : { sliceSize: 2 }),
      everyBytes: 1,
      freeBytes: () => Infinity,
      onFailure,
    })
    const snapshot = (): Promise<void> => {
      snapshots.appended(1)
      return snapshots.idle()
    }
    return { open, snapshot }
  }
}

async function create({ coordinator }: OpenCoordinator, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    const name = `lease-${index}`
    await coordinator.execute('write', (leases, time) =>
      leases.create({ namespace: 'default', name, changes: {} }, time),
    )
  }
}

const content = (outbox: Outbox): unknown => ({ waiting: outbox.after(0, 1_000), state: outbox.state })

test('a restart has the outbox as it was, from entries alone', async t => {
  const restartable = new Restartable(t)
  const { open } = await restartable.start()
  await create(open, 0, 8)
  const restarted = await restartable.start()
  t.deepEqual(content(restarted.open.outbox), content(open.outbox))
  t.is(restarted.open.outbox.size, 8)
})

test('a restart has the outbox and its gap as they were, from a snapshot and what came after it', async t => {
  const restartable = new Restartable(t)
  const { open, snapshot } = await restartable.start()
  await create(open, 0, 25)
  await snapshot()
  await create(open, 25, 3)
  const restarted = await restartable.start()
  t.deepEqual(content(restarted.open.outbox), content(open.outbox))
  t.is(restarted.open.outbox.size, usualLimit)
  t.truthy(restarted.open.outbox.state.gap)
})

test('what NATS takes while a snapshot is taken is not in the outbox after a restart, rather than a part of it', async t => {
  const restartable = new Restartable(t)
  const { open, snapshot } = await restartable.start(usualLimit, ({ outbox }) => {
    const sixth = outbox.after(0, 6).at(5)
    if (outbox.size === 8 && sixth !== undefined) outbox.publishedThrough(sixth.revision)
  })
  await create(open, 0, 8)
  await snapshot()
  const restarted = await restartable.start()
  t.deepEqual(content(restarted.open.outbox), content(open.outbox))
  t.is(restarted.open.outbox.size, 2)
})

test('what was published is not in the outbox after a restart, once the journal has it', async t => {
  const restartable = new Restartable(t)
  const { open } = await restartable.start()
  await create(open, 0, 8)
  const third = open.outbox.after(0, 3).at(-1)?.revision ?? 0
  open.outbox.publishedThrough(third)
  open.coordinator.published(third)
  await create(open, 8, 1)
  t.is((await restartable.start()).open.outbox.size, 6)
})

test('the window is refilled by a restart: a watch resumes over it', async t => {
  const restartable = new Restartable(t)
  const { open } = await restartable.start()
  const { revision } = open.feed
  await create(open, 0, 5)
  const restarted = await restartable.start()
  const told: number[] = []
  restarted.open.feed.watch({
    resumeAfter: revision,
    scope: { namespace: '', name: '' },
    matches: () => true,
    includeRenewals: false,
    deliver: changes => told.push(...changes.map(({ lease }) => lease.revision)),
    cutOff: error => t.fail(error.message),
  })
  await create(restarted.open, 5, 1)
  t.deepEqual(
    told,
    [1, 2, 3, 4, 5, 6].map(index => revision + index),
  )
})

test('what happened without NATS is a gap when there is NATS again, as far as the journal has forgotten it', async t => {
  const restartable = new Restartable(t)
  const { open, snapshot } = await restartable.start(0)
  const { revision } = open.feed
  await create(open, 0, 5)
  t.is(open.outbox.size, 0)
  await snapshot()
  await create(open, 5, 2)
  const { outbox } = (await restartable.start()).open
  t.deepEqual(outbox.state.gap, { fromRevision: revision + 1, throughRevision: revision + 5 })
  t.is(outbox.size, 2)
})
