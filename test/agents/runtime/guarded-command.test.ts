import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { groupLives } from '../../../agents/runtime/process-group.js'
import { systemClock } from '../../../clock/system-clock.js'
import { until } from '../../support/until.js'

const agentFile = fileURLToPath(new URL('fixtures/guarding-agent.ts', import.meta.url))

/** A command that ignores SIGTERM, as does its child; both write their ids. */
const stubborn = 'trap "" TERM; echo $$ > group; sleep 1000 & echo $! > child; wait'

interface Agent {
  readonly process: ChildProcess
  readonly folder: string
  readonly deadlineMs: () => number
  readonly end: () => { code: number | null; signal: string | null; ending: string } | undefined
  readonly error: () => { name: string; code: string } | undefined
  readonly groupId: () => Promise<number>
  readonly read: (name: string) => Promise<string>
}

function startAgent(t: ExecutionContext, leaseDurationMs: number, renewal: number | 'never', command: string[]): Agent {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-guard-'))
  const agent = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), agentFile, `${leaseDurationMs}`, `${renewal}`, ...command],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  t.teardown(() => agent.kill('SIGKILL'))
  const told: { deadlineMs?: number; end?: ReturnType<Agent['end']>; error?: ReturnType<Agent['error']> } = {}
  agent.on('message', message => void Object.assign(told, message))
  const read = async (name: string): Promise<string> => {
    await until(() => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8').endsWith('\n'))
    return readFileSync(join(folder, name), 'utf8').trim()
  }
  return {
    process: agent,
    folder,
    deadlineMs: () => told.deadlineMs ?? 0,
    end: () => told.end,
    error: () => told.error,
    groupId: async () => Number(await read('group')),
    read,
  }
}

/** Waits until the group is gone and tells when it was, looking all the time. */
async function goneAtMs(groupId: number): Promise<number> {
  await until(() => !groupLives(groupId))
  return systemClock.sinceBootMs()
}

for (const [how, strike] of [
  ['is killed', (agent: Agent) => agent.process.kill('SIGKILL')],
  ['is stopped', (agent: Agent) => agent.process.kill('SIGSTOP')],
  ['hangs', (agent: Agent) => agent.process.send('hang')],
] as const) {
  test(`the command and its children are gone by the deadline when the agent ${how}, though they ignore SIGTERM`, async t => {
    const agent = startAgent(t, 4_000, 200, ['sh', '-c', stubborn])
    const groupId = await agent.groupId()
    await agent.read('child')
    strike(agent)
    const atMs = await goneAtMs(groupId)
    t.true(atMs < agent.deadlineMs(), `gone ${agent.deadlineMs() - atMs} ms before the deadline`)
  })
}

test('the command runs on past its first deadline while the lease is renewed', async t => {
  const agent = startAgent(t, 3_000, 100, ['sh', '-c', stubborn])
  const groupId = await agent.groupId()
  const firstMs = agent.deadlineMs()
  await until(() => systemClock.sinceBootMs() > firstMs)
  t.true(groupLives(groupId))
})

test('the command gets SIGTERM before the deadline, and its exit code is told', async t => {
  const agent = startAgent(t, 4_000, 'never', ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.05; done'])
  await until(() => agent.end() !== undefined)
  t.true(systemClock.sinceBootMs() < agent.deadlineMs())
  t.deepEqual(agent.end(), { code: 7, signal: null, ending: 'deadline' })
})

test('a stopped command is gone by the deadline too', async t => {
  const agent = startAgent(t, 4_000, 'never', ['sh', '-c', 'echo $$ > group; kill -STOP $$'])
  const atMs = await goneAtMs(await agent.groupId())
  t.true(atMs < agent.deadlineMs())
})

test('what the command leaves behind in its group ends with it, before its exit is told', async t => {
  const agent = startAgent(t, 30_000, 'never', ['sh', '-c', 'echo $$ > group; sleep 1000 & exit 3'])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: 3, signal: null, ending: 'itself' })
  t.false(groupLives(await agent.groupId()))
})

test('a signal that ended the command is told', async t => {
  const agent = startAgent(t, 30_000, 'never', ['sh', '-c', 'kill -USR1 $$'])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGUSR1', ending: 'itself' })
})

test('a command that is asked to end gets SIGTERM at once', async t => {
  const agent = startAgent(t, 60_000, 'never', ['sh', '-c', 'echo $$ > group; exec sleep 1000'])
  await agent.groupId()
  agent.process.send('stop')
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGTERM', ending: 'asked' })
})

test('the command ends when the lease is lost', async t => {
  const agent = startAgent(t, 60_000, 'never', ['sh', '-c', 'echo $$ > group; exec sleep 1000'])
  await agent.groupId()
  agent.process.send('lose')
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGTERM', ending: 'asked' })
})

test('the agent ends the command when the guardian is killed', async t => {
  const agent = startAgent(t, 60_000, 'never', ['sh', '-c', stubborn])
  const groupId = await agent.groupId()
  process.kill(parentOf(groupId), 'SIGKILL')
  await until(() => agent.end() !== undefined)
  t.is(agent.end()?.ending, 'guardian')
  t.false(groupLives(groupId))
})

test('the agent ends the command by the deadline when the guardian is stopped', async t => {
  const agent = startAgent(t, 5_000, 'never', ['sh', '-c', stubborn])
  const groupId = await agent.groupId()
  process.kill(parentOf(groupId), 'SIGSTOP')
  const atMs = await goneAtMs(groupId)
  t.true(atMs < agent.deadlineMs())
  await until(() => agent.end() !== undefined)
  t.is(agent.end()?.ending, 'guardian')
})

test('the command sees its environment and not the channel of its guardian', async t => {
  const script =
    'echo $LEASEHOLD_FENCING_TOKEN > token; echo $NODE_CHANNEL_FD > channel; echo $$ > group; exec sleep 1000'
  const agent = startAgent(t, 60_000, 'never', ['sh', '-c', script])
  const groupId = await agent.groupId()
  t.is(await agent.read('token'), '42')
  t.is(await agent.read('channel'), '')
  const beyondStandard = readdirSync(`/proc/${groupId}/fd`).filter(fd => Number(fd) > 2)
  const links = beyondStandard.map(fd => readlinkSync(`/proc/${groupId}/fd/${fd}`))
  t.deepEqual(
    links.filter(link => link.startsWith('socket:')),
    [],
  )
})

test('a command that does not exist is an error with the system code', async t => {
  const agent = startAgent(t, 60_000, 'never', ['/nonexistent/program'])
  await until(() => agent.error() !== undefined)
  t.deepEqual(agent.error(), { name: 'CommandStartError', code: 'ENOENT' })
})

test('a command is not started when its lease is about to run out', async t => {
  const agent = startAgent(t, 1, 'never', ['sh', '-c', 'echo $$ > group'])
  await until(() => agent.error() !== undefined)
  t.deepEqual(agent.error(), { name: 'CommandStartError', code: 'DEADLINE' })
  t.false(existsSync(join(agent.folder, 'group')))
})

/** The guardian is the parent of the command. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
