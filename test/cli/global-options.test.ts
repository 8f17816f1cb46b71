import test from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl } from '../support/leasectl.js'

let coordinator: TestCoordinator

test.before(async () => {
  coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  await client.create({ namespace: 'shop', name: 'a' })
  await client.close()
})

test.after.always(() => coordinator.stop())

test('-n and --address may stand before the verb, behind it, or at the end, and -n=NAMESPACE is the same', async t => {
  const address = ['--address', coordinator.address]
  for (const args of [
    ['-n', 'shop', ...address, 'get', 'lease', '-o', 'name'],
    ['--namespace=shop', 'get', ...address, 'lease', '-o=name'],
    ['get', '-nshop', 'lease', '-oname', ...address],
    [...address, 'get', 'lease', '-o', 'name', '-n=shop'],
  ]) {
    t.deepEqual(await runLeasectl(...args), { exitCode: 0, stdout: 'lease.coordination.k8s.io/a\n', stderr: '' })
  }
})

test('a lease named without its namespace is in the one of -n', async t => {
  const check = (...args: string[]) => runLeasectl('--address', coordinator.address, 'check-token', ...args, '5')
  t.regex((await check('-n', 'shop', 'a')).stdout, /^stale/)
  t.regex((await check('-n', 'other', 'shop/a')).stdout, /^stale/)
  t.regex((await check('a')).stderr, /default\/a/)
})

test("what follows -- is the command's, also what looks like an option of leasectl", async t => {
  const script = 'test "$0 $1 $2" = "-n=x --namespace y"'
  const hold = ['hold', 'job', '--', 'sh', '-c', script, '-n=x', '--namespace', 'y']
  t.is((await runLeasectl('--address', coordinator.address, ...hold)).exitCode, 0)
})
