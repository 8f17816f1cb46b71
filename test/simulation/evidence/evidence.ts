import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../../faults/results.js'
import type { FalseAlarm, Found, MutantResults, SimulationResults } from '../runner/results.js'
import { root } from '../runner/workers.js'

/** What the runs have left; undefined for what was not run. */
export interface Evidence {
  readonly simulation: SimulationResults | undefined
  readonly mutants: MutantResults | undefined
  /** One of every test on real processes. */
  readonly faults: readonly Result[] | undefined
  readonly found: readonly Found[]
  /** Where the world, or an invariant, was wrong. */
  readonly falseAlarms: readonly FalseAlarm[]
}

/** Where runs leave what docs/EVIDENCE.md is made from. */
export const resultsFolder = join(root, 'test/simulation/results')

export const evidencePath = join(root, 'docs/EVIDENCE.md')

/** Reads what there is in a folder. */
export function readEvidence(folder: string): Evidence {
  const simulation = textOf(join(folder, 'simulation.json'))
  const mutants = textOf(join(folder, 'mutants.json'))
  const faults = textOf(join(folder, 'faults.jsonl'))
  return {
    simulation: simulation === undefined ? undefined : JSON.parse(simulation),
    mutants: mutants === undefined ? undefined : JSON.parse(mutants),
    faults: faults?.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)])),
    found: JSON.parse(readFileSync(join(root, 'test/simulation/found.json'), 'utf8')),
    falseAlarms: JSON.parse(readFileSync(join(root, 'test/simulation/false-alarms.json'), 'utf8')),
  }
}

const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)
