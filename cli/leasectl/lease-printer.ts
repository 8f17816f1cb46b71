import type { Lease } from '../../client/lease.js'
import { leaseObject, listObject, toJson, toYaml } from '../kubernetes-object.js'
import type { Column } from '../lease-columns.js'
import { Table } from '../table.js'
import type { ObjectFormat, Output } from './output.js'

/** Turns leases into text, and later ones into text that goes on from there. */
export interface LeasePrinter {
  /** Whether an empty list is printed too. */
  readonly showsNone: boolean
  /** @param single print each as an object of its own, not as a list. */
  print(leases: readonly Lease[], single: boolean): string
}

/** What only tables have. */
export interface TableOptions {
  readonly columns: readonly Column[]
  /** Whether the first row is the columns' titles. */
  readonly header: boolean
  /** The time that ages count to, microseconds since the Unix epoch. */
  nowMicros(): number
}

export function printerOf(output: Output, options: TableOptions): LeasePrinter {
  if (output.format === 'jsonpath') return { showsNone: true, print: objectsIn(output.template, '') }
  if (output.format === 'table' || output.format === 'wide') return new TablePrinter(options)
  return objectPrinter(output.format)
}

export function objectPrinter(format: ObjectFormat): LeasePrinter {
  if (format === 'name') return { showsNone: false, print: namesOf }
  return { showsNone: true, print: format === 'json' ? objectsIn(toJson, '') : objectsIn(toYaml, '---\n') }
}

const namesOf = (leases: readonly Lease[]): string =>
  leases.map(({ name }) => `lease.coordination.k8s.io/${name}\n`).join('')

function objectsIn(toText: (object: object) => string, separator: string): LeasePrinter['print'] {
  let isFirst = true
  const next = (object: object) => {
    const text = isFirst ? toText(object) : separator + toText(object)
    isFirst = false
    return text
  }
  return (leases, single) => {
    const objects = leases.map(leaseObject)
    return single ? objects.map(next).join('') : next(listObject(objects))
  }
}

class TablePrinter implements LeasePrinter {
  readonly showsNone = false
  readonly #table = new Table()
  readonly #columns: readonly Column[]
  readonly #nowMicros: () => number
  #needsHeader: boolean

  constructor({ columns, header, nowMicros }: TableOptions) {
    this.#columns = columns
    this.#nowMicros = nowMicros
    this.#needsHeader = header
  }

  print(leases: readonly Lease[]): string {
    const nowMicros = this.#nowMicros()
    const rows = leases.map(lease => this.#columns.map(({ cell }) => cell(lease, nowMicros)))
    const header = this.#needsHeader ? [this.#columns.map(({ title }) => title)] : []
    this.#needsHeader = false
    return this.#table.print([...header, ...rows])
  }
}
