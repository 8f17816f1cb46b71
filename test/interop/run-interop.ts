/**
 * Kubernetes' clients of other languages against a coordinator of their own each: `make interop`. What is not installed
 * here is skipped, and said so. With INTEROP=go or INTEROP=python only that one.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CoordinatorProcess } from '../support/coordinator-process.js'

interface Language {
  readonly name: string
  /** What its tests need, in a folder that is removed afterwards; a reason why they cannot run here, or undefined. */
  prepare(folder: string): string | undefined
  /** The command line of its tests. */
  command(folder: string): readonly string[]
}

const here = fileURLToPath(new URL('.', import.meta.url))

const languages: readonly Language[] = [
  {
    name: 'go',
    prepare() {
      if (!succeeds('go', ['version'])) return 'there is no Go here'
      return succeeds('go', ['mod', 'download'], 'go') ? undefined : 'its modules could not be downloaded'
    },
    command: () => ['go', 'test', '-count=1', './...'],
  },
  {
    name: 'python',
    prepare(folder) {
      if (!succeeds('python3', ['-m', 'venv', folder])) return 'there is no Python with venv here'
      const install = ['install', '--quiet', '--requirement', 'requirements.txt']
      return succeeds(join(folder, 'bin', 'pip'), install, 'python')
        ? undefined
        : 'its package kubernetes could not be installed'
    },
    command: folder => [join(folder, 'bin', 'python'), 'interop_test.py'],
  },
]

const wanted = languages.filter(({ name }) => [undefined, '', name].includes(process.env.INTEROP))
for (const language of wanted) {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-interop-'))
  try {
    const why = language.prepare(folder)
    if (why !== undefined) {
      process.stdout.write(`${language.name}: skipped, since ${why}\n`)
      continue
    }
    const code = await tested(language, folder)
    process.stdout.write(`${language.name}: ${code === 0 ? 'passed' : 'failed'}\n`)
    if (code !== 0) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs its tests against a new coordinator and gives their exit code. */
async function tested({ name, command }: Language, folder: string): Promise<number | null> {
  const ends: (() => unknown)[] = []
  try {
    const scope = { teardown: (end: () => unknown) => void ends.unshift(end), passed: true, log: () => {} }
    const coordinator = await CoordinatorProcess.start(scope)
    const [program = '', ...args] = command(folder)
    const child = spawn(program, args, {
      cwd: join(here, name),
      env: {
        ...process.env,
        LEASEHOLD_URL: `http://${coordinator.httpAddress}`,
        LEASEHOLD_ADDRESS: coordinator.address,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    return await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  } finally {
    for (const end of ends) await end()
  }
}

/** Whether the program is there and ends with 0; what it wrote to stderr is shown otherwise, where a folder is given. */
function succeeds(program: string, args: readonly string[], folder?: string): boolean {
  const { status, stderr } = spawnSync(program, args, { cwd: join(here, folder ?? '.'), encoding: 'utf8' })
  if (status !== 0 && folder !== undefined) process.stderr.write(stderr ?? '')
  return status === 0
}
