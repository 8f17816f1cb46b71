import test from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectlWith } from '../support/leasectl.js'
import { listAll } from '../support/list-all.js'

let coordinator: TestCoordinator
let client: LeaseholdClient

test.before(async () => {
  coordinator = await startCoordinator()
  client = connectClient({ addresses: [coordinator.address] })
})

test.after.always(async () => {
  await client.close()
  await coordinator.stop()
})

const del = (...args: string[]) => runLeasectlWith('', '--address', coordinator.address, 'delete', ...args)
const deleted = (...names: string[]) => ({
  exitCode: 0,
  stdout: names.map(name => `lease.coordination.k8s.io "${name}" deleted\n`).join(''),
  stderr: '',
})

/** A namespace of its own with these leases. */
async function leases(namespace: string, ...names: string[]): Promise<void> {
  for (const name of names) await client.create({ namespace, name, labels: { pool: name } })
}
const left = async (namespace: string) => (await listAll(client, namespace)).map(({ name }) => name)

test('delete deletes by name, in each way to write it, held or not', async t => {
  await leases('named', 'a', 'b', 'c')
  await client.acquireOnce({ namespace: 'named', name: 'd', holderIdentity: 'h', leaseDurationMs: 600_000 })
  t.deepEqual(await del('lease', 'a', 'b', '-n', 'named'), deleted('a', 'b'))
  t.deepEqual(await del('lease/c', 'lease.coordination.k8s.io/d', '-n', 'named'), deleted('c', 'd'))
  t.deepEqual(await left('named'), [])
})

test('a lease that is not there is told, after the others were deleted', async t => {
  await leases('half', 'a')
  const { exitCode, stdout, stderr } = await del('lease', 'none', 'a', '-n', 'half')
  t.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: deleted('a').stdout })
  t.regex(stderr, /^leasectl: lease half\/none does not exist[^\n]*\n$/)
  t.deepEqual(await del('lease', 'none', '-n', 'half', '--ignore-not-found'), deleted())
})

test('delete deletes what selectors pick, and no more', async t => {
  await leases('picked', 'a', 'b', 'c')
  t.deepEqual(await del('leases', '-n', 'picked', '-l', 'pool in (a,b)'), deleted('a', 'b'))
  t.deepEqual(await left('picked'), ['c'])
  const none = await del('leases', '-n', 'picked', '-l', 'pool=a')
  t.deepEqual(none, { exitCode: 0, stdout: '', stderr: 'No resources found in picked namespace.\n' })
  t.deepEqual(await del('leases', '-n', 'picked', '--all'), deleted('c'))
})

test('delete -f deletes what a manifest names', async t => {
  await leases('filed', 'a', 'b')
  const text = ['a', 'b']
    .map(name => `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: ${name}, namespace: filed}\n`)
    .join('---\n')
  const run = await runLeasectlWith(text, 'delete', '-f', '-', '--address', coordinator.address)
  t.deepEqual(run, deleted('a', 'b'))
})

test('--dry-run=server deletes nothing, and -o name prints names', async t => {
  await leases('dry', 'a')
  const { stdout } = await del('lease', 'a', '-n', 'dry', '--dry-run=server')
  t.is(stdout, 'lease.coordination.k8s.io "a" deleted (server dry run)\n')
  t.deepEqual(await left('dry'), ['a'])
  t.is((await del('lease', 'a', '-n', 'dry', '-o', 'name')).stdout, 'lease.coordination.k8s.io/a\n')
})

test('a lease with finalizers is told to be on its way', async t => {
  await client.create({ namespace: 'final', name: 'a', finalizers: ['x.y/z'] })
  const { exitCode, stdout } = await del('lease', 'a', '-n', 'final')
  t.is(exitCode, 0)
  t.is(stdout, 'lease.coordination.k8s.io "a" is being deleted, once its finalizers are gone: x.y/z\n')
  t.deepEqual(await left('final'), ['a'])
})

const mistakes: [args: string[], told: RegExp][] = [
  [[], /say what to delete/],
  [['leases'], /say what to delete/],
  [['lease', 'a', '--all'], /names and --all cannot go together/],
  [['lease', 'a', '-l', 'x=y'], /a name and a selector cannot go together/],
  [['lease', 'a', '-A'], /by name in one namespace/],
  [['lease', 'a', '-f', 'x.yaml'], /-f names the leases/],
  [['-f', 'x.yaml', '--all'], /-f names the leases/],
  [['nodes', '--all'], /only leases are deleted/],
  [['lease', 'a', '-o', 'yaml'], /Allowed choices are name/],
]

for (const [args, told] of mistakes) {
  test(`delete ${args.join(' ')} deletes nothing and says what to write`, async t => {
    const { exitCode, stdout, stderr } = await del(...args)
    t.is(exitCode, 2)
    t.is(stdout, '')
    t.regex(stderr, told)
  })
}
