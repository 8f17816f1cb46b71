/**
 * `make simulate-mutants`: plants a bug at a time in a copy of the sources and runs worlds with it. Every one must be
 * found: an invariant that finds no bug proves nothing.
 *
 * SEEDS=200 runs so many with each, or ENOUGH=5 broken ones at most; where none of them is broken it goes on to MOST=2000,
 * up to the first that is. What is broken without the planted bug too does not count.
 * MUTANT=NAME,NAME plants those only. RESULTS=FILE writes the table as JSON.
 */
import { writeFileSync } from 'node:fs'
import { machine } from './runner/machine.js'
import { Copy, type Mutant, mutants } from './runner/mutants.js'
import type { Finding, MutantResults } from './runner/results.js'
import { type SeedResult, Tally } from './runner/seed-result.js'
import { runSeeds } from './runner/workers.js'

const { SEEDS = '200', MOST = String(10 * Number(SEEDS)), ENOUGH = 'Infinity', MUTANT, RESULTS } = process.env
const count = Number(SEEDS)
const copy = new Copy()
process.once('exit', () => copy.remove())
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const chosen = mutants().filter(({ name }) => MUTANT === undefined || MUTANT.split(',').includes(name))
if (chosen.length === 0) throw new Error(`there is no mutant ${MUTANT}`)
/** Whether the worlds that a planted bug broke are broken without it. */
const brokenAnyway = new Map<number, boolean>()

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
  if (RESULTS !== undefined) keep(RESULTS)
}
const missed = findings.filter(({ found }) => found === 0)
console.log(`${findings.length - missed.length} of ${findings.length} planted bugs were found`)
process.exitCode = missed.length > 0 ? 1 : 0

/** Keeps the table as far as it is there, since all of it takes a while. */
function keep(file: string): void {
  const results: MutantResults = {
    command: `make simulate-mutants SEEDS=${count}${ENOUGH === 'Infinity' ? '' : ` ENOUGH=${ENOUGH}`}`,
    ...machine(),
    seeds: count,
    mutants: findings,
  }
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`)
}

async function hunt(mutant: Mutant): Promise<Finding> {
  let seeds = 0
  const found: SeedResult[] = []
  while (seeds < count || (found.length === 0 && seeds < Number(MOST))) {
    const isFirst = seeds === 0
    const enough = isFirst ? Number(ENOUGH) : 1
    const tally = await runPlanted(mutant, seeds + 1, isFirst ? count : Number(MOST), enough)
    seeds += tally.seeds
    for (const failure of await ownFailures(tally)) found.push(failure)
    if (isFirst && found.length > 0) break
  }
  const seenBy: Record<string, number> = {}
  for (const { seenBy: seer = '' } of found) seenBy[seer] = (seenBy[seer] ?? 0) + 1
  const { name, plants } = mutant
  const [first] = found
  return { name, plants, seeds, found: found.length, ...(first && { firstSeed: first.seed }), seenBy }
}

/** Runs seeds with the planted bug, until enough of them are broken. */
async function runPlanted(mutant: Mutant, from: number, to: number, enough: number): Promise<Tally> {
  copy.plant(mutant)
  try {
    const complaint = copy.complaint()
    if (complaint !== undefined) throw new Error(`${mutant.name} does not compile: ${complaint}`)
    return await run(range(from, to), tally => tally.broken < enough)
  } finally {
    copy.mend(mutant)
  }
}

/** What the planted bug alone has broken. */
async function ownFailures({ failures }: Tally): Promise<readonly SeedResult[]> {
  const unknown = failures.filter(({ seed }) => !brokenAnyway.has(seed)).map(({ seed }) => seed)
  for (const seed of unknown) brokenAnyway.set(seed, false)
  for (const { seed, seenBy = '' } of (await run(unknown)).failures) {
    brokenAnyway.set(seed, true)
    console.log(`seed ${seed} is broken without any planted bug, as ${seenBy} sees, and does not count`)
  }
  return failures.filter(({ seed }) => !brokenAnyway.get(seed))
}

/** Runs seeds in the copy as it is, while told to go on. */
async function run(seeds: Iterable<number>, goesOn: (tally: Tally) => boolean = () => true): Promise<Tally> {
  const tally = new Tally(Number.POSITIVE_INFINITY)
  function* wanted(): Generator<number> {
    for (const seed of seeds) {
      if (!goesOn(tally)) return
      yield seed
    }
  }
  await runSeeds({ seeds: wanted(), root: copy.root, onResult: result => tally.add(result) })
  return tally
}

function* range(from: number, to: number): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed
}
