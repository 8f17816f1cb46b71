/** The systemd units: what they say about the programs is so. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Command } from 'commander'
import { readCommandLine } from '../../agents/runtime/command-line.js'
import { exitCode as agentExitCodes } from '../../agents/runtime/exit-codes.js'
import { addConfigOptions, readConfig } from '../../services/coordinator/config.js'
import { exitCodes as coordinatorExitCodes } from '../../services/coordinator/exit-codes.js'

const folder = new URL('../../deploy/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const units = readdirSync(folder).filter(name => name.endsWith('.service'))
const coordinator = 'leasehold-coordinator.service'
const agent = 'leasehold-agent@.service'
const page = read('README.md')

/** What a unit sets a key to, an entry for each time; specifiers are filled in. */
const settings = (unit: string, key: string): string[] =>
  [...read(unit).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) =>
    value.replaceAll('%S', '/var/lib'),
  )

const codes = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)

/** The codes in the page's table under a heading. */
function tableCodes(heading: string): number[] {
  const section = page.split('\n## ').find(part => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, cell = '']) => codes(cell))
}

/** The variables of a file that the page shows. */
function variables(file: string): Record<string, string> {
  const lines = new RegExp(`\`\`\`sh\n# ${file}\n(.*?)\`\`\``, 's').exec(page)?.[1]?.trim().split('\n') ?? []
  return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

test('the page explains every exit code, and none that is not there', t => {
  t.deepEqual(tableCodes('The coordinator'), Object.values(coordinatorExitCodes))
  t.deepEqual(tableCodes('Agents'), Object.values(agentExitCodes))
})

test('the codes after which systemd starts nothing again are those where it would be wrong', t => {
  const { journalTaken } = coordinatorExitCodes
  t.deepEqual(settings(coordinator, 'RestartPreventExitStatus').flatMap(codes), [journalTaken])
  const { usage, superseded } = agentExitCodes
  t.deepEqual(settings(agent, 'RestartPreventExitStatus').flatMap(codes), [usage, superseded])
})

test('the coordinator understands its command line, and the settings of unit and page', t => {
  t.deepEqual(settings(coordinator, 'ExecStart'), ['leasehold coordinator'])
  const own = settings(coordinator, 'Environment').map(line => line.split('='))
  const environment = { ...Object.fromEntries(own), ...variables('/etc/leasehold/coordinator.env') }
  const flags = addConfigOptions(new Command()).parse([], { from: 'user' }).opts()
  const config = readConfig(flags, environment)
  t.is(config.journal, 'lmdb:/var/lib/leasehold')
  t.is(config.listen, '0.0.0.0:7070')
})

for (const name of ['kubelet-heartbeat', 'node-monitor', 'scheduler-leader']) {
  test.serial(`${name} understands its command line, and the options that the page gives it`, async t => {
    const { AGENT_ARGS = '', ...environment } = variables(`/etc/leasehold/agent-${name}.env`)
    t.true(Object.keys(environment).length > 0)
    Object.assign(process.env, environment)
    t.teardown(() => {
      for (const variable of Object.keys(environment)) delete process.env[variable]
    })
    const [line = ''] = settings(agent, 'ExecStart')
    const [program, face, ...args] = line.replace('%i', name).replace('$AGENT_ARGS', AGENT_ARGS).trim().split(' ')
    t.deepEqual([program, face], ['leasehold', 'agent'])
    const call = await readCommandLine(args, process.cwd(), { out: t.log, error: t.log })
    if (typeof call === 'number') return t.fail(`exit code ${call}`)
    t.is(call.agent.name, name)
    t.is(call.common.address, '10.0.0.5:7070')
    t.is(call.command.join(' '), AGENT_ARGS.replace('-- ', ''))
  })
}

/** Whether there is a systemd here that can check units; one of its own shows it. */
const hasSystemd = spawnSync('systemd-analyze', ['verify', '--man=no', 'basic.target']).status === 0
const testWithSystemd = hasSystemd ? test : test.skip

testWithSystemd('systemd takes the units without a complaint', t => {
  const copies = mkdtempSync(join(tmpdir(), 'leasehold-units-'))
  t.teardown(() => rmSync(copies, { recursive: true }))
  const files = units.map(unit => {
    const file = join(copies, unit.replace('@', '@kubelet-heartbeat'))
    // The program is not installed here.
    writeFileSync(file, read(unit).replace('ExecStart=leasehold ', `ExecStart=${process.execPath} `))
    return file
  })
  t.is(files.length, 2)
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
  const complaints = stderr.split('\n').filter(line => line.includes('leasehold'))
  t.deepEqual({ status, complaints }, { status: 0, complaints: [] })
})
