/** Two processes of one holder: the one that started last stays, and the other one ends with 3 and says why. */
import test, { type ExecutionContext } from 'ava'
import type { Lease, LeaseholdClient, LeaseName } from '../../../client/index.js'
import { until } from '../../support/until.js'
import { type AgentProcess, coordinator, startAgent } from '../agent-process.js'
import { partition } from '../partition.js'

/** Expires soon where a test wants that; otherwise so late that no loaded machine loses it. */
const brief = ['--lease-duration', '3s', '--renew-interval', '500ms'] as const
const lasting = ['--lease-duration', '1h', '--renew-interval', '10s'] as const

const agents: readonly { argv: readonly string[]; lease: LeaseName }[] = [
  { argv: ['kubelet-heartbeat', '--node', 'node-1'], lease: { namespace: 'kube-node-lease', name: 'node-1' } },
  {
    argv: ['apiserver-identity', '--hostname', 'kind-control-plane'],
    lease: { namespace: 'kube-system', name: 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a' },
  },
]

const found = (client: LeaseholdClient, lease: LeaseName): Promise<Lease | undefined> =>
  client.get(lease).catch(() => undefined)

const logLines = (agent: AgentProcess): Record<string, unknown>[] =>
  agent
    .log()
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line))

/** The tokens under which the process has held the lease. */
const tokensOf = (agent: AgentProcess): unknown[] =>
  logLines(agent).flatMap(({ msg, fencingToken }) => (msg === 'lease held' ? [fencingToken] : []))

/** The process has ended with 3 and named the holder; the other one has the lease and keeps it. */
async function gaveWay(
  t: ExecutionContext,
  older: AgentProcess,
  newer: AgentProcess,
  client: LeaseholdClient,
  lease: LeaseName,
) {
  t.is(await older.exitCode(), 3)
  await until(() => tokensOf(newer).length > 0)
  const { state, holderIdentity, fencingToken } = await client.get(lease)
  t.is(state, 'held')
  t.deepEqual(tokensOf(newer), [fencingToken])
  const said = logLines(older).filter(({ msg }) => String(msg).startsWith('another process of this holder'))
  t.is(said.length, 1)
  t.like(said[0], { holderIdentity })
  t.is(newer.end(), undefined)
}

for (const { argv, lease } of agents) {
  const [name] = argv

  test.serial(
    `of two ${name} that start at once one holds, and the other one exits with 3 and says who does`,
    async t => {
      const { address, client } = await coordinator(t)
      const [one, other] = [startAgent(t, address, ...argv, ...lasting), startAgent(t, address, ...argv, ...lasting)]
      await until(() => one.end() !== undefined || other.end() !== undefined)
      if (one.end() === undefined) await gaveWay(t, other, one, client, lease)
      else await gaveWay(t, one, other, client, lease)
    },
  )

  test.serial(
    `${name}: a process that was stopped past its deadline does not take the lease back from a newer one`,
    async t => {
      const { address, client } = await coordinator(t)
      const older = startAgent(t, address, ...argv, ...brief)
      await until(() => tokensOf(older).length > 0)
      older.process.kill('SIGSTOP')
      await until(async () => (await found(client, lease))?.state === 'expired')
      const newer = startAgent(t, address, ...argv, ...lasting)
      await until(() => tokensOf(newer).length > 0)
      older.process.kill('SIGCONT')
      await gaveWay(t, older, newer, client, lease)
    },
  )

  test.serial(`${name}: a process that was cut off does not take the lease back from a newer one`, async t => {
    const { address, client } = await coordinator(t)
    const way = await partition(t, address)
    const older = startAgent(t, way.address, ...argv, ...brief)
    await until(() => tokensOf(older).length > 0)
    way.begin()
    const newer = startAgent(t, address, ...argv, ...lasting)
    await until(() => tokensOf(newer).length > 0)
    await until(() => older.log().includes('lease lost'))
    way.end()
    await gaveWay(t, older, newer, client, lease)
  })

  test.serial(`${name}: a lease that somebody else holds is waited for, and told of once`, async t => {
    const { address, client } = await coordinator(t)
    const hold = client.openSession().acquire({ ...lease, holderIdentity: 'somebody', leaseDurationMs: 60_000 })
    await hold.whenHeld()
    const agent = startAgent(t, address, ...argv, ...lasting)
    const refusals = (): unknown[] => logLines(agent).filter(({ reason }) => /held by somebody/.test(String(reason)))
    await until(() => refusals().length > 0)
    await hold.release()
    await until(() => tokensOf(agent).length > 0)
    t.is(refusals().length, 1)
  })
}
