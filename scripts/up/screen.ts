import { eventLine } from '../../cli/events/event-line.js'
import type { LeaseEvent } from '../../cli/events/lease-event.js'
import type { NodeEvent } from '../../cli/events/node-event.js'
import { leaseColumns } from '../../cli/lease-columns.js'
import { Table } from '../../cli/table.js'
import type { Lease } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'

const columns = leaseColumns({ namespace: true, wide: true, labels: false })

/** A longer name is shortened, for events and rows to fit into a line. */
const longestName = 32

/** Renewals of so long are one line. */
const gatherMs = 10_000

/** What `make up` prints, line by line; on a terminal renewals are dim and tables stand out. */
export class Screen {
  readonly #clock: Clock
  readonly #write: (text: string) => void
  readonly #isColored: boolean
  /** How many renewals were told since the last line about them, by namespace. */
  readonly #renewals = new Map<string, number>()

  constructor(options: { clock: Clock; write: (text: string) => void; isColored: boolean }) {
    this.#clock = options.clock
    this.#write = options.write
    this.#isColored = options.isColored
  }

  /** Something about the processes. */
  note(text: string): void {
    this.#write(`${this.#style('1', 'up:')} ${text}\n`)
  }

  /** An event is a line, but renewals are counted. */
  event(event: LeaseEvent | NodeEvent): void {
    if (event.kind === 'change' && event.type === 'renewed') this.#count(event.namespace)
    else this.#write(`${eventLine(withShortNames(event), this.#clock.wallMicros())}\n`)
  }

  /** The whole table, between empty lines. */
  leases(leases: readonly Lease[]): void {
    const nowMicros = this.#clock.wallMicros()
    const rows = leases.map(lease => columns.map(({ cell }) => shortened(cell(lease, nowMicros))))
    const [header = '', ...lines] = new Table()
      .print([columns.map(({ title }) => title), ...rows])
      .trimEnd()
      .split('\n')
    this.#write(`\n${[this.#style('1', header), ...lines].join('\n')}\n\n`)
  }

  #count(namespace: string): void {
    if (this.#renewals.size === 0) this.#clock.setTimer(gatherMs, () => this.#tellRenewals())
    this.#renewals.set(namespace, (this.#renewals.get(namespace) ?? 0) + 1)
  }

  #tellRenewals(): void {
    const time = new Date(this.#clock.wallMicros() / 1_000).toISOString()
    const counts = [...this.#renewals].sort().map(([namespace, count]) => `${count} in ${namespace}`)
    this.#renewals.clear()
    this.#write(`${this.#style('2', `${time}  renewed      ${counts.join(', ')} (${gatherMs / 1_000} s)`)}\n`)
  }

  #style(code: string, text: string): string {
    return this.#isColored ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}

function withShortNames(event: LeaseEvent | NodeEvent): LeaseEvent | NodeEvent {
  if (event.kind !== 'change') return event
  const { name, holder, previousHolder } = event
  return { ...event, name: shortened(name), holder: shortened(holder), previousHolder: shortened(previousHolder) }
}

/** The begin and the end tell long names apart. */
const shortened = (text: string): string =>
  text.length <= longestName ? text : `${text.slice(0, longestName - 9)}…${text.slice(-8)}`
