import type { Clock, Timer } from '../../clock/clock.js'
import type { Timeline } from './timeline.js'

/** How the clocks of a machine differ from true time. */
export interface ClockFaults {
  /** How fast its monotonic clock goes: 1.01 is one percent fast. */
  readonly rate: number
  /** What its wall clock is ahead, in µs. */
  readonly wallOffsetMicros: number
}

interface SetTimer {
  readonly dueMs: number
  fire: (() => void) | undefined
}

/** What a turn of a process costs at least, so that a process which never rests lets time pass. */
const turnMs = 0.02

/** The wall clock of a machine without faults at the beginning of the world. */
const epochMicros = 1_750_000_000_000_000

/**
 * A process: an event loop like Node's, with clocks of its own. A turn fires the timers that are due, then reads what
 * waits in its sockets, then runs what was put off until after the poll. It can be paused, and killed for good.
 */
export class SimulatedProcess implements Clock {
  readonly name: string
  readonly #timeline: Timeline
  readonly #bornMs: number
  readonly #rate: number
  /** What the wall clock is ahead of true time, in µs; it may jump. */
  wallOffsetMicros: number
  #timers: SetTimer[] = []
  #inbox: (() => void)[] = []
  #afterPoll: (() => void)[] = []
  #state: 'running' | 'paused' | 'dead' = 'running'
  #turnAtMs = Number.POSITIVE_INFINITY
  #turn: { cancel(): void } | undefined

  constructor(name: string, timeline: Timeline, { rate, wallOffsetMicros }: ClockFaults) {
    this.name = name
    this.#timeline = timeline
    this.#bornMs = timeline.nowMs
    this.#rate = rate
    this.wallOffsetMicros = wallOffsetMicros
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  /** What waits in its sockets. */
  get unread(): number {
    return this.#inbox.length
  }

  monotonicMs(): number {
    return 1_000_000 + (this.#timeline.nowMs - this.#bornMs) * this.#rate
  }

  sinceBootMs(): number {
    return this.monotonicMs()
  }

  wallMicros(): number {
    return epochMicros + Math.floor(this.#timeline.nowMs * 1e3) + this.wallOffsetMicros
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    // As Node has it: whole milliseconds, and at least one.
    const timer: SetTimer = { dueMs: this.monotonicMs() + Math.max(1, Math.ceil(delayMs)), fire }
    const after = this.#timers.findLastIndex(({ dueMs }) => dueMs <= timer.dueMs)
    this.#timers.splice(after + 1, 0, timer)
    this.#wakeForTimers()
    return {
      cancel: () => {
        timer.fire = undefined
      },
    }
  }

  afterPoll(run: () => void): void {
    this.#afterPoll.push(run)
    this.#wake(turnMs)
  }

  /** Something arrives in a socket. */
  receive(read: () => void): void {
    if (this.isDead) return
    this.#inbox.push(read)
    this.#wake(0)
  }

  /** SIGSTOP. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    this.#turnAtMs = Number.POSITIVE_INFINITY
    this.#wake(0)
  }

  /** SIGKILL: nothing of it runs any more. */
  kill(): void {
    this.#state = 'dead'
    this.#turn?.cancel()
    this.#timers = []
    this.#inbox = []
    this.#afterPoll = []
  }

  #wakeForTimers(): void {
    while (this.#timers[0] !== undefined && this.#timers[0].fire === undefined) this.#timers.shift()
    const [first] = this.#timers
    if (first !== undefined) this.#wake(Math.max(0, (first.dueMs - this.monotonicMs()) / this.#rate))
  }

  #wake(delayMs: number): void {
    const atMs = this.#timeline.nowMs + delayMs
    if (this.isDead || this.#turnAtMs <= atMs) return
    this.#turn?.cancel()
    this.#turnAtMs = atMs
    this.#turn = this.#timeline.after(delayMs, () => {
      if (this.#state !== 'running') return
      this.#turnAtMs = Number.POSITIVE_INFINITY
      this.#fireTimers()
    })
  }

  #fireTimers(): void {
    const now = this.monotonicMs() + 1e-6
    const firstLater = this.#timers.findIndex(({ dueMs }) => dueMs > now)
    const due = this.#timers.splice(0, firstLater < 0 ? this.#timers.length : firstLater)
    this.#each(
      due,
      timer => timer.fire?.(),
      () => this.#poll(),
    )
  }

  #poll(): void {
    this.#each(
      this.#inbox.splice(0),
      read => read(),
      () => this.#check(),
    )
  }

  #check(): void {
    this.#each(
      this.#afterPoll.splice(0),
      run => run(),
      () => this.#rest(),
    )
  }

  #rest(): void {
    this.#turnAtMs = Number.POSITIVE_INFINITY
    if (this.#inbox.length > 0 || this.#afterPoll.length > 0) this.#wake(turnMs)
    this.#wakeForTimers()
  }

  /** Does something with each item in a step of the timeline of its own, so that promises settle in between. */
  #each<Item>(items: readonly Item[], act: (item: Item) => void, then: () => void, index = 0): void {
    const item = items[index]
    if (item === undefined) {
      then()
      return
    }
    act(item)
    this.#turnAtMs = this.#timeline.nowMs
    this.#turn = this.#timeline.after(0, () => {
      if (!this.isDead) this.#each(items, act, then, index + 1)
    })
  }
}
