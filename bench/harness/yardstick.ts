import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Latencies } from './latencies.js'
import { figure } from './table.js'

/** How fast the machine was just before a case: one that others share is not the same from hour to hour. */
export interface Yardstick {
  /** How long a fixed piece of JavaScript takes, the same in every run of the benchmark: the best of a few. */
  readonly loopMs: number
  /** How long it takes to write 4 KiB to the disk of the temporary directory and flush it, alone. */
  readonly flushP50Ms: number
  readonly flushP99Ms: number
}

const loops = 5
const flushes = 300

export function yardstick(): Yardstick {
  const loopMs = Math.min(...Array.from({ length: loops }, timeOfLoop))
  const { p50Ms, p99Ms } = flushTimes().figures()
  return { loopMs, flushP50Ms: p50Ms, flushP99Ms: p99Ms }
}

export const yardstickText = ({ loopMs, flushP50Ms, flushP99Ms }: Yardstick): string =>
  `the yardstick took ${figure(loopMs)} ms, and a flush ${figure(flushP50Ms)} ms, p99 ${figure(flushP99Ms)} ms`

/** Objects, a map and integers: what a coordinator does most. */
function timeOfLoop(): number {
  const startMs = performance.now()
  const items = new Map<number, { id: number; sum: number }>()
  let sum = 1
  for (let index = 0; index < 1_000_000; index++) {
    sum = (Math.imul(sum, 31) + index) | 0
    const id = sum & 0xffff
    items.set(id, { id, sum: (items.get(id)?.sum ?? 0) ^ sum })
  }
  if (items.size === 0) throw new Error('nothing was kept')
  return performance.now() - startMs
}

function flushTimes(): Latencies {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-yardstick-'))
  const times = new Latencies()
  const file = openSync(join(directory, 'file'), 'w')
  try {
    const block = Buffer.alloc(4096, 1)
    for (let index = 0; index < flushes; index++) {
      const startMs = performance.now()
      writeSync(file, block)
      fdatasyncSync(file)
      times.add(performance.now() - startMs)
    }
  } finally {
    closeSync(file)
    rmSync(directory, { recursive: true, force: true })
  }
  return times
}
