import { eventLine } from '../../cli/events/event-line.js'
import type { LeaseEvent } from '../../cli/events/lease-event.js'
import { leaseHeader, leaseRow } from '../../cli/lease-rows.js'
import { Table } from '../../cli/table.js'
import type { Lease } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'

const columns = { namespace: true, wide: true }

/** What `make up` prints, line by line; on a terminal renewals are dim and tables stand out. */
export class Screen {
  readonly #clock: Clock
  readonly #write: (text: string) => void
  readonly #isColored: boolean

  constructor(options: { clock: Clock; write: (text: string) => void; isColored: boolean }) {
    this.#clock = options.clock
    this.#write = options.write
    this.#isColored = options.isColored
  }

  /** Something about the processes. */
  note(text: string): void {
    this.#write(`${this.#style('1', 'up:')} ${text}\n`)
  }

  event(event: LeaseEvent): void {
    const line = eventLine(event, this.#clock.wallMicros())
    const isRenewal = event.kind === 'change' && event.type === 'renewed'
    this.#write(`${isRenewal ? this.#style('2', line) : line}\n`)
  }

  /** The whole table, between empty lines. */
  leases(leases: readonly Lease[]): void {
    const nowMicros = this.#clock.wallMicros()
    const table = new Table()
    const rows = leases.map(lease => leaseRow(lease, columns, nowMicros))
    const [header = '', ...lines] = table
      .print([leaseHeader(columns), ...rows])
      .trimEnd()
      .split('\n')
    this.#write(`\n${[this.#style('1', header), ...lines].join('\n')}\n\n`)
  }

  #style(code: string, text: string): string {
    return this.#isColored ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}
