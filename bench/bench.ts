/**
 * The benchmark: every case, shortened, or those that CASE names, in full. Prints a table and writes bench/results/.
 *
 *     make bench [CASE=stream,batch] [ETCD=path] [SCALE=full|short|smoke]
 *
 * With PROFILES the coordinators leave profiles of their CPU in that directory: what they do is told, not how fast.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cases } from './cases/cases.js'
import type { BenchCase, CaseResult, Scale } from './harness/bench-case.js'
import { Interrupted, withContext } from './harness/context.js'
import { type EtcdBinary, etcdBinary } from './harness/etcd-process.js'
import { profileText, summarize } from './harness/profile-summary.js'
import { type FiledResult, machine, readResult, writeResult } from './harness/results.js'
import { rows, text } from './harness/table.js'
import { type Yardstick, yardstick, yardstickText } from './harness/yardstick.js'

// grpc-js takes a stack trace of every call, and none of them is mapped to its source in a program that was built.
process.setSourceMapsEnabled(false)

const asked = process.env.CASE?.split(',').filter(name => name !== '') ?? []
const unknown = asked.filter(name => !cases.some(known => known.name === name))
if (unknown.length > 0) {
  console.error(`there is no case ${unknown.join(', ')}: choose from ${cases.map(known => known.name).join(', ')}`)
  process.exit(2)
}
const scale = scaleOf(process.env.SCALE ?? (asked.length > 0 ? 'full' : 'short'))
const profiles = process.env.PROFILES === undefined ? undefined : resolve(process.env.PROFILES)
const isFiled = scale !== 'smoke' && profiles === undefined
const etcds = (process.env.ETCD ?? '')
  .split(/\s+/)
  .filter(path => path !== '')
  .map(etcdBinary)
const here = machine()
console.log(`${here.cpus}, ${here.memoryGib} GiB, ${here.system}, Node ${process.version}`)
console.log(etcds.length > 0 ? `beside ${etcds.map(etcd => etcd.name).join(' and ')}` : 'no etcd here: nothing beside')

let failed = 0
for (const bench of cases.filter(known => asked.length === 0 || asked.includes(known.name))) {
  console.log(`\n${bench.name}: ${bench.about}\n`)
  try {
    const before = profilesThere()
    const pace = yardstick()
    const result = await withContext({ scale, etcds, say: line => console.log(`  ${line}`), profiles }, context =>
      bench.run(context),
    )
    show(result, readResult(bench.name))
    for (const profile of profilesThere().filter(path => !before.includes(path))) showProfile(profile)
    console.log(`before it: ${yardstickText(pace)}`)
    if (isFiled) writeResult(filed(bench, result, pace))
  } catch (error) {
    failed++
    if (error instanceof Interrupted) break
    console.error(`${bench.name} failed: ${error instanceof Error ? error.stack : error}`)
  }
}
process.exit(failed === 0 ? 0 : 1)

function profilesThere(): string[] {
  if (profiles === undefined || !existsSync(profiles)) return []
  return readdirSync(profiles)
    .filter(name => name.endsWith('.cpuprofile'))
    .map(name => join(profiles, name))
}

function showProfile(path: string): void {
  const root = new URL('..', import.meta.url).pathname
  console.log(`\n${path}\n${profileText(summarize(JSON.parse(readFileSync(path, 'utf8')), root))}`)
}

function show(result: CaseResult, onFile: FiledResult | undefined): void {
  console.log(text(rows(result)))
  const before = new Map(onFile?.ratios?.map(({ name, ratio }) => [name, ratio]))
  for (const { name, ratio } of result.ratios ?? []) {
    const was = before.get(name)
    console.log(`${name}: ${ratio.toFixed(2)} x${was === undefined ? '' : ` (on file: ${was.toFixed(2)} x)`}`)
  }
  for (const { aim, reached, isMet } of result.aims) console.log(`${isMet ? 'met' : 'NOT MET'}: ${aim}: ${reached}`)
}

function filed(bench: BenchCase, result: CaseResult, pace: Yardstick): FiledResult {
  const etcdVersions = etcds.map(({ name }: EtcdBinary) => name.split(' ') as [string, string])
  return {
    name: bench.name,
    about: bench.about,
    scale,
    command: `make bench CASE=${bench.name}${scale === 'full' ? '' : ` SCALE=${scale}`}`,
    date: new Date().toISOString().slice(0, 10),
    machine: here,
    yardstick: pace,
    versions: {
      node: process.version,
      etcd: etcdVersions.map(([, version]) => version).join(', '),
      nats: spawnSync('nats-server', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '',
    },
    ...result,
  }
}

function scaleOf(word: string): Scale {
  if (word === 'full' || word === 'short' || word === 'smoke') return word
  console.error(`SCALE is ${word}: it may be full, short or smoke`)
  process.exit(2)
}
