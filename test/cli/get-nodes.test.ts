import test from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl, startLeasectl } from '../support/leasectl.js'
import { until } from '../support/until.js'

let coordinator: TestCoordinator
let client: LeaseholdClient
let address: [string, string]

const leaseDurationMs = 600_000
const status = 'leasehold.dev/node-status'

test.before(async () => {
  coordinator = await startCoordinator()
  client = connectClient({ addresses: [coordinator.address] })
  address = ['--address', coordinator.address]
  const node = (name: string, labels = {}) =>
    client.acquireOnce({ namespace: 'kube-node-lease', name, holderIdentity: name, leaseDurationMs, labels })
  await node('node-1', { [status]: 'Ready', pool: 'gpu' })
  await node('node-2', { [status]: 'Unknown' })
  await node('node-3')
  await client.create({ namespace: 'kube-node-lease', name: 'node-4' })
})

test.after.always(async () => {
  await client.close()
  await coordinator.stop()
})

/** How long ago something was differs from run to run; the columns are as wide as their titles. */
const withoutAges = (text: string): string =>
  text.replaceAll(/\d+s +(?=\d+s)/g, 'AGO   ').replaceAll(/\b\d+s\b/g, 'AGE')

const lead = () =>
  client.acquireOnce({ namespace: 'kube-system', name: 'node-monitor', holderIdentity: 'm', leaseDurationMs })

test.serial('without a node-monitor that leads, one line says so', async t => {
  const { exitCode, stdout, stderr } = await runLeasectl('get', 'nodes', ...address)
  t.is(exitCode, 0)
  t.regex(stdout, /^NAME/)
  t.regex(stderr, /^leasectl: no node-monitor leads: STATUS is what it last said[^\n]*\n$/)
})

test.serial('nodes are listed with the status that the node-monitor gave, or by their leases', async t => {
  await lead()
  const { stdout, stderr } = await runLeasectl('get', 'nodes', ...address)
  t.is(stderr, '')
  t.is(
    withoutAges(stdout),
    `\
NAME     STATUS    HOLDER   LAST-HEARTBEAT   AGE
node-1   Ready     node-1   AGO   AGE
node-2   Unknown   node-2   AGO   AGE
node-3   Ready     node-3   AGO   AGE
node-4   Unknown            <unknown>        AGE
`,
  )
})

test.serial('-o wide adds the state of the lease and its token', async t => {
  await lead()
  const { stdout } = await runLeasectl('get', 'node', 'node-4', 'node-1', '-o', 'wide', ...address)
  const { fencingToken } = await client.get({ namespace: 'kube-node-lease', name: 'node-1' })
  t.regex(stdout, /^NAME +STATUS +HOLDER +LAST-HEARTBEAT +AGE +LEASE +TOKEN\nnode-4 .* unheld +\nnode-1 /)
  t.true(stdout.trimEnd().endsWith(`held     ${fencingToken}`), stdout)
})

test.serial('the other formats are those of the leases, selected and sorted alike, and warn of nothing', async t => {
  const print = (...args: string[]) => runLeasectl('get', 'nodes', ...args, ...address)
  const { stdout, stderr } = await print('-o', 'name', '-l', 'pool=gpu')
  t.deepEqual({ stdout, stderr }, { stdout: 'lease.coordination.k8s.io/node-1\n', stderr: '' })
  t.is(JSON.parse((await print('node-2', '-o', 'json')).stdout).metadata.namespace, 'kube-node-lease')
  const path = 'jsonpath={.items[?(@.metadata.labels.leasehold\\.dev/node-status=="Unknown")].metadata.name}'
  t.is((await print('-o', path)).stdout, 'node-2')
  t.is((await print('--sort-by', '.spec.renewTime', '-o', 'jsonpath={.items[0].metadata.name}')).stdout, 'node-4')
})

test.serial('-n names another namespace of nodes, and -A none', async t => {
  const everywhere = await runLeasectl('get', 'nodes', '-A', '-o', 'name', ...address)
  t.is(everywhere.stdout.split('\n').length, 5)
  const { stderr } = await runLeasectl('-n', 'default', 'get', 'nodes', '-o', 'name', ...address)
  t.is(stderr, 'No resources found in default namespace.\n')
})

test.serial('-w tells a node whose status changes', async t => {
  await lead()
  const run = startLeasectl('get', 'nodes', 'node-1', '-w', ...address)
  await until(() => run.stdout().includes('Ready'))
  await client.update({ namespace: 'kube-node-lease', name: 'node-1', labels: { [status]: 'Unknown', pool: 'gpu' } })
  await until(() => run.stdout().includes('Unknown'))
  run.stop()
  t.is(await run.exitCode, 0)
})
