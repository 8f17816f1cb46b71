import test from 'ava'
import { agent } from '../../../agents/scheduler-leader/agent.js'
import { AcquireError } from '../../../client/index.js'
import { systemClock } from '../../../clock/system-clock.js'
import { until } from '../../support/until.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { fakeContext } from '../fake-session.js'

const defaults = {
  lease: 'kube-scheduler',
  namespace: 'kube-system',
  identity: undefined,
  leaseDuration: 15_000,
  takeoverDelay: undefined as number | undefined,
  priority: 0,
  once: false,
}

const lease = { namespace: 'kube-system', name: 'kube-scheduler' }

const start = (options: Partial<typeof defaults> = {}) => {
  const clock = new VirtualClock()
  const fake = fakeContext(clock)
  return { clock, code: Promise.resolve(agent.run(fake.context, { ...defaults, ...options })), ...fake }
}

/** The same with the machine's clock and a command. */
const startCommand = (script: string) => {
  const fake = fakeContext(systemClock, { command: ['sh', '-c', script] })
  return { code: Promise.resolve(agent.run(fake.context, { ...defaults, leaseDuration: 600_000 })), ...fake }
}

test('the identity is the hostname and a UUID by default', async t => {
  const { clock, session } = start()
  await clock.run(0)
  t.regex(session.last.options.holderIdentity, /^host-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  t.like(session.last.options, { ...lease, leaseDurationMs: 15_000, priority: 0 })
})

test('a takeover delay goes to the lease', async t => {
  const { clock, session } = start({ takeoverDelay: 5_000 })
  await clock.run(0)
  t.is(session.last.options.takeoverDelayMs, 5_000)
})

test('a lost lease is waited for again under the same identity', async t => {
  const { clock, session } = start()
  await clock.run(0)
  session.last.grant(1)
  await clock.run(0)
  session.last.lose('expired')
  await clock.run(0)
  t.is(session.holds.length, 2)
  t.is(session.holds[0]?.options.holderIdentity, session.holds[1]?.options.holderIdentity)
})

test('with --once a lost lease ends the agent with 1', async t => {
  const { clock, session, code } = start({ once: true })
  await clock.run(0)
  session.last.grant(1)
  await clock.run(0)
  session.last.lose('revoked')
  t.is(await code, 1)
})

test('a stop while leading releases the lease', async t => {
  const { clock, session, stop, code } = start()
  await clock.run(0)
  session.last.grant(1)
  await clock.run(0)
  stop()
  t.is(await code, 0)
  t.true(session.last.isReleased)
})

test('a stop while waiting gives the place in the queue up', async t => {
  const { clock, session, stop, code } = start()
  await clock.run(0)
  stop()
  t.is(await code, 0)
  t.true(session.last.isReleased)
})

test('a full queue is tried again after 2 s', async t => {
  const { clock, session } = start()
  await clock.run(0)
  session.last.fail(new AcquireError(lease, 'QUEUE_FULL', 'too many wait'))
  await clock.run(1_999)
  t.is(session.holds.length, 1)
  await clock.run(1)
  t.is(session.holds.length, 2)
})

test('an acquire that can never succeed is an error', async t => {
  const { clock, session, code } = start()
  await clock.run(0)
  session.last.fail(new AcquireError(lease, 'INVALID_REQUEST', 'metadata.name: too long'))
  await t.throwsAsync(code, { instanceOf: AcquireError })
})

test('a command that ends by itself ends the agent with its code, after the release', async t => {
  const { session, code } = startCommand('exit 42')
  await until(() => session.holds.length === 1)
  session.last.grant(1)
  t.is(await code, 42)
  t.true(session.last.isReleased)
})

test('a command that a signal ended gives 128 and the number of the signal', async t => {
  const { session, code } = startCommand('kill -KILL $$')
  await until(() => session.holds.length === 1)
  session.last.grant(1)
  t.is(await code, 137)
})

test('the command knows its lease, its token, its holder and the coordinator', async t => {
  const script =
    'test "$LEASEHOLD_LEASE $LEASEHOLD_FENCING_TOKEN $LEASEHOLD_ADDRESS" = "kube-system/kube-scheduler 77 127.0.0.1:7070"' +
    ' && case $LEASEHOLD_HOLDER_IDENTITY in host-1_*) exit 9;; esac'
  const { session, code } = startCommand(script)
  await until(() => session.holds.length === 1)
  session.last.grant(77)
  t.is(await code, 9)
})

test('a command that does not exist gives 127', async t => {
  const fake = fakeContext(systemClock, { command: ['/nonexistent/command'] })
  const code = Promise.resolve(agent.run(fake.context, defaults))
  await until(() => fake.session.holds.length === 1)
  fake.session.last.grant(1)
  t.is(await code, 127)
})

test('the lease is released only when the command has ended', async t => {
  const { session, stop, code } = startCommand('trap "" TERM; echo $$; while :; do sleep 0.05; done')
  await until(() => session.holds.length === 1)
  session.last.grant(1)
  await until(() => session.last.isHeld())
  stop()
  t.false(session.last.isReleased)
  t.is(await code, 0)
  t.true(session.last.isReleased)
})

test('the command ends when the lease is lost, and the agent waits for the lease again', async t => {
  const { session, stop, code } = startCommand('exec sleep 1000')
  await until(() => session.holds.length === 1)
  session.last.grant(1)
  session.last.lose('revoked')
  await until(() => session.holds.length === 2)
  stop()
  t.is(await code, 0)
})
