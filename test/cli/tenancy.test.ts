import test, { type ExecutionContext } from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl } from '../support/leasectl.js'

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

const run = (...args: string[]) => runLeasectl('--address', coordinator.address, ...args)
const done = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })

/** A lease that host-a holds, and its token. */
async function held(name: string): Promise<{ namespace: string; name: string; token: string }> {
  const acquire = { namespace: 'shop', name, holderIdentity: 'host-a', leaseDurationMs: 600_000 }
  const { lease } = await client.acquireOnce(acquire)
  return { namespace: 'shop', name, token: String(lease.fencingToken) }
}

async function refusedAsStale(t: ExecutionContext, ...args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await run(...args)
  t.deepEqual({ exitCode, stdout }, { exitCode: 3, stdout: '' })
  t.regex(stderr, /^leasectl: fencing token \d+ of lease shop\/[a-z]+ is not the present one: [^\n]+\n$/)
}

test('renew renews for the holder that has the token', async t => {
  const lease = await held('renewed')
  const before = await client.get(lease)
  t.deepEqual(await run('renew', 'shop/renewed', lease.token), done('lease.coordination.k8s.io/renewed renewed\n'))
  t.true((await client.get(lease)).revision > before.revision)
  await refusedAsStale(t, 'renew', 'shop/renewed', String(Number(lease.token) - 1))
})

test('release gives a lease up for the holder that has the token', async t => {
  const lease = await held('released')
  await refusedAsStale(t, 'release', 'shop/released', '5')
  const args = ['release', 'released', '-n', 'shop', lease.token]
  t.deepEqual(
    await run(...args, '--dry-run=server'),
    done('lease.coordination.k8s.io/released released (server dry run)\n'),
  )
  t.is((await client.get(lease)).state, 'held')
  t.deepEqual(await run(...args), done('lease.coordination.k8s.io/released released\n'))
  t.is((await client.get(lease)).state, 'released')
  await refusedAsStale(t, ...args)
})

test('revoke takes a lease back, with --token only under that token', async t => {
  const lease = await held('revoked')
  await refusedAsStale(t, 'revoke', 'shop/revoked', '--token', '5')
  const { exitCode, stdout } = await run('revoke', 'shop/revoked', '--token', lease.token, '-o', 'json')
  t.is(exitCode, 0)
  t.is(JSON.parse(stdout).metadata.name, 'revoked')
  t.is((await client.get(lease)).state, 'released')
  await held('revoked')
  t.deepEqual(await run('revoke', 'shop/revoked'), done('lease.coordination.k8s.io/revoked revoked\n'))
})

test('revoke of a lease that nobody holds is an error that says so', async t => {
  await client.create({ namespace: 'shop', name: 'idle' })
  const { exitCode, stderr } = await run('revoke', 'shop/idle')
  t.is(exitCode, 1)
  t.is(stderr, 'leasectl: lease shop/idle is not held: there is nothing to revoke\n')
})

test('a lease that is not there is an error that names it', async t => {
  for (const args of [
    ['renew', 'shop/none', '5'],
    ['release', 'shop/none', '5'],
    ['revoke', 'shop/none'],
  ]) {
    const { exitCode, stderr } = await run(...args)
    t.is(exitCode, 1)
    t.regex(stderr, /^leasectl: lease shop\/none does not exist[^\n]*\n$/)
  }
})
