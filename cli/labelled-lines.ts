import { printable } from './printable.js'

/** A heading or an item, as it is; or a label and what it labels. */
export type Line = string | readonly [label: string, value: string]

/** Lines with their values below each other, two spaces behind the longest label, in each run of labelled lines. */
export function layOut(lines: readonly Line[]): string {
  return runs(lines)
    .flatMap(run => {
      const width = Math.max(...run.map(line => (typeof line === 'string' ? 0 : line[0].length + 3)))
      return run.map(line => (typeof line === 'string' ? line : `${withColon(line[0]).padEnd(width)}${line[1]}`))
    })
    .map(line => `${printable(line)}\n`)
    .join('')
}

/** A label left out is that of the line above. */
const withColon = (label: string): string => (label === '' ? '' : `${label}:`)

/** Splits where a labelled line follows one that is not, or the other way round. */
function runs(lines: readonly Line[]): Line[][] {
  const runs: Line[][] = []
  for (const line of lines) {
    const run = runs.at(-1)
    if (run !== undefined && typeof run[0] === typeof line) run.push(line)
    else runs.push([line])
  }
  return runs
}
