import { drawPlan } from '../plan.js'
import { Compiled } from './compiled.js'
import { keepResults } from './keep-results.js'
import { machine } from './machine.js'
import { report } from './report.js'
import type { SimulationResults } from './results.js'
import { Tally } from './seed-result.js'
import { runSeeds } from './workers.js'

/** How many broken worlds are shrunk and printed; the others are only named. */
const maxReports = 3

/** How often the runner says how far it is. */
const progressMs = 30_000

export interface RunAllOptions {
  readonly from: number
  readonly count: number
  readonly workers: number
  /** A file that the figures go into, as JSON; those of a run that ended where this one begins are added to. */
  readonly results: string | undefined
}

/** Runs the worlds of many seeds and prints what came of them; returns how many were broken. */
export async function runAll({ from, count, workers, results }: RunAllOptions): Promise<number> {
  const compiled = new Compiled()
  process.once('exit', () => compiled.remove())
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The worlds that run come to their end, and what has been counted is kept; the second time it is meant otherwise.
    process.on(signal, () => {
      if (isStopping) process.exit(1)
      isStopping = true
    })
  }
  const tally = new Tally()
  const startMs = performance.now()
  let [memoryBytes, memoryAtTenthBytes, printedMs] = [0, 0, startMs]
  await runSeeds({
    seeds: range(from, count, () => isStopping),
    workers,
    root: compiled.root,
    onResult(result) {
      tally.add(result)
      memoryBytes = Math.max(memoryBytes, result.memoryBytes)
      if (tally.seeds <= count / 10) memoryAtTenthBytes = memoryBytes
      if (result.broken !== undefined) console.log(`seed ${result.seed}, ${result.seenBy}: ${firstLine(result.broken)}`)
      if (performance.now() - printedMs < progressMs) return
      printedMs = performance.now()
      console.log(
        `${tally.seeds} of ${count} seeds, ${tally.broken} broken, ${megabytes(memoryBytes)} outlive them in a worker`,
      )
    },
  })
  const seconds = (performance.now() - startMs) / 1e3
  const { seeds, broken, steps, virtualMs, failures, counts } = tally
  const virtualHours = virtualMs / 3.6e6
  for (const { seed } of failures.slice(0, maxReports)) await report(drawPlan(seed))
  console.log(`${seeds} seeds, ${broken} broken; ${virtualHours.toFixed(1)} virtual hours in ${seconds.toFixed(1)} s`)
  console.log(
    `${(virtualHours / seconds).toFixed(2)} virtual hours/s, ${Math.round(steps / seconds)} steps/s, ` +
      `${(seeds / seconds).toFixed(1)} seeds/s, ${workers} workers; what outlives the worlds of a worker: at most ` +
      `${megabytes(memoryAtTenthBytes)} in the first tenth, ${megabytes(memoryBytes)} in all`,
  )
  console.log([...counts].map(([what, times]) => `${what}: ${times}`).join(', '))
  if (results !== undefined) {
    const figures: SimulationResults = {
      command: `make simulate${from === 1 ? '' : ` FROM=${from}`} SEEDS=${seeds}`,
      ...machine(),
      seeds,
      firstSeed: from,
      broken: failures.map(({ seed, seenBy, broken: what = '' }) => ({ seed, seenBy, what: firstLine(what) })),
      brokenSeeds: broken,
      virtualHours,
      seconds,
      steps,
      workers,
      memoryBytes,
      memoryAtTenthBytes,
      counts: Object.fromEntries([...counts].sort(([one], [other]) => one.localeCompare(other))),
    }
    keepResults(results, figures)
  }
  return broken
}

function* range(from: number, count: number, isEnough: () => boolean): Generator<number> {
  for (let seed = from; seed < from + count && !isEnough(); seed++) yield seed
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`
