import type { Random } from '../../clock/random.js'
import type { Journal } from '../../services/coordinator/journal/journal.js'
import { MemoryStore, openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import type { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'

/** How long a flush takes, in ms: most about the same, some much longer. */
export interface DiskFaults {
  readonly flushMs: number
  readonly slowShare: number
  readonly slowMs: number
}

interface Flush {
  readonly writer: SimulatedProcess | undefined
  /** What is written is there. */
  done(): void
  /** It never was. */
  lost(): void
}

/** A disk that outlives the processes which write to it; two may, as one deposes the other. */
export class SimulatedDisk {
  readonly store: MemoryStore
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #faults: DiskFaults
  readonly #underway = new Set<Flush>()
  #writer: SimulatedProcess | undefined
  #stalledUntilMs = 0
  /** No flush is slower than the most. */
  isCalm = false
  #failsNext = false
  /** What the next snapshot meets. */
  #snapshot: { readonly slownessMs: number; readonly onCommit: () => void; slowEntries: number } | undefined
  /** Told that an entry was decided and its append begins. */
  onEntry: () => void = () => {}

  constructor(timeline: Timeline, random: Random, faults: DiskFaults) {
    this.#timeline = timeline
    this.#random = random
    this.#faults = faults
    this.store = new MemoryStore(random)
    this.store.beforeFlush = sequence => {
      // A crash may tell a dead process that its entry is there: what that one would write next, it never does.
      if (this.#writer?.isDead) return new Promise(() => {})
      if (sequence > 0) this.onEntry()
      return this.#flush(sequence > 0)
    }
  }

  /** Opens the journal on it for a process; whoever had it open is deposed. */
  open(writer: SimulatedProcess): Journal {
    return this.#writtenBy(writer, openMemoryJournal(this.store))
  }

  /** For so long nothing is flushed. */
  stall(lastsMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#timeline.nowMs + lastsMs)
  }

  /** The next flush fails. */
  failNext(): void {
    this.#failsNext = true
  }

  /** The next snapshot takes its time, and the first entries beside it more: so much. Tells when it is there. */
  whenSnapshot(slownessMs: number, onCommit: () => void): void {
    this.#snapshot = { slownessMs, onCommit, slowEntries: 0 }
  }

  /** A writer was killed: what was on its way is there, or is not. */
  crash(writer: SimulatedProcess): void {
    for (const flush of this.#underway) {
      if (flush.writer !== writer) continue
      this.#underway.delete(flush)
      if (this.#random.fraction() < 0.5) flush.done()
      else flush.lost()
    }
  }

  /** The same, with who writes noted at each call. */
  #writtenBy<Target extends object>(writer: SimulatedProcess, target: Target): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          this.#writer = writer
          const result = member.apply(target, args)
          if (name === 'commit') this.#committed(result)
          if (name !== 'beginSnapshot') return result
          if (this.#snapshot !== undefined) this.#snapshot.slowEntries = 2
          return this.#writtenBy(writer, result)
        }
      },
    })
  }

  #committed(done: Promise<void>): void {
    const snapshot = this.#snapshot
    if (snapshot === undefined) return
    this.#snapshot = undefined
    // One that fails is its writer's concern.
    done.then(snapshot.onCommit, () => {})
  }

  #besideSnapshotMs(isEntry: boolean): number {
    const snapshot = this.#snapshot
    if (snapshot === undefined || this.isCalm) return 0
    if (!isEntry) return snapshot.slownessMs / 20
    return snapshot.slowEntries-- > 0 ? snapshot.slownessMs : 0
  }

  #flush(isEntry: boolean): Promise<void> {
    const { flushMs, slowShare, slowMs } = this.#faults
    const slowness = this.#random.fraction() < slowShare && !this.isCalm ? slowMs * this.#random.fraction() : 0
    const besideMs = this.#besideSnapshotMs(isEntry)
    const stalledMs = Math.max(0, this.#stalledUntilMs - this.#timeline.nowMs)
    const writer = this.#writer
    const fails = this.#failsNext
    this.#failsNext = false
    return new Promise((resolve, reject) => {
      const flush = { writer, done: resolve, lost: () => reject(new Error('lost in a crash')) }
      this.#underway.add(flush)
      this.#timeline.after(flushMs * (0.5 + this.#random.fraction()) + slowness + besideMs + stalledMs, () => {
        if (!this.#underway.has(flush)) return
        // Its writer hears of it in its next turn; a crash before that may still lose it.
        writer?.receive(() => {
          if (!this.#underway.delete(flush)) return
          if (fails) reject(new Error('an error of the disk'))
          else resolve()
        })
      })
    })
  }
}
