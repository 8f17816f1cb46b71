import type { CaseResult } from './bench-case.js'

/** Cells in columns; text to the left, figures to the right. */
type Row = readonly string[]

const units: readonly (readonly [suffix: string, unit: string])[] = [
  ['PerSecond', '/s'],
  ['Micros', 'µs'],
  ['Ms', 'ms'],
  ['Seconds', 's'],
  ['Mb', 'MB'],
  ['Kb', 'kB'],
  ['Bytes', 'B'],
]

/** 'cpuMicros' is 'cpu, µs'. */
export function heading(name: string): string {
  const [suffix, unit] = units.find(([suffix]) => name.endsWith(suffix)) ?? ['', '']
  const words = name
    .slice(0, name.length - suffix.length)
    .replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    .replaceAll(/\bcpu\b/g, 'CPU')
  if (unit === '') return words
  return unit === '/s' ? `${words}${unit}` : `${words}, ${unit}`
}

/** Three digits that count. */
export function figure(value: number | undefined): string {
  if (value === undefined) return ''
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** The measurements of a case: a heading, then a row each. */
export function rows({ measurements }: CaseResult): Row[] {
  const names = [...new Set(measurements.flatMap(({ figures }) => Object.keys(figures)))]
  return [
    ['', '', ...names.map(heading)],
    ...measurements.map(({ load, subject, figures }) => [load, subject, ...names.map(name => figure(figures[name]))]),
  ]
}

/** For a terminal. */
export function text(rows: readonly Row[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const line = (row: Row): string =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return rows.map(row => line(row).trimEnd()).join('\n')
}

/** For a page. */
export function markdown([head = [], ...body]: readonly Row[]): string {
  const line = (row: Row): string => `| ${row.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...body.map(line)].join('\n')
}
