import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectl, startLeasectl } from '../support/leasectl.js'
import { until } from '../support/until.js'

let coordinator: TestCoordinator
let client: LeaseholdClient
let address: [string, string]
const dir = mkdtempSync(join(tmpdir(), 'leasehold-hold-'))

test.before(async () => {
  coordinator = await startCoordinator()
  client = connectClient({ addresses: [coordinator.address] })
  address = ['--address', coordinator.address]
})

test.after.always(async () => {
  await client.close()
  await coordinator.stop()
  rmSync(dir, { recursive: true })
})

const get = (name: string) => client.get({ namespace: 'default', name })

/** Whether the process is there. */
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** A command that writes its process id into a file and then goes on until a second file is there. */
function longCommand(name: string): { command: string[]; pid(): number; isRunning(): boolean; end(): void } {
  const [pidFile, endFile] = [join(dir, `${name}.pid`), join(dir, `${name}.end`)]
  const script = `echo $$ > ${pidFile}; until [ -e ${endFile} ]; do sleep 0.02; done`
  const pid = () => Number(readFileSync(pidFile, 'utf8'))
  return {
    command: ['sh', '-c', script],
    pid,
    isRunning: () => existsSync(pidFile) && pid() > 0,
    end: () => writeFileSync(endFile, ''),
  }
}

test.serial(
  'the command runs while the lease is held, knows its token, and the lease is released after it',
  async t => {
    const file = join(dir, 'environment')
    const print = `echo "$LEASEHOLD_LEASE $LEASEHOLD_FENCING_TOKEN $LEASEHOLD_HOLDER_IDENTITY $LEASEHOLD_ADDRESS" > ${file}`
    const { exitCode, stderr } = await runLeasectl(
      'hold',
      'job',
      '--identity',
      'me',
      ...address,
      '--',
      'sh',
      '-c',
      print,
    )
    t.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
    const { state, fencingToken } = await get('job')
    t.is(state, 'released')
    t.is(readFileSync(file, 'utf8'), `default/job ${fencingToken} me ${coordinator.address}\n`)
  },
)

test.serial("the exit code is the command's", async t => {
  t.is((await runLeasectl('hold', 'code', ...address, '--', 'sh', '-c', 'exit 42')).exitCode, 42)
})

test.serial('a command that a signal ended gives 128 and its number', async t => {
  t.is((await runLeasectl('hold', 'signal', ...address, '--', 'sh', '-c', 'kill -9 $$')).exitCode, 137)
})

test.serial('a command that is not there gives 127, and the lease is released', async t => {
  const { exitCode, stderr } = await runLeasectl('hold', 'absent', ...address, '--', 'no-such-command')
  t.is(exitCode, 127)
  t.regex(stderr, /^leasectl: "no-such-command" was not started: [^\n]+\n$/)
  t.is((await get('absent')).state, 'released')
})

test.serial('the lease is renewed for as long as the command runs', async t => {
  const long = longCommand('renewed')
  const run = startLeasectl('hold', 'renewed', '--lease-duration', '6s', ...address, '--', ...long.command)
  await until(long.isRunning)
  const first = await get('renewed')
  const renewedMs = async () => Date.parse((await get('renewed')).renewTime ?? '') - Date.parse(first.acquireTime ?? '')
  await until(async () => (await renewedMs()) > 6_000)
  t.is((await get('renewed')).fencingToken, first.fencingToken)
  long.end()
  t.is(await run.exitCode, 0)
})

test.serial(
  'a lease that is held gives 124 after --wait, or at once with --wait 0, and tells who holds it',
  async t => {
    await client.acquireOnce({ namespace: 'default', name: 'busy', holderIdentity: 'other', leaseDurationMs: 600_000 })
    for (const wait of ['0', '5s']) {
      const { exitCode, stderr } = await runLeasectl('hold', 'busy', '--wait', wait, ...address, '--', 'true')
      t.is(exitCode, 124, stderr)
      t.regex(stderr, /other/)
    }
  },
)

test.serial('--takeover-delay is the delay of the lease', async t => {
  t.is((await runLeasectl('hold', 'delayed', '--takeover-delay', '30s', ...address, '--', 'true')).exitCode, 0)
  t.is((await get('delayed')).takeoverDelayMs, 30_000)
})

test.serial('it waits for the lease, tells for whom, and runs once the lease is released', async t => {
  const name = { namespace: 'default', name: 'waited' }
  const { lease } = await client.acquireOnce({ ...name, holderIdentity: 'other', leaseDurationMs: 600_000 })
  const run = startLeasectl('hold', 'waited', ...address, '--', 'true')
  await until(() => run.stderr() === 'leasectl: default/waited is held by other; waiting\n')
  await client.release({ ...name, fencingToken: lease.fencingToken })
  t.is(await run.exitCode, 0)
})

test.serial('a lease that is lost ends the command, and gives 123', async t => {
  const long = longCommand('lost')
  const run = startLeasectl('hold', 'lost', ...address, '--', ...long.command)
  await until(long.isRunning)
  await client.revoke({ namespace: 'default', name: 'lost' })
  t.is(await run.exitCode, 123)
  t.false(isAlive(long.pid()))
  t.is(run.stderr(), 'leasectl: default/lost was lost while the command ran, and the command was ended\n')
})

test.serial('a coordinator that goes away ends the command before the lease is over, and gives 123', async t => {
  const own = await startCoordinator()
  const long = longCommand('unheard')
  const options = ['--lease-duration', '6s', '--address', own.address]
  const run = startLeasectl('hold', 'unheard', ...options, '--', ...long.command)
  await until(long.isRunning)
  await own.stop()
  t.is(await run.exitCode, 123)
  t.false(isAlive(long.pid()))
})

test.serial('Ctrl-C ends the command, then releases the lease', async t => {
  const long = longCommand('stopped')
  const run = startLeasectl('hold', 'stopped', ...address, '--', ...long.command)
  await until(long.isRunning)
  run.stop()
  t.is(await run.exitCode, 143)
  t.false(isAlive(long.pid()))
  t.is((await get('stopped')).state, 'released')
})

test.serial('Ctrl-C while it waits gives 130, and its place in the queue is gone', async t => {
  const name = { namespace: 'default', name: 'abandoned' }
  const { lease } = await client.acquireOnce({ ...name, holderIdentity: 'other', leaseDurationMs: 600_000 })
  const run = startLeasectl('hold', 'abandoned', ...address, '--', 'true')
  await until(() => run.stderr() !== '')
  run.stop()
  t.is(await run.exitCode, 130)
  await client.release({ ...name, fencingToken: lease.fencingToken })
  t.is((await get('abandoned')).state, 'released')
})
