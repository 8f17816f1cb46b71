import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { groupLives, signalGroup } from '../../../agents/runtime/process-group.js'
import { systemClock } from '../../../clock/system-clock.js'
import { until } from '../../support/until.js'

const agentFile = fileURLToPath(new URL('fixtures/guarding-agent.ts', import.meta.url))

/** A command that ignores SIGTERM, as does its child; both write down all the time that they live. */
const stubborn = `trap "" TERM
  live() { while :; do cut -d " " -f 1 /proc/uptime >> $1; sleep 0.05; done; }
  live child & live command`

/** Long enough that the margin before the deadline is not a loaded machine's hiccup. */
const leaseDurationMs = 10_000

interface Agent {
  readonly process: ChildProcess
  readonly folder: string
  readonly deadlineMs: () => number
  readonly end: () => { code: number | null; signal: string | null; ending: string } | undefined
  readonly error: () => { name: string; code: string } | undefined
  readonly groupId: () => Promise<number>
  readonly read: (name: string) => Promise<string>
}

function startAgent(
  t: ExecutionContext,
  durationMs: number,
  renewal: number | 'never' | 'untilStarted',
  command: string[],
): Agent {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-guard-'))
  const agent = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), agentFile, `${durationMs}`, `${renewal}`, ...command],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  t.teardown(() => {
    agent.kill('SIGKILL')
    if (told.groupId !== undefined) signalGroup(told.groupId, 'SIGKILL')
  })
  const told: {
    deadlineMs?: number
    groupId?: number
    end?: ReturnType<Agent['end']>
    error?: ReturnType<Agent['error']>
  } = {}
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
    groupId: async () => {
      await until(() => told.groupId !== undefined)
      return told.groupId ?? 0
    },
    read,
  }
}

/** Waits until the group of the stubborn command is gone, and tells when the command and its child last lived. */
async function lastLifeMs(agent: Agent): Promise<number> {
  const groupId = await agent.groupId()
  await until(() => !groupLives(groupId))
  const lives = [await agent.read('command'), await agent.read('child')].flatMap(text => text.split('\n'))
  return Math.max(...lives.map(seconds => Number(seconds) * 1e3))
}

for (const [how, strike] of [
  ['is killed', (agent: Agent) => agent.process.kill('SIGKILL')],
  ['is stopped', (agent: Agent) => agent.process.kill('SIGSTOP')],
  ['hangs', (agent: Agent) => agent.process.send('hang')],
] as const) {
  test(`the command and its children are gone by the deadline when the agent ${how}, though they ignore SIGTERM`, async t => {
    const agent = startAgent(t, leaseDurationMs, 200, ['sh', '-c', stubborn])
    await agent.groupId()
    await agent.read('command')
    await agent.read('child')
    strike(agent)
    const lastMs = await lastLifeMs(agent)
    t.true(lastMs < agent.deadlineMs(), `gone ${agent.deadlineMs() - lastMs} ms before the deadline`)
  })
}

test('the command runs on past its first deadline while the lease is renewed', async t => {
  const agent = startAgent(t, leaseDurationMs, 100, ['sh', '-c', stubborn])
  const groupId = await agent.groupId()
  await agent.read('command')
  const firstMs = agent.deadlineMs()
  await until(() => systemClock.sinceBootMs() > firstMs)
  t.true(groupLives(groupId))
})

test('the command gets SIGTERM before SIGKILL when its time runs out, and its exit code is told', async t => {
  const script = 'trap "exit 7" TERM; while :; do sleep 0.05; done'
  const agent = startAgent(t, leaseDurationMs, 'untilStarted', ['sh', '-c', script])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: 7, signal: null, ending: 'deadline' })
})

test('a stopped command ends when its time runs out, too', async t => {
  const agent = startAgent(t, leaseDurationMs, 'untilStarted', ['sh', '-c', 'kill -STOP $$'])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGTERM', ending: 'deadline' })
})

test('what the command leaves behind in its group ends with it, before its exit is told', async t => {
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', 'sleep 1000 & exit 3'])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: 3, signal: null, ending: 'itself' })
  t.false(groupLives(await agent.groupId()))
})

test('a signal that ended the command is told', async t => {
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', 'kill -USR1 $$'])
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGUSR1', ending: 'itself' })
})

test('a command that is asked to end gets SIGTERM at once', async t => {
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', 'exec sleep 1000'])
  await agent.groupId()
  agent.process.send('stop')
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGTERM', ending: 'asked' })
})

test('the command ends when the lease is lost', async t => {
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', 'exec sleep 1000'])
  await agent.groupId()
  agent.process.send('lose')
  await until(() => agent.end() !== undefined)
  t.deepEqual(agent.end(), { code: null, signal: 'SIGTERM', ending: 'asked' })
})

test('the agent ends the command when the guardian is killed', async t => {
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', stubborn])
  const groupId = await agent.groupId()
  process.kill(parentOf(groupId), 'SIGKILL')
  await until(() => agent.end() !== undefined)
  t.is(agent.end()?.ending, 'guardian')
  t.false(groupLives(groupId))
})

test('the agent ends the command by the deadline when the guardian is stopped', async t => {
  const agent = startAgent(t, leaseDurationMs, 'untilStarted', ['sh', '-c', stubborn])
  process.kill(parentOf(await agent.groupId()), 'SIGSTOP')
  t.true((await lastLifeMs(agent)) < agent.deadlineMs())
  await until(() => agent.end() !== undefined)
  t.is(agent.end()?.ending, 'guardian')
})

test('the command sees its environment and not the channel of its guardian', async t => {
  const script = 'echo $LEASEHOLD_FENCING_TOKEN > token; echo $NODE_CHANNEL_FD > channel; exec sleep 1000'
  const agent = startAgent(t, 600_000, 'never', ['sh', '-c', script])
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
  const agent = startAgent(t, 600_000, 'never', ['/nonexistent/program'])
  await until(() => agent.error() !== undefined)
  t.deepEqual(agent.error(), { name: 'CommandStartError', code: 'ENOENT' })
})

test('a command is not started when its lease is about to run out', async t => {
  const agent = startAgent(t, 1, 'never', ['sh', '-c', 'echo > ran'])
  await until(() => agent.error() !== undefined)
  t.deepEqual(agent.error(), { name: 'CommandStartError', code: 'DEADLINE' })
  t.false(existsSync(join(agent.folder, 'ran')))
})

/** The guardian is the parent of the command. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
