import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { shellCheck } from '../../../agents/kubelet-heartbeat/check.js'
import { groupLives } from '../../../agents/runtime/process-group.js'
import { systemClock } from '../../../clock/system-clock.js'
import { until } from '../../support/until.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const run = (command: string) =>
  shellCheck(command, { timeoutMs: 60_000, clock: systemClock, signal: new AbortController().signal })

test('a check succeeds when the shell command exits with 0', async t => {
  t.is(await run('test 1 = 1 && true'), undefined)
})

test('a check fails by exit code, by signal, and when there is no such command', async t => {
  t.is(await run('exit 3'), 'the check ended with exit code 3')
  t.is(await run('kill -TERM $$'), 'the check ended with SIGTERM')
  t.is(await run('exec 2>/dev/null; /nonexistent/check'), 'the check ended with exit code 127')
})

test('a check that takes too long fails, and its processes end', async t => {
  const clock = new VirtualClock()
  const file = join(mkdtempSync(join(tmpdir(), 'leasehold-check-')), 'group')
  const command = `trap "" TERM; echo $$ > ${file}; sleep 1000 & wait`
  const wrong = shellCheck(command, { timeoutMs: 5_000, clock, signal: new AbortController().signal })
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  clock.advance(5_000)
  t.is(await wrong, 'the check did not end within 5000 ms')
  await until(() => !groupLives(Number(readFileSync(file, 'utf8'))))
  t.pass()
})

test('a check ends when the agent stops', async t => {
  const stop = new AbortController()
  const wrong = shellCheck('sleep 1000', { timeoutMs: 60_000, clock: systemClock, signal: stop.signal })
  stop.abort()
  t.is(await wrong, 'the agent stops')
})
