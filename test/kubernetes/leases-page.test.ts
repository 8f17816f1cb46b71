/**
 * What Kubernetes' documentation says that Leases do, sentence by sentence, held against the agents.
 * @see https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { statusLabel } from '../../agents/node-monitor/node-status.js'
import { connectClient, type Lease, type LeaseholdClient } from '../../client/index.js'
import { collectionRules, identityRules } from '../../services/coordinator/collection-rules.js'
import { coordinator, startAgent } from '../agents/agent-process.js'
import { temporaryDirectory } from '../support/coordinator-process.js'
import { runLeasectl } from '../support/leasectl.js'
import { until } from '../support/until.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

/** The hostnames of a cluster's control plane, and the names of their leases. */
const apiservers = {
  'kind-control-plane': 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a',
  'kind-control-plane2': 'kube-apiserver-fyloo45sdenffw2ugwaz3likua',
  'kind-control-plane3': 'kube-apiserver-dz2dqprdpsgnm756t5rnov7yka',
} as const

const componentLabel = 'k8s.io/component=kube-apiserver'

/** Waits until the lease is held by somebody else than before, and gives it. */
async function held(client: LeaseholdClient, namespace: string, name: string, before?: string): Promise<Lease> {
  let lease: Lease | undefined
  await until(async () => {
    lease = await client.get({ namespace, name }).catch(() => undefined)
    return lease?.state === 'held' && lease.holderIdentity !== before
  })
  if (lease === undefined) throw new Error(`there is no lease ${namespace}/${name}`)
  return lease
}

async function controlPlane(t: ExecutionContext): Promise<{ client: LeaseholdClient; address: string }> {
  const { client, address } = await coordinator(t)
  for (const hostname of Object.keys(apiservers)) startAgent(t, address, 'apiserver-identity', '--hostname', hostname)
  for (const name of Object.values(apiservers)) await held(client, 'kube-system', name)
  return { client, address }
}

async function listed(client: LeaseholdClient, labelSelector: string): Promise<Lease[]> {
  const leases: Lease[] = []
  for await (const page of client.list({ namespace: 'kube-system', labelSelector })) leases.push(...page.leases)
  return leases
}

test.serial('node heartbeats: every node has a lease of the same name in the namespace kube-node-lease', async t => {
  const { client, address } = await coordinator(t)
  for (const node of ['node-1', 'node-2']) startAgent(t, address, 'kubelet-heartbeat', '--node', node)
  for (const node of ['node-1', 'node-2']) {
    const lease = await held(client, 'kube-node-lease', node)
    t.like(lease, { holderIdentity: node, leaseDurationMs: 40_000 })
  }
})

test.serial('node heartbeats: each one updates spec.renewTime of the lease', async t => {
  const { client, address } = await coordinator(t)
  startAgent(t, address, 'kubelet-heartbeat', '--node', 'node-1', '--renew-interval', '100ms')
  const times = new Set<string>()
  await until(async () => {
    const lease = await held(client, 'kube-node-lease', 'node-1')
    times.add(lease.renewTime ?? '')
    return times.size === 4
  })
  t.deepEqual([...times], [...times].sort())
})

test.serial(
  'node heartbeats: their times say whether a node is available: Ready while they come, Unknown once they stop',
  async t => {
    const { client, address } = await coordinator(t)
    const heartbeat = ['--lease-duration', '3s', '--renew-interval', '500ms']
    startAgent(t, address, 'kubelet-heartbeat', '--node', 'alive', ...heartbeat)
    const dying = startAgent(t, address, 'kubelet-heartbeat', '--node', 'dying', ...heartbeat)
    startAgent(t, address, 'node-monitor', '--grace-period', '4s', '--labels-only')
    const status = async (name: string) =>
      (await client.get({ namespace: 'kube-node-lease', name }).catch(() => undefined))?.labels[statusLabel]
    await until(async () => (await status('alive')) === 'Ready' && (await status('dying')) === 'Ready')
    dying.process.kill('SIGKILL')
    await until(async () => (await status('dying')) === 'Unknown')
    t.is(await status('alive'), 'Ready')
  },
)

test.serial('leader election: one instance of a component runs at any time, while the others stand by', async t => {
  const { client, address } = await coordinator(t)
  const journal = join(await temporaryDirectory(t), 'journal')
  writeFileSync(journal, '')
  // Each instance says when it begins and, every 50 ms, that it still runs.
  const work = `while :; do echo $LEASEHOLD_FENCING_TOKEN >> ${journal}; sleep 0.05; done`
  const instances = ['a', 'b', 'c'].map(identity =>
    startAgent(
      t,
      address,
      ...['scheduler-leader', '--identity', identity, '--lease-duration', '2s'],
      ...['--', 'sh', '-c', work],
    ),
  )
  const running = new Map(instances.map((instance, index) => ['abc'[index] ?? '', instance]))
  let leader = ''
  while (running.size > 0) {
    const lease = await held(client, 'kube-system', 'kube-scheduler', leader)
    leader = lease.holderIdentity ?? ''
    await until(() => tokens(journal).includes(lease.fencingToken))
    const instance = running.get(leader)
    t.truthy(instance, `${leader} leads and should have ended`)
    running.delete(leader)
    instance?.process.kill(running.size % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
  }
  const order = tokens(journal)
  t.is(new Set(order).size, 3)
  // Once one of them wrote, none before it ever wrote again.
  t.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  )
})

const tokens = (path: string): number[] => readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number)

test.serial('API server identity: clients learn from the leases how many API servers there are', async t => {
  const { client } = await controlPlane(t)
  const leases = await listed(client, componentLabel)
  t.is(leases.length, 3)
  t.true(leases.every(({ state, leaseDurationMs }) => state === 'held' && leaseDurationMs === 3_600_000))
})

test.serial(
  'API server identity: the leases are in kube-system, named kube-apiserver- and a hash of the hostname, which a label tells',
  async t => {
    const { client } = await controlPlane(t)
    const found = (await listed(client, componentLabel)).map(({ name, labels }) => [
      labels['kubernetes.io/hostname'],
      name,
    ])
    t.deepEqual(Object.fromEntries(found), apiservers)
  },
)

test.serial('API server identity: the label k8s.io/component=kube-apiserver lists them, as kubectl does', async t => {
  const { address } = await controlPlane(t)
  const { stdout, exitCode } = await runLeasectl(
    ...['--address', address, '-n', 'kube-system', 'get', 'lease', '-l', componentLabel],
  )
  t.is(exitCode, 0)
  const [header, ...rows] = stdout.trimEnd().split('\n')
  t.regex(header ?? '', /^NAME {40}HOLDER {75}AGE$/)
  t.is(rows.length, 3)
  for (const [index, name] of Object.values(apiservers).sort().entries()) {
    t.regex(rows[index] ?? '', new RegExp(`^${name}   ${name}_[0-9a-f-]{36}   \\d+m?\\d*s$`))
  }
})

test.serial(
  'API server identity: a new API server under the same hostname takes the lease over under a new identity, and makes no new one',
  async t => {
    const { client, address } = await controlPlane(t)
    const name = apiservers['kind-control-plane2']
    const before = await held(client, 'kube-system', name)
    startAgent(t, address, 'apiserver-identity', '--hostname', 'kind-control-plane2')
    const after = await held(client, 'kube-system', name, before.holderIdentity)
    t.is(after.uid, before.uid)
    t.is((await listed(client, componentLabel)).length, 3)
  },
)

test('API server identity: the lease of one that is gone is collected after an hour, and others are not', async t => {
  const rules = collectionRules.parse(identityRules)
  const world = await VirtualCoordinator.start({ rules })
  const hour = { leaseDurationMs: 3_600_000, labels: { 'k8s.io/component': 'kube-apiserver' } }
  const namespace = 'kube-system'
  void world.acquire('gone', { namespace, ...hour })
  const token = world.acquire('alive', { namespace, ...hour })
  void world.acquire('scheduler', { namespace, leaseDurationMs: 3_600_000 })
  await world.pass(0)
  const names = () => world.state().map(({ name }) => name)
  const renewals = 7
  for (let i = 0; i < renewals; i++) {
    await world.pass(3_600_000 / renewals)
    if (i === renewals - 1) t.deepEqual(names(), ['gone', 'alive', 'scheduler'])
    const fencingToken = await token
    void world.coordinator.execute('keep', (leases, time) =>
      leases.renew({ namespace, name: 'alive', fencingToken }, time),
    )
    await world.pass(0)
  }
  await world.pass(60_000)
  t.deepEqual(names(), ['alive', 'scheduler'])
})

test('workloads: a controller of your own elects a leader by a lease of its own', async t => {
  const { address } = await coordinator(t)
  const replicas = ['example-a', 'example-b'].map(holderIdentity => ({
    holderIdentity,
    client: connectClient({ addresses: [address] }),
  }))
  const lease = { namespace: 'default', name: 'example-foo', leaseDurationMs: 15_000 }
  const work: string[] = []
  await Promise.all(
    replicas.map(async ({ holderIdentity, client }) => {
      await client.withLease({ ...lease, holderIdentity }, async hold => {
        t.true(hold.isHeld())
        work.push(`${holderIdentity} begins`)
        await client.get(lease)
        work.push(`${holderIdentity} ends`)
      })
      await client.close()
    }),
  )
  t.is(work.length, 4)
  t.is(work[0]?.replace('begins', 'ends'), work[1])
  t.is(work[2]?.replace('begins', 'ends'), work[3])
})
