import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Lease, LeaseholdClient } from '../../../client/index.js'
import { until } from '../../support/until.js'
import { coordinator, startAgent } from '../agent-process.js'

const namespace = 'kube-node-lease'

/** For tests that wait for an expiry. */
const brief = ['--lease-duration', '3s', '--renew-interval', '500ms'] as const

async function nodeLease(client: LeaseholdClient, name: string): Promise<Lease | undefined> {
  return client.get({ namespace, name }).catch(() => undefined)
}

const isAlive = async (client: LeaseholdClient, name: string): Promise<boolean> =>
  (await nodeLease(client, name))?.state === 'held'

test.serial('a node keeps its lease over many times its duration', async t => {
  const { address, client } = await coordinator(t)
  startAgent(t, address, 'kubelet-heartbeat', '--node', 'node-1', '--lease-duration', '4s', '--renew-interval', '200ms')
  await until(() => isAlive(client, 'node-1'))
  const first = await nodeLease(client, 'node-1')
  const types: string[] = []
  let renewals = 0
  for await (const { type } of client.watch({ namespace, name: 'node-1', includeRenewals: true })) {
    types.push(type)
    if (type === 'renewed') renewals++
    if (renewals > 20) break
  }
  t.false(types.includes('expired'))
  t.like(await nodeLease(client, 'node-1'), { holderIdentity: 'node-1', fencingToken: first?.fencingToken })
})

test.serial('a process that is started again supersedes the older one, which exits with 3', async t => {
  const { address, client } = await coordinator(t)
  const older = startAgent(t, address, 'kubelet-heartbeat', '--node', 'node-1')
  await until(() => isAlive(client, 'node-1'))
  const before = (await nodeLease(client, 'node-1'))?.fencingToken ?? 0
  const newer = startAgent(t, address, 'kubelet-heartbeat', '--node', 'node-1')
  t.is(await older.exitCode(), 3)
  const lease = await nodeLease(client, 'node-1')
  t.like(lease, { state: 'held', holderIdentity: 'node-1' })
  t.true((lease?.fencingToken ?? 0) > before)
  t.is(newer.end(), undefined)
})

test.serial('a stopped node leaves its lease, which runs out', async t => {
  const { address, client } = await coordinator(t)
  const agent = startAgent(
    t,
    address,
    'kubelet-heartbeat',
    '--node',
    'node-1',
    '--lease-duration',
    '20s',
    '--renew-interval',
    '1s',
  )
  await until(() => isAlive(client, 'node-1'))
  agent.process.kill('SIGTERM')
  t.is(await agent.exitCode(), 0)
  t.true(await isAlive(client, 'node-1'))
  await until(async () => (await nodeLease(client, 'node-1'))?.state === 'expired')
  t.pass()
})

test.serial('the lease expires while the check fails, and is acquired again when it succeeds', async t => {
  const { address, client } = await coordinator(t)
  const agent = startAgent(t, address, 'kubelet-heartbeat', '--node', 'node-1', ...brief, '--check', 'test -e healthy')
  await until(() => agent.log().includes('the check fails'))
  t.is(await nodeLease(client, 'node-1'), undefined)
  const healthy = join(agent.folder, 'healthy')
  writeFileSync(healthy, '')
  await until(() => isAlive(client, 'node-1'))
  const before = (await nodeLease(client, 'node-1'))?.fencingToken ?? 0
  rmSync(healthy)
  await until(async () => (await nodeLease(client, 'node-1'))?.state === 'expired')
  writeFileSync(healthy, '')
  await until(() => isAlive(client, 'node-1'))
  t.true(((await nodeLease(client, 'node-1'))?.fencingToken ?? 0) > before)
})

test.serial('hollow nodes have a lease each', async t => {
  const { address, client } = await coordinator(t)
  const options = ['--node', 'hollow', '--nodes', '500', '--renew-interval', '1s'] as const
  const agent = startAgent(t, address, 'kubelet-heartbeat', ...options, '--health-file', 'health.json')
  await until(async () => {
    let held = 0
    for await (const { leases } of client.list({ namespace, state: 'held' })) held += leases.length
    return held === 500
  })
  t.like(await nodeLease(client, 'hollow-499'), { holderIdentity: 'hollow-499', leaseDurationMs: 40_000 })
  agent.process.kill('SIGTERM')
  t.is(await agent.exitCode(), 0)
  t.false(existsSync(join(agent.folder, 'health.json')))
})
