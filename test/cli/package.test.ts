import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import test from 'ava'
import { runLeasectl } from '../support/leasectl.js'
import { until } from '../support/until.js'

const root = mkdtempSync(join(tmpdir(), 'leasehold-package-'))
const app = join(root, 'app')
const installed = join(app, 'node_modules/leasehold')
const manifest: { files: string[]; dependencies: Record<string, string>; bin: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
const bin = (name: string): string => join(installed, manifest.bin[name] ?? '')

test.before('build, pack, and install the tarball elsewhere, with its dependencies only', () => {
  const stage = join(root, 'stage')
  mkdirSync(stage)
  for (const file of ['package.json', ...manifest.files.filter(isSource)])
    cpSync(file, join(stage, file), { recursive: true })
  run('make', ['build', `DIST=${join(stage, 'dist')}`], '.')
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', root], stage)
  mkdirSync(installed, { recursive: true })
  run('tar', ['-xzf', 'leasehold-0.1.0.tgz', '--strip-components=1', '-C', installed], root)
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(app, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link)
  }
})

test.after.always(() => rmSync(root, { recursive: true }))

/** What is packed as it stands in the tree; a document may be yet to come. */
const isSource = (file: string): boolean => file !== 'dist' && !file.startsWith('!') && existsSync(file)

/** Not what the run of the tests itself was told. */
const { MAKEFLAGS, MAKELEVEL, MFLAGS, ...environment } = process.env

function run(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: environment })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`)
  return result
}

test('both programs tell the version of the package and what they can do', t => {
  for (const name of ['leasehold', 'leasectl']) {
    t.is(run(bin(name), ['--version'], app).stdout, '0.1.0\n')
    t.regex(run(bin(name), ['--help'], app).stdout, /Examples:/)
  }
  t.regex(run(bin('leasehold'), ['coordinator', '--help'], app).stdout, /--journal/)
  t.regex(run(bin('leasehold'), ['agent', 'scheduler-leader', '--help'], app).stdout, /--lease /)
})

test('an unknown command is told in one line, with exit code 2', t => {
  const { status, stderr } = spawnSync(bin('leasehold'), ['coordinate'], { encoding: 'utf8' })
  t.is(status, 2)
  t.regex(stderr, /^leasehold: [^\n]*coordinate[^\n]*\n$/)
})

test('a coordinator of the package keeps leases, and its client holds them', async t => {
  const [grpc, http] = [await freePort(), await freePort()]
  const address = `127.0.0.1:${grpc}`
  const args = ['coordinator', '--listen', address, '--http', `127.0.0.1:${http}`, '--no-nats']
  const coordinator = spawn(bin('leasehold'), [...args, '--journal', `lmdb:${join(root, 'journal')}`], {
    stdio: 'ignore',
  })
  t.teardown(() => void coordinator.kill('SIGKILL'))
  await until(async () => coordinator.exitCode === null && (await isReady(http)))

  const program = `
    import { connectClient } from 'leasehold/client'
    const client = connectClient({ addresses: [${JSON.stringify(address)}] })
    const lease = { namespace: 'default', name: 'job', holderIdentity: 'me', leaseDurationMs: 60_000 }
    console.log(await client.withLease(lease, hold => hold.isHeld()))
    await client.close()`
  t.is(run(process.execPath, ['--input-type=module', '--eval', program], app).stdout, 'true\n')
  t.is((await runLeasectl('get', 'lease', 'job', '-o', 'name', '--address', address)).exitCode, 0)
  t.regex(run(bin('leasectl'), ['status', '--address', address], app).stdout, /1 released/)
  t.is(run(bin('leasectl'), ['hold', 'job', '--address', address, '--', 'echo', 'held'], app).stdout, 'held\n')

  coordinator.kill('SIGTERM')
  t.deepEqual(await once(coordinator, 'exit'), [0, null])
})

test('what plugins and other languages need is there', async t => {
  const program = "const { defineAgent } = await import('leasehold/agent'); console.log(typeof defineAgent)"
  t.is(run(process.execPath, ['--input-type=module', '--eval', program], app).stdout, 'function\n')
  const proto = "console.log(import.meta.resolve('leasehold/protos/leasehold/v1/lease_service.proto'))"
  const { stdout } = run(process.execPath, ['--input-type=module', '--eval', proto], app)
  t.true(existsSync(new URL(stdout.trim())))
})

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    response => response.ok,
    () => false,
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
