import test from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator } from '../support/coordinator.js'
import { runLeasectl } from '../support/leasectl.js'

test("status tells the coordinator's health, journal and revision, and counts leases by state", async t => {
  const coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  t.teardown(async () => {
    await client.close()
    await coordinator.stop()
  })
  await client.create({ namespace: 'default', name: 'a' })
  await client.acquireOnce({ namespace: 'default', name: 'b', holderIdentity: 'h', leaseDurationMs: 600_000 })
  const { exitCode, stdout, stderr } = await runLeasectl('status', '--address', coordinator.address)
  t.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  const { revision } = await client.get({ namespace: 'default', name: 'b' })
  t.is(
    stdout,
    [
      `coordinator   ${coordinator.address}`,
      'health        SERVING',
      `journal       ${coordinator.coordinator.journalId}`,
      `revision      ${revision}`,
      'leases        2 (1 held, 0 expired, 0 released, 1 unheld)',
      '',
    ].join('\n'),
  )
})
