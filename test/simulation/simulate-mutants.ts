/**
 * `make simulate-mutants`: plants a bug at a time in a copy of the sources and runs worlds with it. Every one must be
 * found: an invariant that finds no bug proves nothing.
 *
 * SEEDS=200 runs so many with each; where none of them is broken it goes on to MOST=2000, up to the first that is.
 * MUTANT=NAME,NAME plants those only. RESULTS=FILE writes the table as JSON.
 */
import { writeFileSync } from 'node:fs'
import { runSeed } from './run-seed.js'
import { machine } from './runner/machine.js'
import { Copy, type Mutant, mutants } from './runner/mutants.js'
import type { Finding, MutantResults } from './runner/results.js'
import { type SeedResult, Tally } from './runner/seed-result.js'
import { runSeeds } from './runner/workers.js'

const { SEEDS = '200', MOST = String(10 * Number(SEEDS)), MUTANT, RESULTS } = process.env
const count = Number(SEEDS)
const copy = new Copy()
process.once('exit', () => copy.remove())
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const chosen = mutants().filter(({ name }) => MUTANT === undefined || MUTANT.split(',').includes(name))
if (chosen.length === 0) throw new Error(`there is no mutant ${MUTANT}`)
const brokenAnyway = new Set<number>()
for (const { seed } of (await run(1, count)).failures) brokenAnyway.add(seed)
if (brokenAnyway.size > 0)
  console.log(`broken without any planted bug, and so not counted: ${[...brokenAnyway].join(', ')}`)

const findings: Finding[] = []
for (const mutant of chosen) {
  const finding = await hunt(mutant)
  findings.push(finding)
  const { name, found, seeds, seenBy } = finding
  const seers = Object.entries(seenBy).sort(([, one], [, other]) => other - one)
  console.log(
    `${name.padEnd(40)} ${found > 0 ? `in ${found} of ${seeds} seeds` : `NOT FOUND in ${seeds} seeds`}`.padEnd(66),
    seers.map(([seer, times]) => `${seer} ${times}`).join(', '),
  )
}
const missed = findings.filter(({ found }) => found === 0)
console.log(`${findings.length - missed.length} of ${findings.length} planted bugs were found`)
if (RESULTS !== undefined) {
  const results: MutantResults = {
    command: `make simulate-mutants SEEDS=${count}`,
    ...machine(),
    seeds: count,
    mutants: findings,
  }
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`)
}
process.exitCode = missed.length > 0 ? 1 : 0

async function hunt(mutant: Mutant): Promise<Finding> {
  copy.plant(mutant)
  try {
    const complaint = copy.complaint()
    if (complaint !== undefined) throw new Error(`${mutant.name} does not compile: ${complaint}`)
    let seeds = 0
    const found: SeedResult[] = []
    while (seeds < count || (found.length === 0 && seeds < Number(MOST))) {
      const tally =
        seeds < count ? await run(1, count) : await run(seeds + 1, Number(MOST), ({ broken }) => broken === 0)
      seeds += tally.seeds
      for (const failure of tally.failures) if (!(await isBrokenAnyway(failure.seed))) found.push(failure)
    }
    const seenBy: Record<string, number> = {}
    for (const { seenBy: seer = '' } of found) seenBy[seer] = (seenBy[seer] ?? 0) + 1
    const { name, plants } = mutant
    const [first] = found
    return { name, plants, seeds, found: found.length, ...(first && { firstSeed: first.seed }), seenBy }
  } finally {
    copy.mend(mutant)
  }
}

async function isBrokenAnyway(seed: number): Promise<boolean> {
  return brokenAnyway.has(seed) || (seed > count && (await runSeed(seed)).broken !== undefined)
}

/** Runs seeds in the copy, up to the last or while told to go on. */
async function run(from: number, to: number, goesOn: (tally: Tally) => boolean = () => true): Promise<Tally> {
  const tally = new Tally(Number.POSITIVE_INFINITY)
  function* seeds(): Generator<number> {
    for (let seed = from; seed <= to && goesOn(tally); seed++) yield seed
  }
  await runSeeds({ seeds: seeds(), root: copy.root, onResult: result => tally.add(result) })
  return tally
}
