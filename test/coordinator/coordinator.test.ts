import test from 'ava'
import type { CommandKind } from '../../services/coordinator/coordinator.js'
import { openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import type { Instant } from '../../services/coordinator/lease/commands.js'
import type { LeaseError } from '../../services/coordinator/lease/errors.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import type { SessionRenewal } from '../../services/coordinator/lease/sessions.js'
import { acquireOf, instanceA, leader } from '../support/core.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

/** The types of the records of each entry after the first `skipped`. */
const typesOf = (entries: readonly (readonly LeaseRecord[])[], skipped: number): string[] =>
  entries.slice(skipped).map(records => records.map(({ type }) => type).join(' '))

/** How many revisions an entry takes. */
const changesOf = (records: readonly LeaseRecord[]): number =>
  records.reduce((sum, record) => sum + (record.type === 'renewed' ? record.leaseIds.length : 1), 0)

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fine',
    (error: LeaseError) => error.code,
  )

// Durable before it is told

test('an answer leaves when its entry is durable, and watchers and events before it', async t => {
  const world = await VirtualCoordinator.start()
  world.open.feed.watch({
    scope: { namespace: '', name: '' },
    matches: () => true,
    includeRenewals: true,
    deliver: changes => world.heard.push(`watch ${changes.map(({ type }) => type).join(' ')}`),
    cutOff: () => {},
  })
  world.disk.isSlow = true
  const answer = world.acquire('x')
  await world.pass(10_000)
  t.is(world.disk.waiting, 1)
  t.deepEqual(world.takeHeard(), [])
  await world.disk.flush()
  await answer
  await world.pass(0)
  t.deepEqual(world.takeHeard(), ['watch created', 'durable created', 'acquire x'])
})

test('a push leaves when its entry is durable', async t => {
  const world = await VirtualCoordinator.start()
  const session = world.openSession('A')
  const { sessions } = world.open
  void world.ask('take', 'write', (_, time) => sessions.acquire(session, { ...acquireOf(), priority: 0 }, time))
  await world.pass(0)
  world.takeHeard()
  world.disk.isSlow = true
  await world.pass(20_000)
  t.is(world.disk.waiting, 1)
  t.deepEqual(world.takeHeard(), [])
  await world.disk.flush()
  t.deepEqual(world.takeHeard(), ['durable expired', 'push A lost'])
})

test('what comes while an append is on its way becomes one entry', async t => {
  const world = await VirtualCoordinator.start()
  const before = world.store.entries.size
  world.disk.isSlow = true
  void world.acquire('a')
  await world.pass(0)
  void world.acquire('b')
  await world.pass(5)
  void world.acquire('c')
  void world.acquire('d')
  await world.pass(5)
  t.is(world.disk.waiting, 1, 'no second append before the first is done')
  await world.disk.flush()
  await world.pass(0)
  t.is(world.disk.waiting, 1)
  await world.disk.flush()
  t.deepEqual(typesOf(world.entries(), before), ['created', 'created created created'])
  t.deepEqual(
    world.takeHeard().filter(line => line.startsWith('acquire')),
    ['acquire a', 'acquire b', 'acquire c', 'acquire d'],
  )
})

test('a read waits for the newest entry before it, and makes none of its own', async t => {
  const world = await VirtualCoordinator.start()
  const before = world.store.entries.size
  world.disk.isSlow = true
  void world.acquire('x')
  await world.pass(0)
  void world.ask('read', 'read', ({ core }) => core.get({ ...leader, name: 'x' }))
  await world.pass(1_000)
  t.deepEqual(world.takeHeard(), [])
  await world.disk.flush()
  await world.pass(0)
  t.deepEqual(world.takeHeard(), ['durable created', 'acquire x', 'read'])
  void world.ask('read', 'read', ({ core }) => core.revision)
  await world.pass(0)
  t.deepEqual(world.takeHeard(), ['read'])
  t.is(world.store.entries.size, before + 1)
})

test('a refusal waits for what it rests on as well', async t => {
  const world = await VirtualCoordinator.start()
  world.disk.isSlow = true
  void world.acquire('x')
  const refused = codeOf(world.acquire('x', { holderIdentity: 'B' }))
  await world.pass(0)
  t.deepEqual(world.takeHeard(), [])
  await world.disk.flush()
  t.is(await refused, 'LEASE_HELD')
})

test('answers and pushes come in the order in which the commands came', async t => {
  const world = await VirtualCoordinator.start()
  const { sessions, core } = world.open
  const session = world.openSession('A')
  const submit = (name: string, step: (time: Instant) => unknown): void =>
    world.coordinator.submit({
      kind: 'write',
      arrivedAt: 0,
      decide: time => {
        step(time)
        return true
      },
      answer: () => world.heard.push(name),
      refuse: () => {},
    })
  submit('1 take', time => sessions.acquire(session, { ...acquireOf(), priority: 0 }, time))
  submit('2 read', () => core.get(leader))
  submit('3 revoke', time => core.revoke({ ...leader, fencingToken: 0 }, time))
  submit('4 read', () => core.get(leader))
  await world.pass(0)
  t.deepEqual(world.takeHeard(), ['durable created released', '1 take', '2 read', 'push A lost', '3 revoke', '4 read'])
})

// Expiry

test('a lease expires at its deadline with nobody asking, and in the same entry its first waiter has it', async t => {
  const world = await VirtualCoordinator.start()
  const { sessions } = world.open
  await Promise.all([world.acquire('leader', { leaseDurationMs: 4_000 }), world.pass(0)])
  const waiter = world.openSession('B')
  const command = { ...acquireOf({ holderIdentity: 'B' }), priority: 0, waitTimeoutMs: 60_000 }
  void world.ask('wait', 'write', (_, time) => sessions.acquire(waiter, command, time))
  await world.pass(0)
  const before = world.store.entries.size
  await world.pass(3_999)
  t.is(world.store.entries.size, before)
  await world.pass(1)
  t.deepEqual(typesOf(world.entries(), before), ['expired acquired'])
  t.is(world.takeHeard().at(-1), 'push B granted')
})

test('a timer decides nothing: what a poll has brought is decided before what is due expires', async t => {
  const world = await VirtualCoordinator.start()
  const fencingToken = await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)]).then(
    ([token]) => token,
  )
  await world.pass(3_950)
  const { clock, coordinator, open } = world
  const arrivedAt = open.leaseClock.now()
  clock.setTimer(49, () =>
    clock.afterPoll(() =>
      coordinator.submit({
        kind: 'keep',
        arrivedAt,
        decide: time => {
          open.core.renew({ ...leader, name: 'x', fencingToken }, time)
          return true
        },
        answer: () => {},
        refuse: () => {},
      }),
    ),
  )
  clock.block(60)
  await world.pass(0)
  t.is(await world.stateOf('x'), 'held')
})

test('a renewal that waits for its batch is in time if it was read in time', async t => {
  const world = await VirtualCoordinator.start()
  const [fencingToken] = await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  world.disk.isSlow = true
  void world.acquire('other')
  await world.pass(3_999)
  void world.renew('x', fencingToken)
  await world.pass(5_000)
  world.disk.isSlow = false
  await world.disk.flush()
  await world.pass(0)
  t.is(world.takeHeard().at(-1), 'renew x')
  t.is(world.open.core.get({ ...leader, name: 'x' }).state, 'expired', 'its time ran from when the renewal was read')
  t.deepEqual(typesOf(world.entries(), world.store.entries.size - 1), ['renewed expired'])
})

test('a lease does not expire while its renewal, read in time, waits for a later batch', async t => {
  const world = await VirtualCoordinator.start()
  const count = 10_001
  const session = world.openSession('A')
  const { sessions } = world.open
  await Promise.all([
    world.ask('take', 'write', (_, time) => {
      for (let i = 0; i < count; i++) {
        sessions.acquire(session, { ...acquireOf({ name: `lease-${i}`, leaseDurationMs: 4_000 }), priority: 0 }, time)
      }
    }),
    world.pass(0),
  ])
  await world.pass(3_990)
  world.takeHeard()
  const renewal: SessionRenewal = { session, holdings: session.handles.values(), renewed: 0 }
  world.coordinator.submit({
    kind: 'keep',
    arrivedAt: world.open.leaseClock.now(),
    decide: (time, limit) => sessions.renew(renewal, time, limit),
    answer: () => world.heard.push('renewed'),
    refuse: () => {},
  })
  world.clock.block(50)
  await world.pass(0)
  t.deepEqual(world.takeHeard(), ['durable renewed', 'durable renewed', 'renewed'])
  t.is(renewal.failures, undefined)
  t.is(world.open.table.counts.held, count)
})

test('what falls due while a batch is decided waits for the next, which reads the sockets first', async t => {
  const world = await VirtualCoordinator.start()
  await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  await world.pass(3_990)
  const before = world.store.entries.size
  void world.ask('slow', 'write', (open, time) => {
    world.clock.block(50)
    return open.core.acquire(acquireOf({ name: 'y' }), time)
  })
  await world.pass(0)
  t.deepEqual(typesOf(world.entries(), before), ['created', 'expired'])
})

// After a pause

/** Lets each poll bring a read, while `goesOn` says so; what they see of the lease. */
function bringReads(world: VirtualCoordinator, goesOn: (count: number) => boolean): string[] {
  const seen: string[] = []
  let count = 0
  const bring = (): void => {
    if (!goesOn(count++)) return
    void world.coordinator.execute('read', leases => seen.push(leases.get({ ...leader, name: 'x' }).state))
    world.clock.afterPoll(bring)
  }
  world.clock.afterPoll(bring)
  return seen
}

test('after a pause nothing expires until a poll brings nothing new', async t => {
  const world = await VirtualCoordinator.start()
  await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  await world.pass(3_950)
  world.clock.block(60_000)
  const seen = bringReads(world, count => count < 5)
  await world.pass(0)
  t.deepEqual(seen, ['held', 'held', 'held', 'held', 'held'])
  t.is(await world.stateOf('x'), 'expired')
})

test('after a pause the polls are waited for no longer than 1 s', async t => {
  const world = await VirtualCoordinator.start()
  await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  await world.pass(3_950)
  world.clock.block(60_000)
  let polls = 0
  const seen = bringReads(world, count => {
    if (seen.includes('expired') || count > 100) return false
    polls = count
    world.clock.block(50)
    return true
  })
  await world.pass(10_000)
  t.true(seen.includes('expired'))
  t.true(polls >= 20 && polls <= 24, `${polls} polls of 50 ms`)
})

test('a pause while it catches up after another begins no second batch beside the first', async t => {
  const world = await VirtualCoordinator.start()
  const { clock } = world
  world.disk.isSlow = true
  clock.block(60_000)
  clock.afterPoll(() => {
    clock.afterPoll(() => {
      clock.block(2_000)
      clock.afterPoll(() => void world.acquire('y'))
    })
    void world.acquire('x')
  })
  await world.pass(0)
  t.is(world.disk.waiting, 1)
  await world.disk.flush()
  await world.pass(0)
  await world.disk.flush()
  t.deepEqual(world.failures, [])
  t.is(await codeOf(VirtualCoordinator.start({ store: world.store })), 'fine')
})

test('a pause of an hour costs a lease 100 ms', async t => {
  const world = await VirtualCoordinator.start()
  await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  world.clock.block(3_600_000)
  await world.pass(3_899)
  t.is(await world.stateOf('x'), 'held')
  await world.pass(1)
  t.is(await world.stateOf('x'), 'expired')
})

// When the journal fails

test('a failing append is told once, and nothing that rests on it is answered', async t => {
  const world = await VirtualCoordinator.start()
  world.disk.isSlow = true
  void world.acquire('x')
  void world.ask('read', 'read', ({ core }) => core.get({ ...leader, name: 'x' }))
  await world.pass(0)
  await world.disk.fail('no space left')
  await world.pass(60_000)
  t.is(world.failures.length, 1)
  t.regex(world.failures[0]?.message ?? '', /no space left/)
  t.deepEqual(world.takeHeard(), [])
  t.is(await codeOf(world.acquire('y')), 'DRAINING')
})

test('a writer that was deposed stops at its next append', async t => {
  const world = await VirtualCoordinator.start()
  openMemoryJournal(world.store)
  void world.acquire('x')
  await world.pass(0)
  t.is(world.failures[0]?.name, 'JournalFenced')
  t.deepEqual(world.takeHeard(), [])
})

test('with little space writes are refused, and reads, renewals, releases and deletes go on', async t => {
  const world = await VirtualCoordinator.start()
  const [fencingToken] = await Promise.all([world.acquire('x'), world.pass(0)])
  world.coordinator.isStorageShort = true
  const kinds: Record<CommandKind, string> = { read: 'fine', write: 'STORAGE_FULL', keep: 'fine', end: 'fine' }
  for (const [kind, expected] of Object.entries(kinds) as [CommandKind, string][]) {
    const [code] = await Promise.all([codeOf(world.coordinator.execute(kind, () => undefined)), world.pass(0)])
    t.is(code, expected, kind)
  }
  await Promise.all([world.renew('x', fencingToken), world.pass(0)])
  world.coordinator.isStorageShort = false
  await t.notThrowsAsync(Promise.all([world.acquire('y'), world.pass(0)]))
})

// Bounds

test('beyond 200,000 waiting requests the next is OVERLOADED, but a session may still end', async t => {
  const world = await VirtualCoordinator.start()
  const refusals: LeaseError[] = []
  const submit = (kind: CommandKind): void =>
    world.coordinator.submit({
      kind,
      arrivedAt: 0,
      decide: () => true,
      answer: () => {},
      refuse: error => refusals.push(error),
    })
  for (let i = 0; i < 200_000; i++) submit('keep')
  t.is(refusals.length, 0)
  submit('keep')
  t.is(refusals[0]?.code, 'OVERLOADED')
  t.true((refusals[0]?.details.retryAfterMs ?? 0) > 0)
  submit('end')
  t.is(refusals.length, 1)
  t.is(world.coordinator.queued, 200_001)
})

test('one entry holds 10,000 changes of commands at most: a greater renewal goes on, and is answered once', async t => {
  const world = await VirtualCoordinator.start()
  const session = world.openSession('A')
  const { sessions } = world.open
  const count = 25_000
  await Promise.all([
    world.ask('take', 'write', (_, time) => {
      for (let i = 0; i < count; i++) {
        sessions.acquire(session, { ...acquireOf({ name: `lease-${i}` }), priority: 0 }, time)
      }
    }),
    world.pass(0),
  ])
  const before = world.store.entries.size
  world.takeHeard()
  const renewal: SessionRenewal = { session, holdings: session.handles.values(), renewed: 0 }
  world.coordinator.submit({
    kind: 'keep',
    arrivedAt: world.open.leaseClock.now(),
    decide: (time, limit) => sessions.renew(renewal, time, limit),
    answer: () => world.heard.push('renewed'),
    refuse: () => {},
  })
  void world.ask('next', 'read', () => undefined)
  await world.pass(0)
  t.deepEqual(
    world
      .entries()
      .slice(before)
      .map(records => changesOf(records)),
    [10_000, 10_000, 5_000],
  )
  t.deepEqual(
    world.takeHeard().filter(line => !line.startsWith('durable')),
    ['renewed', 'next'],
  )
})

test('a batch decides for 20 ms at a stretch: slow reads let the sockets be read in between', async t => {
  const world = await VirtualCoordinator.start()
  const order: string[] = []
  for (let i = 0; i < 6; i++) {
    void world.coordinator.execute('read', () => {
      order.push(`read ${i}`)
      world.clock.block(10)
    })
  }
  const poll = (): void => {
    order.push('poll')
    if (order.length < 12) world.clock.afterPoll(poll)
  }
  world.clock.afterPoll(poll)
  await world.pass(0)
  t.true(order.indexOf('poll') < order.indexOf('read 2'), `${order}`)
  t.true(order.indexOf('poll', order.indexOf('read 2')) < order.indexOf('read 4'), `${order}`)
  t.true(order.includes('read 5'))
})

test('large leases close a batch at about 256 KiB, however many come or expire together', async t => {
  const sizes: number[] = []
  const world = await VirtualCoordinator.start({ onAppended: bytes => sizes.push(bytes) })
  const annotations = { note: 'x'.repeat(100_000) }
  for (let i = 0; i < 20; i++) {
    const changes = { annotations, leaseDurationMs: 4_000 }
    const create = { namespace: 'test', name: `lease-${i}`, holderIdentity: 'A', changes }
    void world.ask('create', 'write', ({ core }, time) => core.create(create, time))
  }
  await world.pass(0)
  await world.pass(4_000)
  t.is(world.open.table.counts.expired, 20)
  t.true(Math.max(...sizes) < 512 * 1024, `${sizes}`)
})

// Stop

test('stopping answers what was taken, and refuses what comes after', async t => {
  const world = await VirtualCoordinator.start()
  world.disk.isSlow = true
  void world.acquire('a')
  await world.pass(0)
  void world.acquire('b')
  let isStopped = false
  const stopped = world.coordinator.stop().then(() => {
    isStopped = true
  })
  t.is(await codeOf(world.acquire('c')), 'DRAINING')
  await world.pass(0)
  t.false(isStopped)
  world.disk.isSlow = false
  await world.disk.flush()
  await world.pass(0)
  await stopped
  t.deepEqual(
    world.takeHeard().filter(line => line.startsWith('acquire')),
    ['acquire c DRAINING', 'acquire a', 'acquire b'],
  )
})

test('a coordinator that is stopped writes nothing more, whatever comes due', async t => {
  const world = await VirtualCoordinator.start()
  await Promise.all([world.acquire('x', { leaseDurationMs: 4_000 }), world.pass(0)])
  world.coordinator.published(7)
  world.disk.isSlow = true
  const stopped = world.coordinator.stop()
  await world.pass(10_000)
  t.is(world.disk.waiting, 1, 'the cursor alone')
  world.disk.isSlow = false
  await world.disk.flush()
  await stopped
  const { size } = world.store.entries
  await world.pass(60_000)
  t.is(world.store.entries.size, size)
  t.deepEqual(world.failures, [])
  t.deepEqual(world.entries().at(-1), [{ type: 'published', throughRevision: 7 }])
})

// Restart

test('a new journal begins at the Unix time in microseconds', async t => {
  const clock = new VirtualClock()
  const wallMicros = clock.wallMicros()
  const world = await VirtualCoordinator.start({ clock })
  const [token] = await Promise.all([world.acquire('x'), world.pass(0)])
  t.is(token, wallMicros + 1)
})

test('an old journal goes on where it was, also when nothing was written since its beginning', async t => {
  const first = await VirtualCoordinator.start()
  first.crash()
  const second = await VirtualCoordinator.start({ store: first.store, clock: new VirtualClock(9e9) })
  t.is(second.open.core.revision, first.open.core.revision)
})

test('after a restart every held lease has its full duration afresh, and the same process its token', async t => {
  const first = await VirtualCoordinator.start()
  const fields = { instance: instanceA, leaseDurationMs: 4_000 }
  const [token] = await Promise.all([first.acquire('x', fields), first.pass(0)])
  await first.pass(3_900)
  first.crash()
  const second = await VirtualCoordinator.start({ store: first.store, clock: new VirtualClock(5_000_000) })
  await second.pass(3_999)
  const [resumed] = await Promise.all([second.acquire('x', fields), second.pass(0)])
  t.is(resumed, token)
  await second.pass(3_999)
  t.is(await second.stateOf('x'), 'held')
  await second.pass(1)
  t.is(await second.stateOf('x'), 'expired')
})

test('rules collect by themselves each minute, also over a restart, and say so in an event', async t => {
  const rules = [{ namespace: leader.namespace, matches: () => true, expiredForMs: 0 }]
  const first = await VirtualCoordinator.start({ rules })
  void first.acquire('x')
  await first.pass(40_000)
  t.is(await first.stateOf('x'), 'expired')
  first.crash()
  const second = await VirtualCoordinator.start({ rules, store: first.store, clock: first.clock })
  await second.pass(59_999)
  t.is(await second.stateOf('x'), 'expired')
  second.takeHeard()
  await second.pass(1)
  t.deepEqual(second.takeHeard(), ['durable deleted'])
  t.is(second.open.outbox.size, 3)
})

test('after a restart the full duration counts from when the first entry is durable', async t => {
  const first = await VirtualCoordinator.start()
  await Promise.all([first.acquire('x', { leaseDurationMs: 4_000 }), first.pass(0)])
  first.crash()
  const clock = new VirtualClock(5_000_000)
  const starting = VirtualCoordinator.start({ store: first.store, clock })
  const { beforeFlush } = first.store
  first.store.beforeFlush = async (sequence, size) => {
    for (let i = 0; i < 100; i++) clock.advance(90)
    await beforeFlush(sequence, size)
  }
  const second = await starting
  t.is(await second.stateOf('x'), 'held')
})

test('an acknowledged write survives a crash, and one that was not may be lost', async t => {
  const first = await VirtualCoordinator.start()
  await Promise.all([first.acquire('kept'), first.pass(0)])
  first.disk.isSlow = true
  void first.acquire('lost')
  await first.pass(0)
  first.crash()
  const second = await VirtualCoordinator.start({ store: first.store, clock: new VirtualClock(5_000_000) })
  t.is(await second.stateOf('kept'), 'held')
  await t.throwsAsync(second.stateOf('lost'), { message: /does not exist/ })
})

// The cursor of the outbox

test('how far events were published is in the journal within a second', async t => {
  const world = await VirtualCoordinator.start()
  const before = world.store.entries.size
  world.coordinator.published(7)
  await world.pass(999)
  world.coordinator.published(8)
  t.is(world.store.entries.size, before)
  await world.pass(1)
  t.deepEqual(world.entries().slice(before), [[{ type: 'published', throughRevision: 8 }]])
  await world.pass(60_000)
  t.is(world.store.entries.size, before + 1)
})

test('the cursor travels in the next entry, if one comes before', async t => {
  const world = await VirtualCoordinator.start()
  const before = world.store.entries.size
  world.coordinator.published(7)
  void world.acquire('x')
  await world.pass(10_000)
  t.deepEqual(typesOf(world.entries(), before), ['created published'])
})

test('the cursor is in the journal also when an append takes longer than its second', async t => {
  const world = await VirtualCoordinator.start()
  const before = world.store.entries.size
  world.disk.isSlow = true
  void world.acquire('x')
  await world.pass(0)
  world.coordinator.published(7)
  await world.pass(5_000)
  world.disk.isSlow = false
  await world.disk.flush()
  await world.pass(1_000)
  t.deepEqual(typesOf(world.entries(), before), ['created', 'published'])
})
