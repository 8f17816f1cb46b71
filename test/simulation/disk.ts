import type { Random } from '../../clock/random.js'
import { MemoryStore } from '../../services/coordinator/journal/memory-journal.js'
import type { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'

/** How long a flush takes, in ms: most about the same, some much longer. */
export interface DiskFaults {
  readonly flushMs: number
  readonly slowShare: number
  readonly slowMs: number
}

interface Flush {
  /** What is written is there. */
  done(): void
  /** It never was. */
  lost(): void
}

/** A disk that outlives the processes which write to it. */
export class SimulatedDisk {
  readonly store: MemoryStore
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #faults: DiskFaults
  readonly #underway = new Set<Flush>()
  #writer: SimulatedProcess | undefined
  /** The true time at which the last entry was decided and its append began. */
  entryAtMs = 0

  constructor(timeline: Timeline, random: Random, faults: DiskFaults) {
    this.#timeline = timeline
    this.#random = random
    this.#faults = faults
    this.store = new MemoryStore(random)
    this.store.beforeFlush = sequence => {
      if (sequence > 0) this.entryAtMs = timeline.nowMs
      return this.#flush()
    }
  }

  /** The process that writes from now on. */
  mount(writer: SimulatedProcess): void {
    this.#writer = writer
  }

  /** The writer was killed: what was on its way is there, or is not. */
  crash(): void {
    for (const flush of this.#underway) {
      if (this.#random.fraction() < 0.5) flush.done()
      else flush.lost()
    }
    this.#underway.clear()
  }

  #flush(): Promise<void> {
    const { flushMs, slowShare, slowMs } = this.#faults
    const slowness = this.#random.fraction() < slowShare ? slowMs * this.#random.fraction() : 0
    const writer = this.#writer
    return new Promise((resolve, reject) => {
      const flush = { done: resolve, lost: () => reject(new Error('lost in a crash')) }
      this.#underway.add(flush)
      this.#timeline.after(flushMs * (0.5 + this.#random.fraction()) + slowness, () => {
        if (!this.#underway.has(flush)) return
        // Its writer hears of it in its next turn; a crash before that may still lose it.
        writer?.receive(() => {
          if (this.#underway.delete(flush)) resolve()
        })
      })
    })
  }
}
