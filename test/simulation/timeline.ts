/** Something that will happen at a time, unless it is called off. */
export interface Happening {
  cancel(): void
}

class Entry implements Happening {
  readonly atMs: number
  /** Decides between happenings of the same time: first come, first served. */
  readonly order: number
  run: (() => void) | undefined

  constructor(atMs: number, order: number, run: () => void) {
    this.atMs = atMs
    this.order = order
    this.run = run
  }

  cancel(): void {
    this.run = undefined
  }
}

/**
 * The true time of a simulated world, in ms, and all that will happen in it, in order. Nothing passes but by `step`; whoever
 * steps waits after each for `settled`, so one seed gives one history.
 */
export class Timeline {
  #nowMs = 0
  #order = 0
  #steps = 0
  readonly #heap: Entry[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /** How many happenings there were. */
  get steps(): number {
    return this.#steps
  }

  /** Lets something happen `delayMs` from now. */
  after(delayMs: number, run: () => void): Happening {
    const entry = new Entry(this.#nowMs + Math.max(delayMs, 0), this.#order++, run)
    this.#push(entry)
    return entry
  }

  /** Lets the next thing happen; false when nothing will before `endMs`, where time then stands. */
  step(endMs: number): boolean {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs
        return false
      }
      this.#pop()
      if (next.run === undefined) continue
      this.#nowMs = next.atMs
      this.#steps++
      next.run()
      return true
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || isBefore(parent, entry)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (isBefore(last, child)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)

/** How many turns of Node's own event loop are asked for at once: between these it does not look for input, of which there is none. */
const turnsAtOnce = 64

let turnsAhead = 0
let waiting: (() => void)[] = []

/**
 * Resolves when every promise that can settle has, and what was rejected with nobody to handle it has been told: in the
 * next turn of Node's own event loop.
 */
export function settled(): Promise<void> {
  if (turnsAhead === 0) {
    for (; turnsAhead < turnsAtOnce; turnsAhead++) setImmediate(turn)
  }
  return new Promise(resolve => waiting.push(resolve))
}

function turn(): void {
  turnsAhead--
  const resolvers = waiting
  waiting = []
  for (const resolve of resolvers) resolve()
}
