import test, { type ExecutionContext } from 'ava'
import type { Lease, LeaseholdClient } from '../../../client/index.js'
import { until } from '../../support/until.js'
import { type AgentProcess, coordinator, startAgent } from '../agent-process.js'

const lease = { namespace: 'kube-system', name: 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a' }

const apiserver = (t: ExecutionContext, address: string): AgentProcess =>
  startAgent(t, address, 'apiserver-identity', '--hostname', 'kind-control-plane')

/** Waits until a process that is not this one holds the lease. */
async function heldByOther(client: LeaseholdClient, holderIdentity = ''): Promise<Lease> {
  let found: Lease | undefined
  await until(async () => {
    found = await client.get(lease).catch(() => undefined)
    return found?.state === 'held' && found.holderIdentity !== holderIdentity
  })
  if (found === undefined) throw new Error('there is no lease')
  return found
}

test.serial('an API server publishes its identity: name, holder, labels, an hour', async t => {
  const { address, client } = await coordinator(t)
  apiserver(t, address)
  const found = await heldByOther(client)
  t.like(found, {
    labels: { 'k8s.io/component': 'kube-apiserver', 'kubernetes.io/hostname': 'kind-control-plane' },
    leaseDurationMs: 3_600_000,
  })
  t.regex(found.holderIdentity ?? '', new RegExp(`^${lease.name}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`))
})

for (const end of ['SIGKILL', 'SIGTERM', 'no signal'] as const) {
  test.serial(
    `a process on the same host takes the existing lease over under a new identity, after ${end} of the older one`,
    async t => {
      const { address, client } = await coordinator(t)
      const older = apiserver(t, address)
      const before = await heldByOther(client)
      if (end !== 'no signal') {
        older.process.kill(end)
        t.is(await older.exitCode(), end === 'SIGKILL' ? null : 0)
        t.is((await client.get(lease)).state, 'held')
      }
      apiserver(t, address)
      const after = await heldByOther(client, before.holderIdentity)
      t.is(after.uid, before.uid)
      t.is(after.creationTime, before.creationTime)
      t.true(after.fencingToken > before.fencingToken)
      t.deepEqual(after.labels, before.labels)
      if (end === 'no signal') t.is(await older.exitCode(), 3)
    },
  )
}

test.serial('labels that were taken off come back with the next process', async t => {
  const { address, client } = await coordinator(t)
  apiserver(t, address)
  const { labels, holderIdentity } = await heldByOther(client)
  await client.update({ ...lease, labels: { mine: 'x' } })
  apiserver(t, address)
  const after = await heldByOther(client, holderIdentity)
  t.deepEqual(after.labels, { ...labels, mine: 'x' })
})

test.serial('a hostname that cannot be a label is refused with exit code 2', async t => {
  const { address } = await coordinator(t)
  const agent = startAgent(t, address, 'apiserver-identity', '--hostname', 'x'.repeat(64))
  t.is(await agent.exitCode(), 2)
  t.regex(agent.log(), /--hostname.*at most 63 characters/)
})
