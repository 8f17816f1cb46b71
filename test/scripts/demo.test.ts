import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { until } from '../support/until.js'

const page = readFileSync(new URL('../../docs/demo.md', import.meta.url), 'utf8')

interface Demo {
  readonly process: ChildProcess
  /** What it has printed so far. */
  output(): string
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>
}

/** Starts `make demo` from source. */
function startDemo(t: ExecutionContext): Demo {
  const demo = spawn(process.execPath, ['--import=tsx', 'scripts/demo.ts'], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => void demo.kill('SIGKILL'))
  let output = ''
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  // The listener gets what 'close' tells: code and signal.
  const exit = once(demo, 'close') as Demo['exit']
  return { process: demo, output: () => output, exit }
}

/** Waits until everything runs; gives the processes that run, and where their files are. */
async function running(demo: Demo): Promise<{ pids: number[]; directory: string }> {
  await until(() => demo.process.exitCode !== null || demo.output().includes('$ leasectl'))
  const pids = childrenOf(demo.process.pid ?? 0).filter(pid => !commandOf(pid).includes('esbuild'))
  const journal = pids.map(commandOf).find(command => command.includes('lmdb:')) ?? ''
  return { pids, directory: dirname(/lmdb:([^\0]+)/.exec(journal)?.[1] ?? '') }
}

test.serial('the tour ends by itself, shows what its page shows, and leaves nothing', async t => {
  t.timeout(240_000)
  const demo = startDemo(t)
  const { pids, directory } = await running(demo)
  t.is(pids.length, 11, demo.output())
  t.true(existsSync(directory))
  t.deepEqual(await demo.exit, [0, null], demo.output())
  t.deepEqual(outline(demo.output()), outline(page))
  t.regex(demo.output(), /refused: the token \d+ is smaller than \d+/)
  t.log(demo.output().match(/The tour took .*? s\./)?.[0])
  t.deepEqual([existsSync(directory), pids.filter(isAlive)], [false, []])
})

test.serial('a process that ends unasked fails the tour, with what it was, and nothing is left', async t => {
  const demo = startDemo(t)
  const { pids, directory } = await running(demo)
  process.kill(pids.find(pid => commandOf(pid).includes('node-monitor')) ?? 0, 'SIGKILL')
  t.deepEqual(await demo.exit, [1, null])
  t.regex(demo.output(), /^demo: node-monitor ended by SIGKILL/m)
  t.deepEqual([existsSync(directory), pids.filter(isAlive)], [false, []])
})

test.serial('Ctrl-C ends the tour, and nothing is left', async t => {
  const demo = startDemo(t)
  const { pids, directory } = await running(demo)
  demo.process.kill('SIGINT')
  t.deepEqual(await demo.exit, [130, null])
  t.deepEqual([existsSync(directory), pids.filter(isAlive)], [false, []])
})

/** Titles and claims, without what is another in each run. */
const outline = (text: string): string[] =>
  (text.match(/^(\d\. | {3}✔ ).*$/gm) ?? []).map(line =>
    line
      .replaceAll(/[\d.]+ m?s\b/g, 'a time')
      .replaceAll(/scheduler-[ab]/g, 'a scheduler')
      .replaceAll(/ \d+/g, ' #'),
  )

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8')

/** The processes that a process has started. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
