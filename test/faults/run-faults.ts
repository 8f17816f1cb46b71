/**
 * `make faults`: every test of this folder, on real processes, with a summary of what went wrong on purpose. ROUNDS says
 * how often the longer workloads run, TIMES how often everything does, in a row, until something fails; RESULTS where the
 * results go, as a line of JSON for each workload.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Result } from './results.js'
import { findLibrary } from './wall-clock/fake-time.js'

const { RESULTS: results, ROUNDS = '3', TIMES = '1' } = process.env

installLibfaketime()
const folder = mkdtempSync(join(tmpdir(), 'leasehold-faults-results-'))
const path = join(folder, 'faults.jsonl')
const counts = { times: 0, tests: 0, passed: 0, failed: 0, seconds: 0 }
while (counts.times < Number(TIMES) && counts.failed === 0) {
  const run = await runTests({ ...process.env, ROUNDS, FAULTS_RESULTS: path })
  counts.times++
  for (const what of ['tests', 'passed', 'failed', 'seconds'] as const) counts[what] += run[what]
  if (Number(TIMES) > 1) console.log(`${counts.times} of ${TIMES} times: ${run.passed} passed, ${run.failed} failed`)
}
const workloads = existsSync(path) ? merged(readFileSync(path, 'utf8')) : []
rmSync(folder, { recursive: true })
const all: Result[] = [{ workload: 'all tests', faults: {}, counts }, ...workloads]
for (const { workload, faults, counts } of all) {
  console.log(`\n${workload}`)
  for (const [what, n] of [...Object.entries(counts), ...Object.entries(faults)]) {
    console.log(`  ${String(n).padStart(8)}  ${what}`)
  }
}
if (results !== undefined) writeFileSync(results, all.map(result => `${JSON.stringify(result)}\n`).join(''))
process.exitCode = counts.failed === 0 ? 0 : 1

/** Runs the tests one file after the other, so that nothing but its own faults gets in the way of one. */
async function runTests(
  env: NodeJS.ProcessEnv,
): Promise<{ tests: number; passed: number; failed: number; seconds: number }> {
  const startedMs = performance.now()
  const ava = spawn('ava', ['--tap', '--concurrency', '1', '--timeout', '10m', 'test/faults/**/*.test.ts'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>(resolve => ava.once('close', resolve))
  let passed = 0
  let failed = 0
  let isFailing = false
  for await (const line of createInterface({ input: ava.stdout })) {
    const test = /^(ok|not ok) \d+ - (.*)$/.exec(line)
    if (test !== null) {
      isFailing = test[1] === 'not ok'
      if (isFailing) failed++
      else passed++
    }
    // What is known of a failure follows its line.
    if (test !== null || isFailing || line.includes('SKIPPED')) console.log(line)
  }
  if ((await ended) !== 0 && failed === 0) failed = 1
  return { tests: passed + failed, passed, failed, seconds: Math.round((performance.now() - startedMs) / 1e3) }
}

/** One result for each workload, however many rounds it had. */
function merged(lines: string): Result[] {
  const byWorkload = new Map<string, { faults: Record<string, number>; counts: Record<string, number> }>()
  for (const line of lines.trimEnd().split('\n')) {
    // Results.write wrote it.
    const { workload, faults, counts } = JSON.parse(line) as Result
    const sums = byWorkload.get(workload) ?? { faults: {}, counts: {} }
    byWorkload.set(workload, sums)
    for (const [kind, times] of Object.entries(faults)) sums.faults[kind] = (sums.faults[kind] ?? 0) + times
    for (const [what, count] of Object.entries(counts)) sums.counts[what] = (sums.counts[what] ?? 0) + count
  }
  return [...byWorkload].map(([workload, sums]) => ({ workload, ...sums }))
}

/** Wall clocks that jump need libfaketime; without it, and without the right to install it, their test is skipped. */
function installLibfaketime(): void {
  if (findLibrary() !== undefined || process.getuid?.() !== 0) return
  if (spawnSync('apt-get', ['--version']).status !== 0) return
  console.log('installing libfaketime, for wall clocks that jump')
  try {
    execFileSync('apt-get', ['install', '--yes', '--quiet', 'libfaketime'], { stdio: 'ignore' })
  } catch {
    console.log('libfaketime could not be installed: the test of wall clocks is skipped')
  }
}
