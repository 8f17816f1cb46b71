import type { Lease } from '../../client/lease.js'
import { leaseObject, listObject, toJson, toYaml } from '../kubernetes-object.js'
import { leaseHeader, leaseRow } from '../lease-rows.js'
import { Table } from '../table.js'

export const outputFormats = ['table', 'wide', 'name', 'yaml', 'json'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** Turns leases into text, and later ones into text that goes on from there. */
export interface LeasePrinter {
  /** Whether an empty list is printed too. */
  readonly showsNone: boolean
  /** @param single print each as an object of its own, not as a list. */
  print(leases: readonly Lease[], single: boolean): string
}

export interface PrinterOptions {
  /** Whether tables have a NAMESPACE column. */
  readonly namespace: boolean
  /** The time that ages count to, microseconds since the Unix epoch. */
  nowMicros(): number
}

export function printerOf(format: OutputFormat, options: PrinterOptions): LeasePrinter {
  if (format === 'name') return { showsNone: false, print: namesOf }
  if (format === 'json') return { showsNone: true, print: objectPrinter(toJson, '') }
  if (format === 'yaml') return { showsNone: true, print: objectPrinter(toYaml, '---\n') }
  return new TablePrinter(format === 'wide', options)
}

const namesOf = (leases: readonly Lease[]): string =>
  leases.map(({ name }) => `lease.coordination.k8s.io/${name}\n`).join('')

function objectPrinter(toText: (object: object) => string, separator: string): LeasePrinter['print'] {
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
  readonly #columns: { readonly namespace: boolean; readonly wide: boolean }
  readonly #nowMicros: () => number
  #hasHeader = false

  constructor(wide: boolean, options: PrinterOptions) {
    this.#columns = { namespace: options.namespace, wide }
    this.#nowMicros = options.nowMicros
  }

  print(leases: readonly Lease[]): string {
    const nowMicros = this.#nowMicros()
    const rows = leases.map(lease => leaseRow(lease, this.#columns, nowMicros))
    if (this.#hasHeader) return this.#table.print(rows)
    this.#hasHeader = true
    return this.#table.print([leaseHeader(this.#columns), ...rows])
  }
}
