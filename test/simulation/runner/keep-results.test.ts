import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { keepResults } from './keep-results.js'
import type { SimulationResults } from './results.js'

const run = (firstSeed: number, seeds: number): SimulationResults => ({
  command: `make simulate FROM=${firstSeed} SEEDS=${seeds}`,
  date: '2026-01-02',
  processors: '2 × x',
  node: 'v20',
  firstSeed,
  seeds,
  brokenSeeds: 0,
  broken: [],
  virtualHours: 1,
  seconds: 10,
  steps: 100,
  workers: 2,
  memoryBytes: seeds,
  memoryAtTenthBytes: 5,
  counts: { grants: 3, [`only from ${firstSeed}`]: 1 },
})

function kept(t: { teardown(run: () => void): void }, ...runs: SimulationResults[]): SimulationResults {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-results-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'simulation.json')
  for (const figures of runs) keepResults(path, figures)
  return JSON.parse(readFileSync(path, 'utf8'))
}

test('a run that goes on where the one before ended is added to it', t => {
  t.like(kept(t, run(1, 60), run(61, 40)), {
    command: 'make simulate SEEDS=100',
    firstSeed: 1,
    seeds: 100,
    runs: 2,
    steps: 200,
    memoryBytes: 60,
    counts: { grants: 6, 'only from 1': 1, 'only from 61': 1 },
  })
})

test('any other run replaces what was kept', t => {
  t.deepEqual(kept(t, run(1, 60), run(1, 40)), run(1, 40))
})
