import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Health } from '../../../agents/runtime/health-file.js'
import { until } from '../../support/until.js'
import { type AgentProcess, coordinator, startAgent } from '../agent-process.js'

const readme = new URL('../../../agents/README.md', import.meta.url)

/** The code block of the README that is JavaScript; there is one. */
function pluginOfReadme(): string {
  const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(readFileSync(readme, 'utf8')) ?? []
  return code
}

function health(agent: AgentProcess): Health | undefined {
  const path = join(agent.folder, 'health.json')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** The source of a plugin with this work. */
const plugin = (work: string): string => `export const agent = { name: 'mine', description: 'Mine.', ${work} }`

test.serial('the plugin of the README has at most 20 lines, leads, and hands over when it is stopped', async t => {
  const code = pluginOfReadme()
  t.true(code.trimEnd().split('\n').length <= 20)
  const { address, client } = await coordinator(t)
  const lease = { namespace: 'on-call', name: 'platform' }
  const alice = startPlugin(t, address, code, '--team', 'platform', '--person', 'alice')
  await until(() => alice.log().includes('alice is on call'))
  const bob = startPlugin(t, address, code, '--team', 'platform', '--person', 'bob')
  t.is((await client.get(lease)).holderIdentity, 'alice')
  alice.process.kill('SIGTERM')
  t.is(await alice.exitCode(), 0)
  await until(() => bob.log().includes('bob is on call'))
  t.is((await client.get(lease)).holderIdentity, 'bob')
})

test.serial('a plugin of the README that waits for its lease ends when it is stopped', async t => {
  const { address } = await coordinator(t)
  const alice = startPlugin(t, address, pluginOfReadme(), '--team', 'platform', '--person', 'alice')
  await until(() => alice.log().includes('alice is on call'))
  const bob = startPlugin(t, address, pluginOfReadme(), '--team', 'platform', '--health-file', 'health.json')
  await until(() => health(bob)?.state === 'waiting')
  bob.process.kill('SIGTERM')
  t.is(await bob.exitCode(), 0)
})

test.serial('a plugin of the README whose lease is taken away fails', async t => {
  const { address, client } = await coordinator(t)
  const alice = startPlugin(t, address, pluginOfReadme(), '--team', 'platform', '--person', 'alice')
  await until(() => alice.log().includes('alice is on call'))
  await client.revoke({ namespace: 'on-call', name: 'platform' })
  t.is(await alice.exitCode(), 1)
})

test.serial('the health file tells the state and the lease, and goes when the agent ends', async t => {
  const { address } = await coordinator(t)
  const agent = startAgent(t, address, 'scheduler-leader', '--identity', 'me', '--health-file', 'health.json')
  await until(() => health(agent)?.state === 'held')
  const told = health(agent)
  t.like(told, {
    agent: 'scheduler-leader',
    pid: agent.process.pid,
    counts: { waiting: 0, held: 1, jeopardy: 0, lost: 0 },
  })
  t.like(told?.leases[0], { lease: 'kube-system/kube-scheduler', state: 'held', holderIdentity: 'me' })
  t.true(Date.parse(told?.lastRenewal ?? '') <= Date.parse(told?.writtenAt ?? ''))
  agent.process.kill('SIGTERM')
  t.is(await agent.exitCode(), 0)
  t.is(health(agent), undefined)
})

test.serial('the health file is written again and again while nothing changes', async t => {
  const { address } = await coordinator(t)
  const agent = startAgent(t, address, 'scheduler-leader', '--lease-duration', '2s', '--health-file', 'health.json')
  await until(() => health(agent)?.state === 'held')
  const told = health(agent)
  await until(() => (health(agent)?.writtenAt ?? '') > (told?.writtenAt ?? ''))
  await until(() => (health(agent)?.lastRenewal ?? '') > (told?.lastRenewal ?? ''))
  t.is(health(agent)?.since, told?.since)
})

test.serial('metrics tell the leases by state and the time that is left', async t => {
  const { address } = await coordinator(t)
  const agent = startAgent(t, address, 'scheduler-leader', '--metrics', '127.0.0.1:0', '--health-file', 'health.json')
  await until(() => health(agent)?.state === 'held')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(agent.log()) ?? []
  const text = await (await fetch(url)).text()
  t.regex(text, /leasehold_agent_leases\{state="held",agent="scheduler-leader"\} 1/)
  const [, left = ''] = /leasehold_agent_lease_remaining_seconds\{agent="scheduler-leader"\} (\S+)/.exec(text) ?? []
  t.true(Number(left) > 0 && Number(left) <= 15)
})

test.serial('an agent that cannot reach its coordinator waits for it', async t => {
  const agent = startAgent(t, '127.0.0.1:1', 'scheduler-leader', '--health-file', 'health.json')
  await until(() => health(agent)?.state === 'waiting')
  agent.process.kill('SIGINT')
  t.is(await agent.exitCode(), 0)
})

test.serial('work that does not end after a stop is given up with exit code 4, and its lease runs out', async t => {
  const { address, client } = await coordinator(t)
  const source = plugin(`async run({ session, log }) {
    const hold = session.acquire({ namespace: 'x', name: 'y', holderIdentity: 'z', leaseDurationMs: 30_000 })
    await hold.whenHeld()
    log.info('ready')
    await new Promise(() => setInterval(() => {}, 1_000))
  }`)
  const agent = startPlugin(t, address, source)
  await until(() => agent.log().includes('ready'))
  agent.process.kill('SIGTERM')
  t.is(await agent.exitCode(), 4)
  t.is((await client.get({ namespace: 'x', name: 'y' })).state, 'held')
})

test.serial('a second signal ends an agent at once', async t => {
  const { address } = await coordinator(t)
  const source = plugin(`async run({ log }) {
    log.info('ready')
    await new Promise(() => setInterval(() => {}, 1_000))
  }`)
  const agent = startPlugin(t, address, source)
  await until(() => agent.log().includes('ready'))
  agent.process.kill('SIGTERM')
  await until(() => agent.log().includes('stopping'))
  agent.process.kill('SIGINT')
  t.is(await agent.exitCode(), 130)
})

test.serial('leases are released after the work has returned, or left when the plugin says so', async t => {
  const { address, client } = await coordinator(t)
  const work = `async run({ session }) {
    const hold = session.acquire({ namespace: 'x', name: 'y', holderIdentity: 'z', leaseDurationMs: 30_000 })
    await hold.whenHeld()
    return 9
  }`
  const released = startPlugin(t, address, plugin(work))
  t.is(await released.exitCode(), 9)
  t.is((await client.get({ namespace: 'x', name: 'y' })).state, 'released')
  const left = startPlugin(t, address, plugin(`leasesAtExit: 'leave', ${work}`))
  t.is(await left.exitCode(), 9)
  t.is((await client.get({ namespace: 'x', name: 'y' })).state, 'held')
})

test.serial('work that throws ends the agent with 1, and the log says why', async t => {
  const { address } = await coordinator(t)
  const agent = startPlugin(t, address, plugin("async run() { throw new Error('out of luck') }"))
  t.is(await agent.exitCode(), 1)
  t.regex(agent.log(), /out of luck/)
})

test.serial('an address that metrics cannot use ends the agent with 1', async t => {
  const agent = startAgent(t, '127.0.0.1:1', 'scheduler-leader', '--metrics', '192.0.2.1:9464')
  t.is(await agent.exitCode(), 1)
  t.regex(agent.log(), /EADDRNOTAVAIL/)
})

/** Writes the source where a user may have it, and runs it by its path. */
function startPlugin(
  t: Parameters<typeof startAgent>[0],
  address: string,
  source: string,
  ...argv: string[]
): AgentProcess {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-plugin-'))
  const path = join(folder, 'plugin.mjs')
  writeFileSync(path, source)
  return startAgent(t, address, path, ...argv)
}
