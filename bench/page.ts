/**
 * docs/benchmarks.md: prose by hand, and between the markers of a case what its result on file says. The plots lie
 * beside it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FiledResult, readResults } from './harness/results.js'
import { svg } from './harness/svg.js'
import { figure, markdown, rows } from './harness/table.js'
import { yardstickText } from './harness/yardstick.js'

export const pagePath = new URL('../docs/benchmarks.md', import.meta.url).pathname

/** Where a case's plot is, from the page. */
const plotPath = (name: string): string => `benchmarks/${name}.svg`

/** Writes the page, and the plots, from the results on file. */
export function writePage(): void {
  for (const { path, text } of files(readFileSync(pagePath, 'utf8'), readResults())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

/** The page and the plots as these results have them. */
export function files(page: string, results: readonly FiledResult[]): { path: string; text: string }[] {
  return [
    { path: pagePath, text: pageText(page, results) },
    ...results.flatMap(({ name, plot }) =>
      plot === undefined ? [] : [{ path: join(dirname(pagePath), plotPath(name)), text: svg(plot) }],
    ),
  ]
}

/**
 * The page with what stands between its markers written anew.
 *
 * @throws Error when a result has no place on the page.
 */
export function pageText(page: string, results: readonly FiledResult[]): string {
  const names = placesOf(page)
  const lost = results.filter(({ name }) => !names.includes(name))
  if (lost.length > 0) {
    const markers = lost.map(({ name }) => `<!-- ${name}: begin --><!-- ${name}: end -->`)
    throw new Error(`docs/benchmarks.md has no place for what was measured: give it ${markers.join(' and ')}`)
  }
  const byName = new Map(results.map(result => [result.name, result]))
  return page.replaceAll(place, (_, name: string) => {
    const result = byName.get(name)
    const block = result === undefined ? notRun(name) : resultText(result)
    return `<!-- ${name}: begin -->\n\n${block}\n\n<!-- ${name}: end -->`
  })
}

/** The cases that the page has a place for, in its order. */
export const placesOf = (page: string): string[] => [...page.matchAll(place)].map(([, name = '']) => name)

const place = /<!-- (\S+): begin -->.*?<!-- \1: end -->/gs

const notRun = (name: string): string => `There is no result of \`make bench CASE=${name}\`.`

function resultText(result: FiledResult): string {
  const { name, about, ratios = [], aims, plot } = result
  return [
    about,
    markdown(rows(result)),
    ...(plot === undefined ? [] : [`![${plot.title}, ${plot.axis}](${plotPath(name)})`]),
    ...(ratios.length === 0 ? [] : [markdown([['ratio', ''], ...ratios.map(r => [r.name, `${figure(r.ratio)} x`])])]),
    ...(aims.length === 0
      ? []
      : [markdown([['aim', 'reached', ''], ...aims.map(a => [a.aim, a.reached, a.isMet ? 'met' : '**not met**'])])]),
    made(result),
  ].join('\n\n')
}

function made({ command, date, machine, versions, scale, yardstick }: FiledResult): string {
  const programs = [`Node.js ${versions.node}`, versions.etcd && `etcd ${versions.etcd}`, versions.nats].filter(Boolean)
  const pace = yardstick === undefined ? '' : ` Before it ${yardstickText(yardstick)}.`
  return (
    `\`${command}\`${scale === 'full' ? '' : ', shortened'}; ${machine.cpus}, ${machine.memoryGib} GiB, ` +
    `${machine.system}; ${date}; ${programs.join(', ')}.${pace}`
  )
}
