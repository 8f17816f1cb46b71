import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { until } from '../support/until.js'

interface Up {
  readonly process: ChildProcess
  /** What it has printed so far. */
  output(): string
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>
}

/** Starts `make up` from source, with these ports and a directory of its own. */
function startUp(ports: { grpc: number; http: number; nats: number }, dataDir: string): Up {
  const { NATS_URL, ...environment } = process.env
  const up = spawn(process.execPath, ['--import=tsx', 'scripts/up.ts'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      UP_LISTEN: `127.0.0.1:${ports.grpc}`,
      UP_HTTP: `127.0.0.1:${ports.http}`,
      UP_NATS_PORT: String(ports.nats),
      UP_DATA: dataDir,
    },
  })
  let output = ''
  for (const stream of [up.stdout, up.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  // The listener gets what 'close' tells: code and signal.
  const exit = once(up, 'close') as Up['exit']
  return { process: up, output: () => output, exit }
}

test.serial('the agents get their leases, the events are told, and SIGINT ends every process', async t => {
  const dataDir = temporaryDir(t.teardown)
  const up = startUp({ grpc: await freePort(), http: await freePort(), nats: await freePort() }, dataDir)
  t.teardown(() => void up.process.kill('SIGKILL'))

  await until(() => ended(up) || /^kube-system +kube-scheduler +scheduler-[ab] +\S+ +held +\d+$/m.test(up.output()))
  await until(() => ended(up) || /^kube-node-lease +\S+ +\S+ +\S+ +held +\d+$/m.test(up.output()))
  await until(
    () => ended(up) || /T\S+Z {2}created +kube-system\/kube-scheduler {2}holder=\S+ {2}token=\d+/.test(up.output()),
  )
  await until(() => ended(up) || /T\S+Z {2}renewed +(\d+ in \S+, )?\d+ in kube-system/.test(up.output()))
  const children = childrenOf(up.process.pid ?? 0)
  t.is(children.length, 9, up.output())

  const scheduler = children.find(pid => commandOf(pid).includes('scheduler-b')) ?? 0
  process.kill(scheduler, 'SIGKILL')
  await until(() => ended(up) || /up: scheduler-b ended by SIGKILL.* \(log: .*scheduler-b\.log\)/.test(up.output()))

  up.process.kill('SIGINT')
  t.deepEqual(await up.exit, [0, null], up.output())
  t.deepEqual(children.filter(isAlive), [])
})

test.serial('a port in use is told in one line, and nothing is started', async t => {
  const dataDir = temporaryDir(t.teardown)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const up = startUp({ grpc: port, http: await freePort(), nats: await freePort() }, dataDir)
  t.deepEqual(await up.exit, [1, null])
  t.regex(up.output(), new RegExp(`^up: port ${port} on 127\\.0\\.0\\.1 is in use, [^\n]*UP_LISTEN[^\n]*\n$`))
  t.deepEqual(readdirSync(dataDir), [])
})

const ended = (up: Up): boolean => up.process.exitCode !== null || up.process.signalCode !== null

function temporaryDir(teardown: (fn: () => void) => void): string {
  const dir = mkdtempSync(join(tmpdir(), 'leasehold-up-'))
  teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8')

/** The processes that a process has started. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
