import test from 'ava'
import { agent } from '../../../agents/kubelet-heartbeat/agent.js'
import { CheckGate } from '../../../agents/kubelet-heartbeat/check.js'
import { heartbeat } from '../../../agents/kubelet-heartbeat/heartbeat.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { fixedRandom } from '../../support/virtual-random.js'
import { fakeContext } from '../fake-session.js'

const lease = { namespace: 'kube-node-lease', name: 'node-1' }

const start = () => {
  const clock = new VirtualClock()
  const fake = fakeContext(clock)
  const options = { namespace: lease.namespace, leaseDurationMs: 40_000, renewIntervalMs: 10_000 }
  void heartbeat(lease.name, { ...options, session: fake.session }, fake.context)
  return { clock, ...fake }
}

/** A gate whose check fails while `wrong` says so. */
const checked = (clock: VirtualClock, intervalMs: number, random = fixedRandom()) => {
  const stop = new AbortController()
  const state: { wrong: string | undefined; checks: number } = { wrong: undefined, checks: 0 }
  const changes: (string | undefined)[] = []
  const gate = new CheckGate({
    check: async () => {
      state.checks++
      return state.wrong
    },
    intervalMs,
    clock,
    random,
    signal: stop.signal,
    changed: wrong => changes.push(wrong),
  })
  return { gate, state, changes, stop: () => stop.abort() }
}

test('the lease is named like the node, held by it, and superseded from an older process', async t => {
  const { clock, session } = start()
  await clock.run(0)
  t.deepEqual(session.last.options, {
    ...lease,
    holderIdentity: 'node-1',
    leaseDurationMs: 40_000,
    renewIntervalMs: 10_000,
    supersede: true,
    noWait: true,
  })
})

test('nothing is acquired before the first check has succeeded', async t => {
  const clock = new VirtualClock()
  const { gate, state } = checked(clock, 10_000)
  const { context, session } = fakeContext(clock)
  state.wrong = 'ill'
  void gate.run()
  void heartbeat('n', { namespace: 'x', leaseDurationMs: 40_000, renewIntervalMs: 10_000, gate, session }, context)
  await clock.run(9_999)
  t.is(session.holds.length, 0)
  state.wrong = undefined
  await clock.run(1)
  t.is(session.holds.length, 1)
})

test('the lease is not renewed while the check fails, and is acquired anew when it succeeds after the expiry', async t => {
  const clock = new VirtualClock()
  const { gate, state, changes } = checked(clock, 10_000)
  const { context, session } = fakeContext(clock)
  void gate.run()
  void heartbeat('n', { namespace: 'x', leaseDurationMs: 40_000, renewIntervalMs: 10_000, gate, session }, context)
  await clock.run(0)
  const [first] = session.holds
  first?.grant(1)
  await clock.run(5_000)
  t.true(first?.isRenewing)
  state.wrong = 'ill'
  await clock.run(5_000)
  t.false(first?.isRenewing)
  first?.lose('expired')
  await clock.run(30_000)
  t.is(session.holds.length, 1)
  state.wrong = undefined
  await clock.run(10_000)
  t.is(session.holds.length, 2)
  t.deepEqual(changes, [undefined, 'ill', undefined])
})

test('the lease is renewed again when the check succeeds before the expiry', async t => {
  const clock = new VirtualClock()
  const { gate, state } = checked(clock, 1_000)
  const { context, session } = fakeContext(clock)
  void gate.run()
  void heartbeat('n', { namespace: 'x', leaseDurationMs: 40_000, renewIntervalMs: 10_000, gate, session }, context)
  await clock.run(0)
  session.last.grant(1)
  state.wrong = 'ill'
  await clock.run(1_000)
  state.wrong = undefined
  await clock.run(1_000)
  t.true(session.last.isRenewing)
  t.is(session.holds.length, 1)
})

test('a check that fails between the acquire and the grant stops the renewals too', async t => {
  const clock = new VirtualClock()
  const { gate, state } = checked(clock, 1_000)
  const { context, session } = fakeContext(clock)
  void gate.run()
  void heartbeat('n', { namespace: 'x', leaseDurationMs: 40_000, renewIntervalMs: 10_000, gate, session }, context)
  await clock.run(0)
  state.wrong = 'ill'
  await clock.run(1_000)
  session.last.isRenewing = true
  session.last.grant(1)
  await clock.run(0)
  t.false(session.last.isRenewing)
})

for (const [fraction, intervalMs] of [
  [0, 10_000],
  [0.999_999, 10_400],
] as const) {
  test(`checks come ${intervalMs} ms after the end of the last with jitter ${fraction}`, async t => {
    const clock = new VirtualClock()
    const { gate, state, stop } = checked(clock, 10_000, fixedRandom(fraction))
    void gate.run()
    await clock.run(intervalMs - 1)
    t.is(state.checks, 1)
    await clock.run(1)
    t.is(state.checks, 2)
    stop()
    await clock.run(20_000)
    t.is(state.checks, 2)
  })
}

const defaults = {
  namespace: 'kube-node-lease',
  leaseDuration: 40_000,
  renewInterval: undefined,
  checkTimeout: 10_000,
  node: undefined,
  check: undefined,
  nodes: undefined,
}

test('the node is this host by default', async t => {
  const clock = new VirtualClock()
  const { context, session } = fakeContext(clock, { hostname: 'Host_7.local' })
  void agent.run(context, defaults)
  await clock.run(0)
  t.is(session.last.name, 'host-7.local')
})

test('a heartbeat comes when the coordinator says, unless the command line does', async t => {
  const clock = new VirtualClock()
  const { context, session } = fakeContext(clock)
  void agent.run(context, { ...defaults, node: 'a' })
  await clock.run(0)
  t.is(session.last.options.renewIntervalMs, undefined)
  void agent.run(context, { ...defaults, node: 'b', renewInterval: 5_000 })
  await clock.run(0)
  t.is(session.last.options.renewIntervalMs, 5_000)
})

test('hollow nodes begin within one renew interval, not all at once', async t => {
  const clock = new VirtualClock()
  let next = 0
  const random = { ...fixedRandom(), fraction: () => (next++ % 10) / 10 }
  const { context, session } = fakeContext(clock, { random })
  void agent.run(context, { ...defaults, node: 'n', nodes: 100 })
  await clock.run(0)
  t.is(session.holds.length, 10)
  await clock.run(10_000)
  t.is(new Set(session.holds.map(hold => hold.name)).size, 100)
})

test('hollow nodes that were superseded end, and the process goes on for the others', async t => {
  const clock = new VirtualClock()
  const { context, session } = fakeContext(clock)
  const code = Promise.resolve(agent.run(context, { ...defaults, node: 'n', nodes: 2 }))
  await clock.run(0)
  const [first, second] = session.holds
  first?.grant(1)
  second?.grant(2)
  first?.lose('superseded')
  await clock.run(60_000)
  t.is(await Promise.race([code, 'running']), 'running')
  t.is(session.holds.length, 2)
  second?.lose('superseded')
  t.is(await code, 3)
})

test('exits with 3 when every node is superseded, and with 0 when it is told to stop', async t => {
  const clock = new VirtualClock()
  const first = fakeContext(clock)
  const code = Promise.resolve(agent.run(first.context, { ...defaults, node: 'n' }))
  await clock.run(0)
  first.session.last.grant(1)
  first.session.last.lose('superseded')
  t.is(await code, 3)
  const second = fakeContext(clock)
  const stopped = Promise.resolve(agent.run(second.context, { ...defaults, node: 'n' }))
  await clock.run(0)
  second.stop()
  t.is(await stopped, 0)
  t.false(second.session.last.isReleased)
})

test('a renew interval beyond half of the lease duration is refused by its name', async t => {
  const { context } = fakeContext(new VirtualClock())
  await t.throwsAsync(async () => agent.run(context, { ...defaults, renewInterval: 20_001 }), {
    message: /--renew-interval/,
  })
})
