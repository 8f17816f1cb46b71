import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { readCommandLine } from '../../agents/runtime/command-line.js'
import { builtInNames } from '../../agents/runtime/load-agent.js'
import { runProgram } from '../../cli/run-program.js'
import { coordinatorCommand } from '../../services/coordinator/main.js'
import { faultOf, idleLeasectl } from '../support/command-lines.js'
import { runLeasectl } from '../support/leasectl.js'
import { shellCommands } from '../support/shell-words.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What `--help` of each command prints, by how people call it. */
const helps: [command: string, help: () => Promise<string>][] = [
  ['leasectl', async () => (await runLeasectl('--help')).stdout],
  ...idleLeasectl()
    .createHelp()
    .visibleCommands(idleLeasectl())
    .map(verb => verb.name())
    .filter(verb => verb !== 'help')
    .map((verb): [string, () => Promise<string>] => [
      `leasectl ${verb}`,
      async () => (await runLeasectl(verb, '--help')).stdout,
    ]),
  [
    'leasehold',
    async () => (await run(process.execPath, ['--import=tsx', 'cli/leasehold.ts', '--help'], { cwd: root })).stdout,
  ],
  ['leasehold coordinator', coordinatorHelp],
  ['leasehold agent', () => agentHelp()],
  ...builtInNames.map((name): [string, () => Promise<string>] => [`leasehold agent ${name}`, () => agentHelp(name)]),
]

async function coordinatorHelp(): Promise<string> {
  let help = ''
  await runProgram(coordinatorCommand(), ['--help'], {
    out(text) {
      help += text
    },
    err() {},
  })
  return help
}

async function agentHelp(...names: string[]): Promise<string> {
  let help = ''
  await readCommandLine([...names, '--help'], root, {
    out(text) {
      help += text
    },
    error() {},
  })
  return help
}

for (const [command, help] of helps) {
  test(`${command} --help has examples of it, and they can be typed`, async t => {
    const [, examples = ''] = (await help()).split('\nExamples:\n')
    const lines = examples.split('\n\n')[0] ?? ''
    const commands = shellCommands(lines).filter(([program]) => program === 'leasectl' || program === 'leasehold')
    t.true(
      commands.some(words => words.join(' ').startsWith(command)),
      lines,
    )
    for (const words of commands) t.is(await faultOf(words), '', words.join(' '))
  })
}

test('a mistake in an example would be found', async t => {
  t.not(await faultOf(['leasectl', 'get']), '')
  t.not(await faultOf(['leasectl', 'get', 'leases', '--colour']), '')
  t.not(await faultOf(['leasehold', 'coordinator', '--jurnal', 'x']), '')
  t.not(await faultOf(['leasehold', 'agent', 'kubelet-heartbeat', '--lease', 'x']), '')
  t.not(await faultOf(['leasehold', 'serve']), '')
})

test('examples are read as a shell reads them', t => {
  const text = `LOG=1 a 'b c' "d \\"e\\"" | f > g # h\nsource <(i -j) && k \\\n  l || test $? -eq 3`
  t.deepEqual(shellCommands(text), [
    ['a', 'b c', 'd "e"'],
    ['f'],
    ['source'],
    ['i', '-j'],
    ['k', 'l'],
    ['test', '$?', '-eq', '3'],
  ])
})
