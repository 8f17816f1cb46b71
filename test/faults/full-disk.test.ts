import { execFileSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { TransportError } from '../../client/index.js'
import { exitCodes } from '../../services/coordinator/exit-codes.js'
import { Churn } from '../support/churn.js'
import { CoordinatorProcess, temporaryDirectory } from '../support/coordinator-process.js'
import { listAll } from '../support/list-all.js'
import { acquire, RawHold } from '../support/raw-hold.js'
import { Tokens } from '../support/tokens.js'
import { until } from '../support/until.js'
import { Results } from './results.js'

const name = { namespace: 'default', name: 'job' }
const tenancy = { ...name, holderIdentity: 'worker', leaseDurationMs: 60_000 }

const shortTitle =
  'rule 2: with too little free space only renew, release and delete go on; what is refused says STORAGE_FULL, the log ' +
  'names the journal'

test.serial(shortTitle, async t => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const coordinator = await CoordinatorProcess.start(t, { directory: disk.directory, flags: ['--min-free', '20'] })
  const client = coordinator.client(t)
  const { fencingToken } = (await client.acquireOnce(tenancy)).lease
  await client.acquireOnce({ ...tenancy, name: 'other' })
  await client.create({ namespace: 'default', name: 'third' })

  await disk.fill(10)
  await until(() => coordinator.hasLogged('too little free space: only renew, release and delete go on'))
  t.true(coordinator.lines.some(line => line.includes(disk.directory) && line.includes('too little free space')))
  const refused = {
    acquire: () => client.acquireOnce({ ...tenancy, name: 'new' }, { timeoutMs: 1_000 }),
    create: () => client.create({ namespace: 'default', name: 'new' }),
    update: () => client.update({ ...name, labels: { some: 'label' } }),
  }
  for (const [what, call] of Object.entries(refused)) {
    const error = await t.throwsAsync(call, { instanceOf: TransportError }, what)
    t.is(error?.reason, 'STORAGE_FULL', what)
    t.true((error?.retryAfterMs ?? 0) > 0, what)
  }
  await t.throwsAsync(client.get({ namespace: 'default', name: 'new' }), { message: /not exist/ })
  await client.renew({ ...name, fencingToken })
  t.is((await client.release({ ...name, fencingToken })).state, 'released')
  await client.delete({ namespace: 'default', name: 'other' })
  await client.get(name)

  await disk.free()
  await until(() => coordinator.hasLogged('there is free space again'))
  await client.acquireOnce({ ...tenancy, name: 'new' })
  const results = new Results('a disk that fills')
  results.injected('too little space')
  results.write(t)
})

const fullTitle =
  'rule 2: a failing append ends the process with its own exit code and one clear line; nothing acknowledged is lost, and ' +
  'a start with space recovers'

test.serial(fullTitle, async t => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const coordinator = await CoordinatorProcess.start(t, { directory: disk.directory, flags: ['--min-free', '0'] })
  const tokens = new Tokens()
  const churn = new Churn(coordinator.client(t), tokens, { lanes: 8, prefix: 'churn' })
  t.teardown(() => churn.stop())
  const raw = new RawHold(coordinator.address)
  t.teardown(() => raw.close())
  const held = await raw.request(acquire({ name: 'raw', holderIdentity: 'raw', leaseDurationMs: 60_000 }))
  await churn.progress(50)

  await disk.fill(0)
  const { code } = await coordinator.ended
  t.is(code, exitCodes.journalFailed)
  const fatal = coordinator.lines.filter(line => line.includes('"level":60'))
  t.is(fatal.length, 1, coordinator.lines.join('\n'))
  t.regex(fatal[0] ?? '', /the journal in \S+ failed: .*(space|bytes are free)/i)
  t.is(coordinator.lines.at(-1), fatal[0], 'it is the last line')

  await disk.free()
  const paused = churn.pause()
  await coordinator.start()
  await paused
  const leases = await listAll(coordinator.client(t))
  t.deepEqual(churn.missing(leases), [])
  t.is(leases.find(lease => lease.name === 'raw')?.fencingToken, held.type === 'acquired' ? held.fencingToken : 0)
  churn.resume()
  await churn.progress(50)
  t.deepEqual([churn.faults, tokens.faults], [[], []])
  const results = new Results('a disk that fills')
  results.injected('no space')
  results.add({ 'acknowledged writes': churn.acknowledged, tokens: tokens.size })
  results.write(t)
})

interface SmallDisk {
  readonly directory: string
  /** Fills the disk until so many MiB are free. */
  fill(freeMib: number): Promise<void>
  /** Gives the space back. */
  free(): Promise<void>
}

/** A file system of 64 MiB in memory; undefined, and a line in the log, where it cannot be mounted. */
async function smallDisk(t: ExecutionContext): Promise<SmallDisk | undefined> {
  const mountPoint = await temporaryDirectory(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', mountPoint], { stdio: 'pipe' })
  } catch {
    t.log('SKIPPED: a file system of its own is needed, and only root may mount one')
    t.pass()
    return undefined
  }
  const umount = (): void => void execFileSync('umount', ['--lazy', mountPoint])
  process.once('exit', umount)
  t.teardown(() => {
    process.off('exit', umount)
    umount()
  })
  const filler = join(mountPoint, 'filler')
  return {
    directory: join(mountPoint, 'journal'),
    async fill(freeMib) {
      const file = await open(filler, 'w')
      try {
        const block = Buffer.alloc(64 * 1024)
        for (let bytes = 0; bytes < (64 - freeMib) * 1024 * 1024; bytes += block.length) await file.write(block)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      } finally {
        await file.close()
      }
    },
    free: () => rm(filler, { force: true }),
  }
}
