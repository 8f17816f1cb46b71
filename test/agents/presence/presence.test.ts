import test from 'ava'
import { pino } from 'pino'
import { checkRenewInterval, keepPresence } from '../../../agents/presence/presence.js'
import type { AgentContext } from '../../../agents/runtime/agent.js'
import { AcquireError } from '../../../client/index.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { fakeContext } from '../fake-session.js'

const [thisProcess, otherProcess] = [
  'api_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4',
  'api_2b1f0a7c-9d3e-4c5a-8f60-7a1b2c3d4e5f',
]
const lease = {
  namespace: 'kube-system',
  name: 'api',
  holderIdentity: thisProcess,
  leaseDurationMs: 40_000,
  renewIntervalMs: 10_000,
  labels: { a: 'b' },
}

/** A presence whose log is kept; `holder` is who the coordinator says has the lease. */
async function start() {
  const clock = new VirtualClock()
  const { context, session, stop } = fakeContext(clock)
  const lines: Record<string, unknown>[] = []
  const surroundings = {
    ...context,
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    // All that is asked of it.
    client: {
      get: async () => ({ holderIdentity: otherProcess, fencingToken: 7 }),
    } as unknown as AgentContext['client'],
  }
  const ending = keepPresence({ session, lease }, surroundings)
  await clock.run(0)
  return { clock, session, stop, ending, lines, surroundings }
}

const heldBy = (holderIdentity: string): AcquireError =>
  new AcquireError(lease, 'LEASE_HELD', `held by ${holderIdentity}`, { holderIdentity })

test('a process that starts supersedes, and never waits in the queue', async t => {
  const { session } = await start()
  t.deepEqual(session.last.options, { ...lease, supersede: true, noWait: true })
})

test('a process supersedes until it has held the lease, and not afterwards', async t => {
  const { clock, session } = await start()
  session.last.fail(new AcquireError(lease, 'OVERLOADED', 'later'))
  await clock.run(200)
  t.true(session.last.options.supersede)
  session.last.grant(1)
  session.last.lose('expired')
  await clock.run(0)
  t.is(session.holds.length, 3)
  t.like(session.last.options, { supersede: false, noWait: true })
})

test('a process whose grant was superseded before it heard of it has had its turn', async t => {
  const { session, ending } = await start()
  session.last.lose('superseded')
  t.is(await ending, 'superseded')
  t.is(session.holds.length, 1)
})

for (const cause of ['expired', 'revoked', 'deleted'] as const) {
  test(`a lease that was lost as ${cause} is acquired anew at once`, async t => {
    const { clock, session } = await start()
    session.last.grant(1)
    await clock.run(1_000)
    session.last.lose(cause)
    await clock.run(0)
    t.is(session.holds.length, 2)
  })
}

test('a superseded process ends, does not fight, and says who has the lease in one line', async t => {
  const { session, ending, lines } = await start()
  session.last.grant(1)
  session.last.lose('superseded')
  t.is(await ending, 'superseded')
  t.is(session.holds.length, 1)
  t.is(lines.length, 1)
  t.like(lines[0], { lease: 'kube-system/api', holderIdentity: otherProcess, fencingToken: 7 })
})

test('a superseded process ends too when nobody can say who has the lease', async t => {
  const { session, ending, lines, surroundings } = await start()
  surroundings.client.get = () => Promise.reject(new Error('unreachable'))
  session.last.grant(1)
  session.last.lose('superseded')
  t.is(await ending, 'superseded')
  t.is(lines[0]?.lease, 'kube-system/api')
})

for (const other of [otherProcess, 'api']) {
  test(`a process that comes back after its deadline ends when ${other} has the lease, and says so`, async t => {
    const { clock, session, ending, lines } = await start()
    session.last.grant(1)
    session.last.lose('expired')
    await clock.run(0)
    session.last.fail(heldBy(other))
    t.is(await ending, 'superseded')
    t.is(session.holds.length, 2)
    t.like(lines.at(-1), { lease: 'kube-system/api', holderIdentity: other })
  })
}

test('a process that comes back after its deadline takes a lease back that nobody has', async t => {
  const { clock, session, ending } = await start()
  session.last.grant(1)
  session.last.lose('expired')
  await clock.run(0)
  session.last.grant(2)
  await clock.run(60_000)
  t.is(session.holds.length, 2)
  t.is(await Promise.race([ending, 'running']), 'running')
})

for (const [when, hasHeld] of [
  ['at the start', false],
  ['after a loss', true],
] as const) {
  test(`a lease that somebody else holds ${when} is tried for again and again, and told of once`, async t => {
    const { clock, session, lines } = await start()
    if (hasHeld) {
      session.last.grant(1)
      session.last.lose('expired')
      await clock.run(0)
      lines.length = 0
    }
    for (let tries = 0; tries < 10; tries++) {
      session.last.fail(heldBy('somebody'))
      await clock.run(7_000)
    }
    t.is(session.holds.length, hasHeld ? 12 : 11)
    t.deepEqual(
      lines.map(({ reason }) => reason),
      ['held by somebody'],
    )
    session.last.fail(heldBy('somebody-else'))
    await clock.run(0)
    t.is(lines.length, 2)
  })
}

test('a process that comes back tries again while the lease is kept back for the one that had it last', async t => {
  const { clock, session, ending, lines } = await start()
  session.last.grant(1)
  session.last.lose('expired')
  await clock.run(0)
  for (const leftMs of [900, 700, 300]) {
    session.last.fail(new AcquireError(lease, 'LEASE_HELD', `kept for ${leftMs} ms more`))
    await clock.run(7_000)
  }
  t.deepEqual(
    lines.flatMap(({ reason }) => reason ?? []),
    ['kept for 900 ms more'],
  )
  session.last.grant(2)
  t.is(await Promise.race([ending, 'running']), 'running')
})

test('refused acquires are tried again after 200 ms, doubling to 7 s, and anew after a grant', async t => {
  const { clock, session } = await start()
  const isTriedAfter = async (delayMs: number): Promise<void> => {
    const before = session.holds.length
    session.last.fail(new AcquireError(lease, 'OVERLOADED', 'later'))
    await clock.run(delayMs - 1)
    t.is(session.holds.length, before)
    await clock.run(1)
    t.is(session.holds.length, before + 1)
  }
  for (const delayMs of [200, 400, 800, 1_600, 3_200, 6_400, 7_000, 7_000]) await isTriedAfter(delayMs)
  session.last.grant(1)
  await clock.run(0)
  session.last.lose('expired')
  await clock.run(0)
  await isTriedAfter(200)
})

test('an acquire that can never succeed is an error', async t => {
  const { session, ending } = await start()
  session.last.fail(new AcquireError(lease, 'INVALID_REQUEST', 'metadata.name: too long'))
  await t.throwsAsync(ending, { instanceOf: AcquireError })
})

test('a stop ends it, and releases nothing', async t => {
  const { session, stop, ending } = await start()
  session.last.grant(1)
  stop()
  await session.close()
  t.is(await ending, 'stopped')
  t.false(session.last.isReleased)
})

test('a renew interval beyond half of the lease duration is refused by its name', t => {
  t.notThrows(() => checkRenewInterval({ renewInterval: 20_000, leaseDuration: 40_000 }))
  t.throws(() => checkRenewInterval({ renewInterval: 20_001, leaseDuration: 40_000 }), { message: /--renew-interval/ })
})
