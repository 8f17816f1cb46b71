import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { freePort } from '../support/free-port.js'
import { runLeasectl } from '../support/leasectl.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
let coordinator: TestCoordinator
const dir = mkdtempSync(join(tmpdir(), 'leasehold-completion-'))

test.before(async () => {
  coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  for (const path of ['default/a', 'default/ab', 'default/b', 'shop/checkout', 'kube-node-lease/node-1']) {
    const [namespace = '', name = ''] = path.split('/')
    await client.create({ namespace, name })
  }
  await client.close()
  const command = `exec "${process.execPath}" --import=tsx cli/leasectl.ts "$@"`
  writeFileSync(join(dir, 'leasectl'), `#!/bin/sh\ncd "${root}" && ${command}\n`, { mode: 0o755 })
})

test.after.always(async () => {
  await coordinator.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** The completions of these words, of which the last is at the cursor. */
async function complete(...words: string[]): Promise<string[]> {
  const { exitCode, stdout } = await runLeasectl('--address', coordinator.address, '__complete', '--', ...words)
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`)
  return stdout.split('\n').flatMap(line => line.split('\t')[0] || [])
}

const verbs: [words: string[], completions: string[]][] = [
  [['de'], ['describe', 'delete']],
  [['-n', 'shop', 'rel'], ['release']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['get', 'lease'],
    ['lease', 'leases'],
  ],
  [['get', 'leases', '--sort'], ['--sort-by']],
  [['get', '--addr'], ['--address']],
  [['kub'], ['kubeconfig']],
  [['kubeconfig', '--s'], ['--server']],
  [
    ['get', 'leases', '-o', 'js'],
    ['json', 'jsonpath='],
  ],
  [['get', 'leases', '--output=y'], ['--output=yaml']],
  [
    ['create', '--dry-run', ''],
    ['none', 'server'],
  ],
  [['create', '-f', ''], [':files']],
  [['hold', 'a', '--', ''], [':files']],
  [
    ['-n', ''],
    ['default', 'kube-node-lease', 'shop'],
  ],
  [['get', 'leases', '--namespace=s'], ['--namespace=shop']],
  [
    ['get', 'leases', 'a'],
    ['a', 'ab'],
  ],
  [['get', 'leases', 'a', 'a'], ['ab']],
  [['get', 'leases', '-n', 'shop', ''], ['checkout']],
  [['describe', 'nodes', ''], ['node-1']],
  [
    ['get', 'lease/a'],
    ['lease/a', 'lease/ab'],
  ],
  [['delete', 'no'], []],
  [['hold', 'b'], ['b']],
  [['revoke', 'shop/'], ['shop/checkout']],
  [['revoke', 'sh'], ['shop/checkout']],
  [['-n', 'shop', 'renew', ''], ['checkout']],
  [['renew', 'default/a', ''], []],
  [['nothing', 'of', 'ours'], []],
]

for (const [words, completions] of verbs) {
  test(`leasectl ${words.join(' ')}| completes to ${completions.join(', ') || 'nothing'}`, async t => {
    t.deepEqual((await complete(...words)).sort(), [...completions].sort())
  })
}

test('a verb is completed with what it does, and the answering verb is hidden', async t => {
  const { stdout } = await runLeasectl('__complete', '--', '')
  t.regex(stdout, /^revoke\ttake a lease back from its holder$/m)
  t.notRegex(stdout, /__complete/)
  t.notRegex((await runLeasectl('--help')).stdout, /__complete/)
})

test('without a coordinator there are no names, and no complaint', async t => {
  const address = `127.0.0.1:${await freePort()}`
  const end = await runLeasectl('__complete', '--', '--address', address, 'get', 'leases', '')
  t.deepEqual(end, { exitCode: 0, stdout: '', stderr: '' })
})

/** What bash makes of a line with the cursor at its end: the words as readline breaks them, and its reply. */
async function bashCompletes(t: ExecutionContext, words: string[], line: string): Promise<string[]> {
  const script = `
    source <(leasectl completion bash)
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$LINE COMP_POINT=\${#LINE}
    _leasectl leasectl
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}`, LINE: line, LEASEHOLD_ADDRESS: coordinator.address }
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', ...words], { env })
  t.is(stderr, '')
  return stdout.trim().split('\n')
}

test('bash completes verbs, names of leases, and values behind = and : as it breaks words', async t => {
  t.deepEqual(await bashCompletes(t, ['leasectl', 'rev'], 'leasectl rev'), ['revoke'])
  t.deepEqual(await bashCompletes(t, ['leasectl', 'get', 'leases', ''], 'leasectl get leases '), ['a', 'ab', 'b'])
  const equals = ['leasectl', 'create', '--dry-run', '=', 's']
  t.deepEqual(await bashCompletes(t, equals, 'leasectl create --dry-run=s'), ['server'])
  const [host = '', port = ''] = coordinator.address.split(':')
  const colon = ['leasectl', '--address', host, ':', port, 'revoke', 'shop/']
  t.deepEqual(await bashCompletes(t, colon, `leasectl --address ${coordinator.address} revoke shop/`), [
    'shop/checkout',
  ])
})

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`the script for ${shell} is one that ${shell} can read`, async t => {
    const { exitCode, stdout } = await runLeasectl('completion', shell)
    t.is(exitCode, 0)
    t.regex(stdout, /leasectl/)
    const file = join(dir, `completion.${shell}`)
    writeFileSync(file, stdout)
    await run(shell, ['-n', file]).catch(error => {
      if (error.code !== 'ENOENT') throw error
      t.log(`there is no ${shell} here to read it`)
    })
  })
}
