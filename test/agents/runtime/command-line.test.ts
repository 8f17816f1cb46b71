import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { readCommandLine } from '../../../agents/runtime/command-line.js'

/** What the command line leads to, and what it printed. */
async function read(argv: string[], folder = '/') {
  let out = ''
  let error = ''
  const call = await readCommandLine(argv, folder, {
    out: text => {
      out += text
    },
    error: text => {
      error += text
    },
  })
  return { call, code: typeof call === 'number' ? call : undefined, out, error }
}

async function options(argv: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { call, error } = await read(argv)
  if (typeof call === 'number') throw new Error(error)
  return call.options
}

function pluginFolder(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-plugin-'))
  writeFileSync(join(folder, 'plugin.mjs'), source)
  return folder
}

const refused: readonly (readonly [what: string, argv: string[], message: RegExp])[] = [
  ['an unknown agent', ['nobody'], /there is no agent "nobody".*kubelet-heartbeat, .*scheduler-leader.*\.\/nobody\.js/],
  ['a missing file', ['./none.js'], /there is no file \/none\.js/],
  ['an unknown option', ['kubelet-heartbeat', '--nod', 'a'], /unknown option '--nod'.*--node/s],
  ['an argument too many', ['kubelet-heartbeat', 'a'], /too many arguments/],
  ['a duration that is none', ['kubelet-heartbeat', '--lease-duration', '40'], /--lease-duration.*'40'.*15s, 1m30s/],
  ['too short a duration', ['kubelet-heartbeat', '--lease-duration', '10ms'], /--lease-duration.*at least 1s/],
  ['a number that is none', ['kubelet-heartbeat', '--nodes', 'x'], /--nodes.*whole number/],
  ['too small a number', ['kubelet-heartbeat', '--nodes', '0'], /--nodes.*at least 1/],
  ['a node name that Kubernetes would refuse', ['kubelet-heartbeat', '--node', 'A_b'], /--node.*lower-case letters/],
  ['a hostname that cannot be a label', ['apiserver-identity', '--hostname', 'a/b'], /--hostname.*label of the lease/],
  ['an unknown style of names', ['apiserver-identity', '--name-style', 'v1.25'], /--name-style.*one of v1\.26, v1\.27/],
  ['an address without a port', ['kubelet-heartbeat', '--address', 'localhost'], /--address.*10\.0\.0\.1:7070/],
  ['a port beyond 65535', ['kubelet-heartbeat', '--metrics', '127.0.0.1:70000'], /--metrics.*127\.0\.0\.1:9464/],
  ['an unknown log level', ['kubelet-heartbeat', '--log-level', 'loud'], /--log-level.*one of trace, debug/],
  ['a command for an agent that runs none', ['kubelet-heartbeat', '--', 'ls'], /runs no command/],
  ['an empty command', ['scheduler-leader', '--'], /no command follows --/],
  ['an option before the name', ['--node', 'a'], /the agent's name comes first/],
]

for (const [what, argv, message] of refused) {
  test(`refuses ${what} with exit code 2 and a message that names it`, async t => {
    const { code, error } = await read(argv)
    t.is(code, 2)
    t.regex(error, message)
  })
}

test('lists the agents with --help, and tells the options of one', async t => {
  const all = await read(['--help'])
  t.is(all.code, 0)
  t.regex(all.out, /kubelet-heartbeat\n.*scheduler-leader/s)
  const one = await read(['kubelet-heartbeat', '--help'])
  t.is(one.code, 0)
  t.regex(one.out, /--lease-duration <duration>.*40s.*LEASEHOLD_KUBELET_HEARTBEAT_LEASE_DURATION/s)
  t.regex(one.out, /leaves\s+the\s+lease,\s+as\s+a\s+kubelet\s+does/)
})

test("a kubelet's defaults are those of Kubernetes", async t => {
  t.like(await options(['kubelet-heartbeat']), {
    namespace: 'kube-node-lease',
    leaseDuration: 40_000,
    renewInterval: undefined,
  })
})

test("an API server's defaults are those of kube-apiserver", async t => {
  t.like(await options(['apiserver-identity']), {
    namespace: 'kube-system',
    leaseDuration: 3_600_000,
    renewInterval: 10_000,
    nameStyle: 'v1.26',
  })
})

test("a leader's defaults are those of kube-scheduler", async t => {
  t.like(await options(['scheduler-leader']), {
    lease: 'kube-scheduler',
    namespace: 'kube-system',
    leaseDuration: 15_000,
    priority: 0,
    once: false,
  })
})

test('what follows -- is the command, options included', async t => {
  const { call } = await read(['scheduler-leader', '--priority', '3', '--', 'run', '--lease', 'x', '--'])
  if (typeof call === 'number') return t.fail()
  t.deepEqual(call.command, ['run', '--lease', 'x', '--'])
  t.is(call.options.priority, 3)
})

test.serial('an environment variable sets an option, and the command line goes before it', async t => {
  process.env.LEASEHOLD_SCHEDULER_LEADER_LEASE_DURATION = '20s'
  process.env.LEASEHOLD_ADDRESS = '10.0.0.1:1,[::1]:2'
  t.teardown(() => {
    delete process.env.LEASEHOLD_SCHEDULER_LEADER_LEASE_DURATION
    delete process.env.LEASEHOLD_ADDRESS
  })
  t.like(await options(['scheduler-leader']), { leaseDuration: 20_000, address: '10.0.0.1:1,[::1]:2' })
  t.like(await options(['scheduler-leader', '--lease-duration', '9s']), { leaseDuration: 9_000 })
})

test.serial('a wrong value in the environment is refused by the name of its variable', async t => {
  process.env.LEASEHOLD_SCHEDULER_LEADER_PRIORITY = 'high'
  t.teardown(() => delete process.env.LEASEHOLD_SCHEDULER_LEADER_PRIORITY)
  const { code, error } = await read(['scheduler-leader'])
  t.is(code, 2)
  t.regex(error, /LEASEHOLD_SCHEDULER_LEADER_PRIORITY/)
})

test('a plugin of your own loads by its path', async t => {
  const folder = pluginFolder(`export const agent = {
    name: 'mine', description: 'Mine.', run: async () => {},
    options: { howOften: { type: 'duration', description: 'how often', default: '5s' } },
  }`)
  const { call } = await read(['./plugin.mjs', '--how-often', '7s'], folder)
  if (typeof call === 'number') return t.fail()
  t.is(call.options.howOften, 7_000)
})

for (const [what, source, message] of [
  ['exports no agent', 'export const other = 1', /exports no agent: write `export const agent/],
  ['cannot be parsed', 'export const agent = {', /could not be loaded: .*SyntaxError/s],
  ['has no work', "export const agent = { name: 'a', description: 'A.' }", /run must be a function/],
  ['has a name that is none', "export const agent = { name: 'A b', description: 'A.', run() {} }", /name must be/],
  [
    'has an option of an unknown type',
    "export const agent = { name: 'a', description: 'A.', run() {}, options: { x: { type: 'float' } } }",
    /options\.x\.type must be/,
  ],
  [
    'has an option that every agent has',
    "export const agent = { name: 'a', description: 'A.', run() {}, options: { address: { type: 'text', description: '' } } }",
    /options\.address of a is one that every agent has/,
  ],
] as const) {
  test(`a plugin that ${what} is refused with exit code 2 and what to do`, async t => {
    const { code, error } = await read(['./plugin.mjs'], pluginFolder(source))
    t.is(code, 2)
    t.regex(error, message)
  })
}
