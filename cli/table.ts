import { printable } from './printable.js'

const padding = 3
const minWidth = 6

/**
 * Columns as kubectl prints them: each as wide as its widest cell and three spaces more, at least six, and the last one
 * not padded. It remembers widths, so that rows added later stay in line; only a wider cell moves a column.
 */
export class Table {
  readonly #widths: number[] = []

  /** The lines for these rows, each ended by a newline; the first call's first row is the header. */
  print(texts: readonly (readonly string[])[]): string {
    const rows = texts.map(row => row.map(cellOf))
    for (const row of rows) row.forEach((cell, column) => void this.#widen(column, cell))
    return rows.map(row => `${this.#line(row)}\n`).join('')
  }

  #widen(column: number, cell: string): void {
    this.#widths[column] = Math.max(this.#widths[column] ?? minWidth, cell.length + padding)
  }

  #line(row: readonly string[]): string {
    const last = row.length - 1
    return row.map((cell, column) => (column === last ? cell : cell.padEnd(this.#widths[column] ?? 0))).join('')
  }
}

/** As kubectl shortens it: a row is a line. */
const cellOf = (text: string): string => printable(text.replace(/[\n\r].*$/s, '...'))
