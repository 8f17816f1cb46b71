import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { SimulationResults } from './results.js'

/**
 * Writes the figures of a run. Where the file has those of runs that ended with the seed before, they are added up: a long
 * run may be made in pieces.
 */
export function keepResults(path: string, figures: SimulationResults): void {
  // keepResults wrote it.
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SimulationResults) : undefined
  const goesOn = before !== undefined && before.firstSeed + before.seeds === figures.firstSeed
  writeFileSync(path, `${JSON.stringify(goesOn ? added(before, figures) : figures, undefined, 2)}\n`)
}

/** The figures of runs one after another. */
export function added(before: SimulationResults, figures: SimulationResults): SimulationResults {
  const counts = { ...before.counts }
  for (const [what, count] of Object.entries(figures.counts)) counts[what] = (counts[what] ?? 0) + count
  const seeds = before.seeds + figures.seeds
  return {
    ...figures,
    command: `make simulate${before.firstSeed === 1 ? '' : ` FROM=${before.firstSeed}`} SEEDS=${seeds}`,
    firstSeed: before.firstSeed,
    seeds,
    runs: (before.runs ?? 1) + (figures.runs ?? 1),
    brokenSeeds: before.brokenSeeds + figures.brokenSeeds,
    broken: [...before.broken, ...figures.broken],
    virtualHours: before.virtualHours + figures.virtualHours,
    seconds: before.seconds + figures.seconds,
    steps: before.steps + figures.steps,
    memoryBytes: Math.max(before.memoryBytes, figures.memoryBytes),
    // Of the longest run, which says most about growth.
    memoryAtTenthBytes: Math.max(before.memoryAtTenthBytes, figures.memoryAtTenthBytes),
    counts: Object.fromEntries(Object.entries(counts).sort(([one], [other]) => one.localeCompare(other))),
  }
}
