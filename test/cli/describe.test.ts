import test from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl } from '../support/leasectl.js'

let coordinator: TestCoordinator

test.before(async () => {
  coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  for (const name of ['a', 'b']) await client.create({ namespace: 'default', name })
  const holder = { holderIdentity: 'node-1', leaseDurationMs: 600_000 }
  await client.acquireOnce({ namespace: 'kube-node-lease', name: 'node-1', ...holder })
  await client.close()
})

test.after.always(() => coordinator.stop())

const describe = (...args: string[]) => runLeasectl('--address', coordinator.address, 'describe', ...args)

test('a lease is described by its name', async t => {
  const { exitCode, stdout, stderr } = await describe('lease', 'a')
  t.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  t.regex(stdout, /^Name: {9}a\nNamespace: {4}default\nLabels: {7}<none>\n/)
})

test('several stand apart by two empty lines', async t => {
  for (const words of [['leases'], ['lease', 'a', 'b'], ['lease/a', 'lease/b']]) {
    const { stdout } = await describe(...words)
    t.deepEqual(stdout.match(/(?<=(^|\n\n\n)Name: +)\w/g), ['a', 'b'])
  }
})

test('a node is described by its lease', async t => {
  const { stdout } = await describe('node', 'node-1')
  t.regex(stdout, /^Namespace: {4}kube-node-lease$/m)
  t.regex(stdout, /^ {2}State: {10}held$/m)
})

test('selectors select, and that there is nothing is told on standard error', async t => {
  t.regex((await describe('leases', '-A', '--field-selector', 'state=held')).stdout, /^Name: +node-1\n/)
  t.deepEqual(await describe('leases', '-l', 'app=none'), {
    exitCode: 0,
    stdout: '',
    stderr: 'No resources found in default namespace.\n',
  })
})

test('a lease that is not there is an error that names it', async t => {
  const { exitCode, stderr } = await describe('lease', 'none')
  t.is(exitCode, 1)
  t.regex(stderr, /^leasectl: [^\n]*default\/none[^\n]*\n$/)
})
