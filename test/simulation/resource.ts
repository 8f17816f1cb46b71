import type { Random } from '../../clock/random.js'
import type { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'

/** A write that the resource took, or refused. */
export interface GuardedWrite {
  readonly lease: string
  readonly token: number
  readonly writer: string
  readonly isTaken: boolean
}

/** What leases guard: it keeps the greatest token that it has seen for each, and refuses smaller ones. */
export class GuardedResource {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #greatest = new Map<string, number>()
  readonly writes: GuardedWrite[] = []

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline
    this.#random = random
  }

  /** A write is on its way for a while, up to seconds: it arrives when its writer may long be deposed. */
  write(writer: SimulatedProcess, lease: string, token: number): void {
    const delayMs = this.#random.fraction() < 0.1 ? 5_000 : 20
    this.#timeline.after(this.#random.fraction() * delayMs, () => {
      const isTaken = token >= (this.#greatest.get(lease) ?? 0)
      if (isTaken) this.#greatest.set(lease, token)
      this.writes.push({ lease, token, writer: writer.name, isTaken })
    })
  }
}
