import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { type Evidence, evidencePath, readEvidence, resultsFolder } from './evidence.js'
import { evidenceText } from './evidence-text.js'

const machine = { date: '2026-11-23', processors: '2 × some processor', node: 'v20.19.0' }

const evidence: Evidence = {
  simulation: {
    command: 'make simulate SEEDS=10',
    ...machine,
    firstSeed: 1,
    seeds: 10,
    brokenSeeds: 1,
    broken: [{ seed: 7, seenBy: 'oneHolder', what: 'two have it' }],
    virtualHours: 1_234,
    seconds: 100,
    steps: 5_000_000,
    workers: 2,
    memoryBytes: 2 ** 27,
    memoryAtTenthBytes: 2 ** 26,
    counts: { 'fault crash': 12, grants: 34 },
  },
  mutants: {
    command: 'make simulate-mutants SEEDS=10',
    ...machine,
    seeds: 10,
    mutants: [
      { name: 'a-bug', plants: 'a bug', seeds: 10, found: 3, firstSeed: 2, seenBy: { oneHolder: 1, queueOrder: 2 } },
      { name: 'another', plants: 'one that hides', seeds: 100, found: 0, seenBy: {} },
    ],
  },
  faults: [{ workload: 'guarded-set', faults: { 'kill -9': 3 }, counts: { rounds: 4 } }],
  found: [{ seed: 498, what: 'two holders', commit: 'abc' }],
  falseAlarms: [{ seed: 9, what: 'the world was wrong' }],
}

test('the evidence tells every figure of the runs, with the command, the machine and the day', t => {
  const text = evidenceText(evidence)
  t.regex(text, /Made by `make simulate SEEDS=10` on 2026-11-23; 2 × some processor, Node.js v20.19.0\./)
  t.regex(text, /\| worlds \| 10, seeds 1 to 10 \|/)
  t.regex(text, /\| time that passed in them \| 1,234 hours \|/)
  t.regex(text, /\| crash \| 12 \|/)
  t.regex(text, /\| grants \| 34 \|/)
  t.regex(text, /- seed 7, seen by oneHolder: two have it/)
  t.regex(text, /finds 1 of 2 bugs/)
  t.regex(text, /\| a-bug \| a bug \| 3 of 10 worlds \| 2 \| queueOrder 2, oneHolder 1 \|/)
  t.regex(text, /\| another \| one that hides \| \*\*none\*\* of 100 worlds \| {2}\| {2}\|/)
  t.regex(text, /\| guarded-set \| rounds 4 \| kill -9 3 \|/)
  t.regex(text, /\| 498 \| two holders \| abc \|/)
})

test('a broken world whose bug was mended is told with where to read of it, and another without', t => {
  const [bug] = evidence.found
  const mended = evidenceText({ ...evidence, found: bug === undefined ? [] : [{ ...bug, seed: 7 }] })
  t.regex(mended, /- seed 7, seen by oneHolder: two have it\. Mended since/)
  t.notRegex(evidenceText(evidence), /Mended since/)
})

test('a broken world in which the simulator was wrong is told as such', t => {
  const text = evidenceText({ ...evidence, falseAlarms: [{ seed: 7, what: 'a dead process wrote' }] })
  t.regex(
    text,
    /- seed 7, seen by oneHolder: two have it\. The simulator erred, and no promise was broken: a dead process wrote/,
  )
  t.notRegex(evidenceText(evidence), /The simulator erred/)
})

test('what was not run is told as such', t => {
  const text = evidenceText({
    simulation: undefined,
    mutants: undefined,
    faults: undefined,
    found: [],
    falseAlarms: [],
  })
  for (const command of ['simulate', 'simulate-mutants', 'faults']) {
    t.true(text.includes(`There are no results of \`make ${command}\`.`), command)
  }
})

test('docs/EVIDENCE.md is what the kept results say', t => {
  const kept = existsSync(evidencePath) ? readFileSync(evidencePath, 'utf8') : undefined
  const how = 'write it again: node --import=tsx test/simulation/evidence/write-evidence.ts'
  t.true(kept === undefined || kept === evidenceText(readEvidence(resultsFolder)), how)
})
