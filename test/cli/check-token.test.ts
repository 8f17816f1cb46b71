import test from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator } from '../support/coordinator.js'
import { runLeasectl } from '../support/leasectl.js'

test('the present token is valid, any other is stale and told the present one', async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  t.teardown(async () => {
    await client.close()
    await coordinator.stop()
  })
  const name = { namespace: 'default', name: 'job' }
  const { lease } = await client.acquireOnce({ ...name, holderIdentity: 'host-a', leaseDurationMs: 600_000 })
  const check = (path: string, token: number) =>
    runLeasectl('check-token', path, String(token), '--address', coordinator.address)

  t.deepEqual(await check('default/job', lease.fencingToken), { exitCode: 0, stdout: 'valid\n', stderr: '' })
  t.is((await check('job', lease.fencingToken)).stdout, 'valid\n')
  t.deepEqual(await check('default/job', lease.fencingToken - 1), {
    exitCode: 3,
    stdout: `stale: the token is ${lease.fencingToken}, and host-a is the holder\n`,
    stderr: '',
  })

  await client.release({ ...name, fencingToken: lease.fencingToken })
  const { exitCode, stdout } = await check('default/job', lease.fencingToken)
  t.is(exitCode, 3)
  t.regex(stdout, /^stale: .*nobody/)

  const missing = await check('default/none', 5)
  t.is(missing.exitCode, 1)
  t.regex(missing.stderr, /^leasectl: [^\n]*default\/none[^\n]*\n$/)
})
