import { appendFileSync } from 'node:fs'
import type { CallLine, HistoryLine, ReturnLine } from './operation.js'

/** CLOCK_MONOTONIC in ms: every process of one Linux machine reads the same, whatever is done to its wall clock. */
export const sharedMonotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** What one process did to leases, written line by line as it happens: a killed process leaves what it wrote. */
export class HistoryFile {
  readonly #path: string
  readonly #process: string
  #operations = 0

  constructor(path: string, process: string) {
    this.#path = path
    this.#process = process
  }

  /** Notes a call that is about to be made, and returns how to note what came of it. */
  call(call: Omit<CallLine, 'event' | 'operation' | 'process' | 'atMs'>): (end: Ending) => void {
    const operation = `${this.#process}-${++this.#operations}`
    this.#write({ event: 'call', operation, process: this.#process, atMs: sharedMonotonicMs(), ...call })
    let isOver = false
    return end => {
      if (isOver) return
      isOver = true
      this.#write({ event: 'return', operation, atMs: sharedMonotonicMs(), ...end })
    }
  }

  #write(line: HistoryLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}

export type Ending = Omit<ReturnLine, 'event' | 'operation' | 'atMs'>
