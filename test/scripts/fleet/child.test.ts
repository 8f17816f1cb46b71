import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { systemClock as clock } from '../../../clock/system-clock.js'
import { Child } from '../../../scripts/fleet/child.js'
import { until } from '../../support/until.js'

const dir = mkdtempSync(join(tmpdir(), 'leasehold-child-'))
test.after.always(() => rmSync(dir, { recursive: true }))

let count = 0
function start(script: string): Child {
  count += 1
  return new Child({ name: 'sh', command: ['sh', '-c', script], logFile: join(dir, `${count}.log`), clock })
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('an end that nobody asked for is told with what the process said last', async t => {
  const child = start('echo starting; echo "no such journal" >&2; exit 3')
  const how = await child.ended
  t.false(child.isStopping)
  t.is(child.describeEnd(how), `sh ended with exit code 3: no such journal (log: ${child.logFile})`)
})

test('a program that is not there ends at once, in one line', async t => {
  const child = new Child({ name: 'none', command: ['./no-such-program'], logFile: join(dir, 'none.log'), clock })
  t.regex(child.describeEnd(await child.ended), /^none .*no-such-program.*$/)
})

test('stop asks by SIGTERM, and resolves once the process is gone', async t => {
  const child = start("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done")
  await until(() => readFileSync(child.logFile, 'utf8').includes('ready'))
  await child.stop(60_000)
  t.true(child.isStopping)
  t.is(await child.ended, 'ended with exit code 0')
  t.true(readFileSync(child.logFile, 'utf8').endsWith('bye\n'))
})

test('stop ends a process that does not listen, and what it started, after the bound', async t => {
  const child = start("trap '' TERM; sleep 600 & echo $!; while :; do sleep 0.02; done")
  await until(() => readFileSync(child.logFile, 'utf8').includes('\n'))
  await child.stop(50)
  t.is(await child.ended, 'ended by SIGKILL')
  const grandchild = Number(readFileSync(child.logFile, 'utf8'))
  await until(() => !isAlive(grandchild))
  t.pass()
})

const canDieWithParent = spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0
const testWithSetpriv = canDieWithParent ? test : test.skip

testWithSetpriv('a process does not survive a SIGKILL of the one that started it', async t => {
  const program = `
    import { Child } from ${JSON.stringify(new URL('../../../scripts/fleet/child.ts', import.meta.url).href)}
    import { systemClock as clock } from ${JSON.stringify(new URL('../../../clock/system-clock.ts', import.meta.url).href)}
    const child = new Child({ name: 'sleep', command: ['sleep', '600'], logFile: ${JSON.stringify(join(dir, 'orphan.log'))}, clock })
    console.log(child.pid)`
  const parent = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program])
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  // The pid is setpriv's first, then sleep's.
  await until(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep'))
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid))
  t.pass()
})
