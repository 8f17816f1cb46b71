import test from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl, startLeasectl } from '../support/leasectl.js'
import { until } from '../support/until.js'

let coordinator: TestCoordinator
let client: LeaseholdClient
let address: [string, string]

test.before(async () => {
  coordinator = await startCoordinator()
  client = connectClient({ addresses: [coordinator.address] })
  address = ['--address', coordinator.address]
  const leaseDurationMs = 600_000
  await client.acquireOnce({ namespace: 'kube-system', name: 'scheduler', holderIdentity: 'host-a', leaseDurationMs })
  await client.create({ namespace: 'kube-system', name: 'idle', labels: { tier: 'spare' } })
  await client.create({ namespace: 'default', name: 'a' })
})

test.after.always(async () => {
  await client.close()
  await coordinator.stop()
})

/** Ages differ from run to run. */
const withoutAges = (text: string): string => text.replaceAll(/\b\d+s$/gm, 'AGE')

test('leases of a namespace as a table, sorted by name', async t => {
  const { exitCode, stdout } = await runLeasectl('get', 'leases', '-n', 'kube-system', ...address)
  t.is(exitCode, 0)
  t.is(withoutAges(stdout), 'NAME        HOLDER   AGE\nidle                 AGE\nscheduler   host-a   AGE\n')
})

test('without -n the namespace is default', async t => {
  const { stdout } = await runLeasectl('get', 'lease', ...address)
  t.is(withoutAges(stdout), 'NAME   HOLDER   AGE\na               AGE\n')
})

test('-A puts the namespace first', async t => {
  const { stdout } = await runLeasectl('get', 'leases', '-A', ...address)
  t.regex(stdout, /^NAMESPACE {5}NAME {8}HOLDER {3}AGE\n/)
  t.regex(stdout, /^default {7}a /m)
})

test('-o wide adds state and token', async t => {
  const { stdout } = await runLeasectl('get', 'lease', 'scheduler', '-n', 'kube-system', '-o', 'wide', ...address)
  const { fencingToken } = await client.get({ namespace: 'kube-system', name: 'scheduler' })
  t.regex(stdout, new RegExp(`^NAME +HOLDER +AGE +STATE +TOKEN\nscheduler +host-a +\\S+ +held +${fencingToken}\n$`))
})

test('-l selects by labels', async t => {
  const { stdout } = await runLeasectl('get', 'leases', '-A', '-l', 'tier=spare', '-o', 'name', ...address)
  t.is(stdout, 'lease.coordination.k8s.io/idle\n')
})

test('a lease by its name, in each way to write it', async t => {
  for (const words of [['lease', 'idle'], ['leases', 'idle'], ['lease/idle'], ['lease.coordination.k8s.io/idle']]) {
    const { stdout } = await runLeasectl('get', ...words, '-n', 'kube-system', '-o', 'name', ...address)
    t.is(stdout, 'lease.coordination.k8s.io/idle\n')
  }
})

test('several leases by name, in the order of the names', async t => {
  for (const words of [
    ['lease', 'scheduler', 'idle'],
    ['lease/scheduler', 'leases/idle'],
  ]) {
    const { stdout } = await runLeasectl('get', ...words, '-n', 'kube-system', '-o', 'name', ...address)
    t.is(stdout, 'lease.coordination.k8s.io/scheduler\nlease.coordination.k8s.io/idle\n')
  }
  const { stdout } = await runLeasectl(
    'get',
    'lease',
    'scheduler',
    'idle',
    '-n',
    'kube-system',
    '-o',
    'json',
    ...address,
  )
  t.is(JSON.parse(stdout).kind, 'List')
})

test('of several names those that are there are shown, the others are errors', async t => {
  const names = ['nobody', 'idle', 'none']
  const { exitCode, stdout, stderr } = await runLeasectl('get', 'lease', ...names, '-n', 'kube-system', ...address)
  t.is(exitCode, 1)
  t.is(withoutAges(stdout), 'NAME   HOLDER   AGE\nidle            AGE\n')
  t.regex(stderr, /^leasectl: [^\n]*kube-system\/nobody[^\n]*\nleasectl: [^\n]*kube-system\/none[^\n]*\n$/)
})

test('--field-selector selects by namespace, name, holder and state', async t => {
  const names = async (selector: string) =>
    (await runLeasectl('get', 'leases', '-n', 'kube-system', '--field-selector', selector, '-o', 'name', ...address))
      .stdout
  const [idle, scheduler] = ['lease.coordination.k8s.io/idle\n', 'lease.coordination.k8s.io/scheduler\n']
  t.is(await names('metadata.name=idle'), idle)
  t.is(await names('metadata.name!=idle,metadata.namespace=kube-system'), scheduler)
  t.is(await names('spec.holderIdentity=host-a'), scheduler)
  t.is(await names('spec.holderIdentity='), idle)
  t.is(await names('state=held'), scheduler)
  t.is(await names('state!=held'), idle)
  t.is(await names('state=expired'), '')
})

test('--sort-by sorts, and tables may be without a header', async t => {
  const { stdout } = await runLeasectl(
    'get',
    'leases',
    '-n',
    'kube-system',
    '--no-headers',
    '--sort-by',
    'spec.holderIdentity',
    ...address,
  )
  t.is(withoutAges(stdout), 'idle                 AGE\nscheduler   host-a   AGE\n')
  const byPrefix = await runLeasectl(
    'get',
    'leases',
    '-n',
    'kube-system',
    '-o',
    'name',
    '--sort-by',
    '.spec.none',
    ...address,
  )
  t.is(byPrefix.exitCode, 1)
  t.regex(byPrefix.stderr, /^leasectl: no lease has a value to sort by there[^\n]*\n$/)
})

test('-o jsonpath prints what the template makes of the lease, or of the List', async t => {
  const print = async (...args: string[]) => (await runLeasectl('get', ...args, '-n', 'kube-system', ...address)).stdout
  t.is(await print('lease', 'scheduler', '-o', 'jsonpath={.spec.holderIdentity}'), 'host-a')
  t.is(await print('leases', '-o=jsonpath={.items[?(@.metadata.labels.tier=="spare")].metadata.name}'), 'idle')
  t.is(await print('leases', '-l', 'tier=none', '-o', 'jsonpath={.items}'), '[]')
})

test('-o yaml is the object in the shape of Kubernetes', async t => {
  const { stdout } = await runLeasectl('get', 'lease', 'scheduler', '-n', 'kube-system', '-o', 'yaml', ...address)
  const keys = stdout.split('\n').flatMap(line => line.match(/^ *\w+/) ?? [])
  t.deepEqual(keys, [
    ...['apiVersion', 'kind'],
    ...['metadata', '  creationTimestamp', '  name', '  namespace', '  resourceVersion', '  uid'],
    ...['spec', '  acquireTime', '  holderIdentity', '  leaseDurationSeconds', '  leaseTransitions', '  renewTime'],
  ])
  t.regex(stdout, /^ {2}renewTime: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"$/m)
})

test('-o json of several is a List', async t => {
  const { stdout } = await runLeasectl('get', 'leases', '-n', 'kube-system', '-o', 'json', ...address)
  const list = JSON.parse(stdout)
  t.is(list.kind, 'List')
  t.deepEqual(
    list.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['idle', 'scheduler'],
  )
})

test('an empty namespace is told on standard error, and is no failure', async t => {
  const { exitCode, stdout, stderr } = await runLeasectl('get', 'leases', '-n', 'nobody', ...address)
  t.deepEqual(
    { exitCode, stdout, stderr },
    { exitCode: 0, stdout: '', stderr: 'No resources found in nobody namespace.\n' },
  )
})

test('a lease that is not there is an error that names it', async t => {
  const { exitCode, stdout, stderr } = await runLeasectl('get', 'lease', 'none', ...address)
  t.is(exitCode, 1)
  t.is(stdout, '')
  t.regex(stderr, /^leasectl: [^\n]*default\/none[^\n]*\n$/)
})

test('a malformed selector is an error that says so', async t => {
  const { exitCode, stderr } = await runLeasectl('get', 'leases', '-l', 'a=b=c', ...address)
  t.is(exitCode, 1)
  t.regex(stderr, /^leasectl: [^\n]*selector[^\n]*\n$/)
})

test('-w prints the table, then a row for each change but renewals, until it is stopped', async t => {
  const lease = { namespace: 'watched', name: 'one' }
  await client.create({ ...lease })
  const run = startLeasectl('get', 'leases', '-n', 'watched', '-w', ...address)
  await until(() => run.stdout().includes('one'))
  const { lease: taken } = await client.acquireOnce({ ...lease, holderIdentity: 'h', leaseDurationMs: 600_000 })
  await client.renew({ ...lease, fencingToken: taken.fencingToken })
  await client.delete(lease)
  await until(() => run.stdout().split('\n').length > 4)
  run.stop()
  t.is(await run.exitCode, 0)
  t.is(
    withoutAges(run.stdout()),
    'NAME   HOLDER   AGE\none             AGE\none    h        AGE\none    h        AGE\n',
  )
})

test('-w with a field selector tells a lease that enters it, and once that it leaves', async t => {
  const lease = { namespace: 'fields', name: 'one' }
  await client.create(lease)
  const run = startLeasectl(
    'get',
    'leases',
    '-n',
    'fields',
    '-w',
    '--field-selector',
    'state=held',
    '-o',
    'wide',
    ...address,
  )
  await until(async () => {
    const { lease: taken } = await client.acquireOnce({ ...lease, holderIdentity: 'h', leaseDurationMs: 600_000 })
    await client.release({ ...lease, fencingToken: taken.fencingToken })
    await client.update({ ...lease, labels: { a: String(taken.fencingToken) } })
    return /released/.test(run.stdout())
  })
  run.stop()
  await run.exitCode
  const states = run.stdout().match(/held|released|unheld/g) ?? []
  t.deepEqual(
    states,
    states.map((_, index) => (index % 2 === 0 ? 'held' : 'released')),
  )
})

test('-w of one lease tells only that one', async t => {
  await client.create({ namespace: 'pair', name: 'one' })
  const run = startLeasectl('get', 'lease', 'one', '-n', 'pair', '-w', '-o', 'name', ...address)
  await until(() => run.stdout() !== '')
  await client.create({ namespace: 'pair', name: 'two' })
  await client.update({ namespace: 'pair', name: 'one', labels: { a: 'b' } })
  await until(() => run.stdout().split('\n').length > 2)
  run.stop()
  await run.exitCode
  t.is(run.stdout(), 'lease.coordination.k8s.io/one\nlease.coordination.k8s.io/one\n')
})
