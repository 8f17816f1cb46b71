import type { Result } from '../../faults/results.js'
import type { Machine } from '../runner/machine.js'
import type { FalseAlarm, Found, MutantResults, SimulationResults } from '../runner/results.js'
import type { Evidence } from './evidence.js'

/** docs/EVIDENCE.md. Every figure in it is one of the results. */
export function evidenceText({ simulation, mutants, faults, found, falseAlarms }: Evidence): string {
  const parts = [
    '# Evidence',
    'Made by `make evidence` from what the runs below have left; no figure is written by hand. ' +
      'What is simulated, and what is not, is in [ARCHITECTURE.md](../ARCHITECTURE.md).',
    '## Simulated worlds',
    ...(simulation === undefined ? [notRun('make simulate')] : worlds(simulation, afterwards(found, falseAlarms))),
    '## Planted bugs',
    ...(mutants === undefined ? [notRun('make simulate-mutants')] : planted(mutants)),
    '## Real processes',
    ...(faults === undefined ? [notRun('make faults')] : processes(faults)),
    '## Bugs that simulated worlds have shown',
    found.length === 0 ? 'None yet.' : bugs(found),
  ]
  return `${parts.join('\n\n')}\n`
}

const notRun = (command: string): string => `There are no results of \`${command}\`.`

/** What became of a world that was broken, by its seed. */
const afterwards = (found: readonly Found[], falseAlarms: readonly FalseAlarm[]): ReadonlyMap<number, string> =>
  new Map([
    ...found.map(({ seed }): [number, string] => [seed, '. Mended since, as told below']),
    ...falseAlarms.map(({ seed, what }): [number, string] => [
      seed,
      `. The simulator erred, and no promise was broken: ${what}`,
    ]),
  ])

function worlds(results: SimulationResults, afterwards: ReadonlyMap<number, string>): string[] {
  const { seeds, firstSeed, runs = 1, brokenSeeds, broken, virtualHours, seconds, steps, workers, counts } = results
  const faults = Object.entries(counts).filter(([what]) => what.startsWith(faultPrefix))
  const others = Object.entries(counts).filter(([what]) => !what.startsWith(faultPrefix))
  return [
    made(results),
    table(
      ['', ''],
      [
        [
          'worlds',
          `${number(seeds)}, seeds ${firstSeed} to ${firstSeed + seeds - 1}${runs > 1 ? `, in ${runs} runs` : ''}`,
        ],
        ['in which a promise was seen broken', number(brokenSeeds)],
        ['time that passed in them', `${number(virtualHours)} hours`],
        ['steps, after each of which the invariants are looked at', number(steps)],
        ['time that it took', `${number(seconds)} s in ${workers} processes`],
        ['speed', `${(virtualHours / seconds).toFixed(2)} virtual hours/s, ${number(steps / seconds)} steps/s`],
        ['memory of a process', memory(results)],
      ],
    ),
    ...broken.map(({ seed, seenBy, what }) => {
      const since = afterwards.get(seed)
      const now = since === undefined ? '' : `${since}. The world is run with the tests, and holds`
      return `- seed ${seed}, seen by ${seenBy}: ${what}${now}`
    }),
    table(
      ['fault', 'times'],
      faults.map(([what, times]) => [what.slice(faultPrefix.length), number(times)]),
    ),
    table(
      ['what went on', 'times'],
      others.map(([what, times]) => [what, number(times)]),
    ),
  ]
}

const faultPrefix = 'fault '

const memory = ({ memoryBytes, memoryAtTenthBytes }: SimulationResults): string =>
  `at most ${megabytes(memoryAtTenthBytes)} in the first tenth of the worlds, ${megabytes(memoryBytes)} in all`

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`

function planted(results: MutantResults): string[] {
  const { mutants } = results
  const found = mutants.filter(mutant => mutant.found > 0)
  return [
    made(results),
    `The simulator finds ${found.length} of ${mutants.length} bugs that are planted in a copy of the sources, one at a time. ` +
      'Each is a patch in [test/simulation/mutants](../test/simulation/mutants). With ENOUGH a hunt ends when so many worlds ' +
      'are broken: how many it took is then a rough measure of how hard the bug is to find.',
    table(
      ['bug', 'what it plants', 'found in', 'first seed', 'seen first by'],
      mutants.map(({ name, plants, seeds, found: times, firstSeed, seenBy }) => [
        name,
        plants,
        times === 0 ? `**none** of ${number(seeds)} worlds` : `${number(times)} of ${number(seeds)} worlds`,
        firstSeed === undefined ? '' : String(firstSeed),
        seers(seenBy),
      ]),
    ),
  ]
}

/** Who saw it first, in the most worlds first. */
const seers = (seenBy: Readonly<Record<string, number>>): string =>
  Object.entries(seenBy)
    .sort(([, one], [, other]) => other - one)
    .map(([seer, times]) => `${seer} ${number(times)}`)
    .join(', ')

function processes(results: readonly Result[]): string[] {
  return [
    'Made by `make faults`: coordinator, nats-server and clients as processes.',
    table(
      ['workload', 'what went on', 'faults'],
      results.map(({ workload, counts, faults }) => [workload, listed(counts), listed(faults)]),
    ),
  ]
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, times]) => `${what} ${number(times)}`)
    .join(', ')

const bugs = (found: readonly Found[]): string =>
  table(
    ['seed', 'what was wrong', 'mended by'],
    found.map(({ seed, what, commit }) => [String(seed), what, commit]),
  )

const made = ({ command, date, processors, node }: Machine & { readonly command: string }): string =>
  `Made by \`${command}\` on ${date}; ${processors}, Node.js ${node}.`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')

const number = (value: number): string => Math.round(value).toLocaleString('en')
