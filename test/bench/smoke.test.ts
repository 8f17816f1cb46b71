import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { cases } from '../../bench/cases/cases.js'
import { until } from '../support/until.js'

/** Not what the run of the tests itself was told. */
const { MAKEFLAGS, MAKELEVEL, MFLAGS, ...environment } = process.env

/** What the benchmark has printed so far, and its exit code once it is over. */
const bench: { said: string; complaints: string; code?: number | null } = { said: '', complaints: '' }
const cache = '.cache'
let endAll: () => void = () => {}

test.before('build, beside what may be built already, and run all cases', () => {
  mkdirSync(cache, { recursive: true })
  // In the tree, where what is built finds its packages.
  const directory = mkdtempSync(join(cache, 'smoke-'))
  endAll = () => rmSync(directory, { recursive: true, force: true })
  const { status, stderr } = spawnSync('make', ['build', `DIST=${directory}`], { encoding: 'utf8', env: environment })
  if (status !== 0) throw new Error(stderr)
  const child = spawn(process.execPath, ['--import=tsx', 'bench/bench.ts'], {
    env: { ...environment, SCALE: 'smoke', CASE: '', ETCD: '', DIST: directory },
    // A group of its own, so that whatever it has started ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bench.said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    bench.complaints += text
  })
  child.once('close', code => {
    bench.code = code
  })
  endAll = () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', () => endAll())
})

test.after.always(() => endAll())

/** What is printed before a case. */
const titleOf = ({ name, about }: { name: string; about: string }): string => `\n${name}: ${about}\n`

for (const [i, known] of cases.entries()) {
  test.serial(`the benchmark's case ${known.name} runs, and prints its table`, async t => {
    t.timeout(120_000)
    const next = cases[i + 1]
    await until(() => bench.code !== undefined || (next !== undefined && bench.said.includes(titleOf(next))))
    const [, after = ''] = bench.said.split(titleOf(known))
    const told = next === undefined ? after : (after.split(titleOf(next))[0] ?? '')
    t.regex(told, /^\S.* {2,}\S.* {2,}[\d.,]+$/m, bench.complaints)
  })
}

test.serial('the benchmark ends well when every case has run', async t => {
  await until(() => bench.code !== undefined)
  t.is(bench.code, 0, bench.complaints)
})
