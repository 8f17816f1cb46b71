import test, { type ExecutionContext } from 'ava'
import { groupLives } from '../../../agents/runtime/process-group.js'
import type { Lease, LeaseholdClient } from '../../../client/index.js'
import { until } from '../../support/until.js'
import { type AgentProcess, coordinator, startAgent } from '../agent-process.js'

const lease = { namespace: 'kube-system', name: 'kube-scheduler' }
/** For tests that wait for an expiry. */
const brief = ['--lease-duration', '8s'] as const

/** A command that ignores SIGTERM, as does its child; it writes its group and its token. */
const stubborn = 'trap "" TERM; sleep 1000 & echo $LEASEHOLD_FENCING_TOKEN > token; echo $$ > group; wait'

function candidate(t: ExecutionContext, address: string, identity: string, ...argv: string[]): AgentProcess {
  return startAgent(t, address, 'scheduler-leader', '--identity', identity, ...argv)
}

/**
 * Resolves when the lease is watched, with a promise of whether the group lives when the coordinator tells that the
 * lease has expired, or was released.
 */
async function livesAt(
  client: LeaseholdClient,
  change: 'expired' | 'released',
  groupId: number,
): Promise<{ livesOn: Promise<boolean> }> {
  const changes = client.watch(lease)[Symbol.asyncIterator]()
  const see = async (type: string): Promise<void> => {
    for (;;) {
      const { done, value } = await changes.next()
      if (done) throw new Error('the watch ended')
      if (value.type === type) return
    }
  }
  await see('synced')
  return { livesOn: see(change).then(() => groupLives(groupId)) }
}

const ledBy = async (client: LeaseholdClient, identity: string): Promise<boolean> => {
  const found: Lease | undefined = await client.get(lease).catch(() => undefined)
  return found?.state === 'held' && found.holderIdentity === identity
}

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test.serial(
    `${signal} of a leading agent: its command is gone by the deadline, the next one leads, the old token is refused`,
    async t => {
      const { address, client } = await coordinator(t)
      const first = candidate(t, address, 'first', ...brief, '--', 'sh', '-c', stubborn)
      const oldGroup = Number(await first.read('group'))
      const oldToken = Number(await first.read('token'))
      const second = candidate(t, address, 'second', ...brief, '--', 'sh', '-c', stubborn)
      await until(() => second.log().includes('another one leads'))

      const { livesOn } = await livesAt(client, 'expired', oldGroup)
      first.process.kill(signal)
      t.false(await livesOn)

      const newToken = Number(await second.read('token'))
      t.true(newToken > oldToken)
      t.true(await ledBy(client, 'second'))
      t.false((await client.checkFencingToken({ ...lease, fencingToken: oldToken })).valid)
      t.true((await client.checkFencingToken({ ...lease, fencingToken: newToken })).valid)

      if (signal === 'SIGSTOP') {
        first.process.kill('SIGCONT')
        await until(() => first.log().includes('no longer leading'))
      }
      second.process.kill('SIGTERM')
      t.is(await second.exitCode(), 0)
    },
  )
}

test.serial('SIGTERM of a leading agent ends its command first and hands the lease over by a release', async t => {
  const { address, client } = await coordinator(t)
  const script = 'trap "echo ended > end; exit 0" TERM; echo $$ > group; while :; do sleep 0.05; done'
  const first = candidate(t, address, 'first', '--', 'sh', '-c', script)
  const group = Number(await first.read('group'))
  const second = candidate(t, address, 'second')
  await until(() => second.log().includes('another one leads'))
  const { livesOn } = await livesAt(client, 'released', group)
  first.process.kill('SIGTERM')
  t.false(await livesOn)
  t.is(await first.exitCode(), 0)
  t.is(await first.read('end'), 'ended')
  await until(() => ledBy(client, 'second'))
})

test.serial('the greater priority leads next, whoever came first', async t => {
  const { address, client } = await coordinator(t)
  const first = candidate(t, address, 'first')
  await until(() => ledBy(client, 'first'))
  const early = candidate(t, address, 'early', '--priority', '1')
  await until(() => early.log().includes('another one leads'))
  const urgent = candidate(t, address, 'urgent', '--priority', '2')
  await until(() => urgent.log().includes('another one leads'))
  first.process.kill('SIGTERM')
  await until(() => ledBy(client, 'urgent'))
  t.pass()
})

test.serial('the command prints to the agent, and its exit code is the exit code', async t => {
  const { address } = await coordinator(t)
  const agent = candidate(
    t,
    address,
    'only',
    '--',
    'sh',
    '-c',
    'echo "lease $LEASEHOLD_LEASE at $LEASEHOLD_ADDRESS"; exit 5',
  )
  t.is(await agent.exitCode(), 5)
  t.is(agent.output(), `lease kube-system/kube-scheduler at ${address}\n`)
})

test.serial('a revoked leader ends its command and waits for the lease again', async t => {
  const { address, client } = await coordinator(t)
  const agent = candidate(
    t,
    address,
    'only',
    '--',
    'sh',
    '-c',
    'echo $LEASEHOLD_FENCING_TOKEN >> tokens; exec sleep 1000',
  )
  await agent.read('tokens')
  await client.revoke(lease)
  await until(async () => (await agent.read('tokens')).split('\n').length === 2)
  const [before = 0, after = 0] = (await agent.read('tokens')).split('\n').map(Number)
  t.true(after > before)
})

test.serial(
  'a leader whose coordinator is gone ends its command before the deadline, and waits for the lease again',
  async t => {
    const { address, stop } = await coordinator(t)
    const agent = candidate(t, address, 'only', ...brief, '--', 'sh', '-c', stubborn)
    const group = Number(await agent.read('group'))
    await stop()
    await until(() => !groupLives(group))
    await until(() => agent.log().includes('no longer leading'))
    t.is(agent.end(), undefined)
    agent.process.kill('SIGTERM')
    t.is(await agent.exitCode(), 0)
  },
)
