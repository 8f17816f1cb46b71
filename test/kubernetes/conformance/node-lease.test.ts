/**
 * What Kubernetes' end-to-end tests ask of the leases of nodes, as far as it is about leases. Owners are not asked for:
 * an agent has no Node object to name.
 * @see Kubernetes test/e2e/common/node/node_lease.go
 */
import test from 'ava'
import { startAgent } from '../../agents/agent-process.js'
import { leasesPath, startKubernetes } from '../../support/kubernetes.js'
import { until } from '../../support/until.js'

const path = `${leasesPath('kube-node-lease')}/node-1`

test('a node has a lease of its own name, which names it, and whose renewTime moves on while it lives', async t => {
  const { call, coordinator, stop } = await startKubernetes()
  t.teardown(stop)
  startAgent(t, coordinator.address, 'kubelet-heartbeat', '--node', 'node-1', '--renew-interval', '200ms')
  await until(async () => (await call('GET', path)).code === 200)
  const { spec } = (await call('GET', path)).body
  t.is(spec.holderIdentity, 'node-1')
  t.is(spec.leaseDurationSeconds, 40)
  const renewTimes = new Set<string>()
  await until(async () => {
    renewTimes.add((await call('GET', path)).body.spec.renewTime)
    return renewTimes.size === 4
  })
  t.deepEqual([...renewTimes], [...renewTimes].sort())
  t.regex(spec.renewTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('each of several nodes has its lease in kube-node-lease, and nobody else has one there', async t => {
  const { call, coordinator, stop } = await startKubernetes()
  t.teardown(stop)
  startAgent(t, coordinator.address, 'kubelet-heartbeat', '--node', 'node', '--nodes', '3')
  const items = async (): Promise<{ metadata: { name: string }; spec: { holderIdentity: string } }[]> =>
    (await call('GET', leasesPath('kube-node-lease'))).body.items
  await until(async () => (await items()).length === 3)
  t.deepEqual(
    (await items()).map(({ metadata, spec }) => [metadata.name, spec.holderIdentity]),
    [0, 1, 2].map(index => [`node-${index}`, `node-${index}`]),
  )
})
