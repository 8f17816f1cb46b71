import type { Clock, Timer } from '../../clock/clock.js'
import { type ClockFaults, MachineClock } from './machine-clock.js'
import type { Timeline } from './timeline.js'

class SetTimer implements Timer {
  readonly dueMs: number
  fire: (() => void) | undefined

  constructor(dueMs: number, fire: () => void) {
    this.dueMs = dueMs
    this.fire = fire
  }

  cancel(): void {
    this.fire = undefined
  }
}

/** What waits to be read. */
interface Arrival {
  readonly read: () => unknown
  readonly socket: object | undefined
}

/** What a turn of a process costs at least, so that a process which never rests lets time pass. */
const turnMs = 0.02

/** What a turn costs that has read all that a buffer takes. */
const fullTurnMs = 20

/**
 * A process: an event loop like Node's, with clocks of its own. A turn fires the timers that are due, then reads what
 * waits in its sockets, then runs what was put off until after the poll. It can be paused, and killed for good.
 */
export class SimulatedProcess implements Clock {
  readonly name: string
  readonly #timeline: Timeline
  readonly clock: MachineClock
  #timers: SetTimer[] = []
  #inbox: Arrival[] = []
  #afterPoll: (() => void)[] = []
  /** The last turn has left something in a socket. */
  #isBehind = false
  #pauses = 0
  #isDead = false
  /** When the next turn is to begin. */
  #turnAtMs = Number.POSITIVE_INFINITY
  #isInTurn = false
  #turn: { cancel(): void } | undefined

  constructor(name: string, timeline: Timeline, clock: ClockFaults | MachineClock) {
    this.name = name
    this.#timeline = timeline
    this.clock = clock instanceof MachineClock ? clock : new MachineClock(timeline, clock)
  }

  /** Another process on the same machine. */
  sibling(name: string): SimulatedProcess {
    return new SimulatedProcess(`${this.name}/${name}`, this.#timeline, this.clock)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isPaused(): boolean {
    return this.#pauses > 0
  }

  monotonicMs(): number {
    return this.clock.monotonicMs()
  }

  sinceBootMs(): number {
    return this.clock.sinceBootMs()
  }

  wallMicros(): number {
    return this.clock.wallMicros()
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    // As Node has it: whole milliseconds, and at least one.
    const timer = new SetTimer(this.monotonicMs() + Math.max(1, Math.ceil(delayMs)), fire)
    const timers = this.#timers
    let at = timers.length
    for (let before = timers[at - 1]; before !== undefined && before.dueMs > timer.dueMs; before = timers[at - 1]) at--
    timers.splice(at, 0, timer)
    this.#wakeForTimers()
    return timer
  }

  afterPoll(run: () => void): void {
    this.#afterPoll.push(run)
    this.#wake(turnMs)
  }

  /**
   * Something arrives. Of what has the same socket a turn reads one, as of a socket that holds more than a buffer takes, and
   * with it what `read` returns false for: that takes no room.
   */
  receive(read: () => unknown, socket?: object): void {
    if (this.isDead) return
    this.#inbox.push({ read, socket })
    this.#wake(0)
  }

  /** It stands still, until it is resumed as often. */
  pause(): void {
    this.#pauses++
  }

  resume(): void {
    this.#pauses--
    if (this.isPaused) return
    this.#turnAtMs = Number.POSITIVE_INFINITY
    this.#wake(0)
  }

  /** Its clock has changed: its timers are due at other times. */
  look(): void {
    this.#wakeForTimers()
  }

  /** SIGKILL: nothing of it runs any more. */
  kill(): void {
    this.#isDead = true
    this.#turn?.cancel()
    this.#timers = []
    this.#inbox = []
    this.#afterPoll = []
  }

  #wakeForTimers(): void {
    while (this.#timers[0] !== undefined && this.#timers[0].fire === undefined) this.#timers.shift()
    const [first] = this.#timers
    if (first !== undefined) this.#wake(this.clock.untilMs(first.dueMs))
  }

  #wake(delayMs: number): void {
    const atMs = this.#timeline.nowMs + delayMs
    // At its end a turn looks what is to be done next.
    if (this.isDead || this.#isInTurn || this.#turnAtMs <= atMs) return
    this.#turn?.cancel()
    this.#turnAtMs = atMs
    this.#turn = this.#timeline.after(delayMs, () => {
      if (this.isDead || this.isPaused) return
      this.#isInTurn = true
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

  /** Reads what was there when the turn began, of each socket until its buffer is full. */
  #poll(unread = this.#inbox.length, full = new Set<object | undefined>(), left = 0): void {
    let at = left
    while (at < unread && full.has(this.#inbox[at]?.socket)) at++
    this.#isBehind = at > 0
    const [arrival] = at < unread ? this.#inbox.splice(at, 1) : []
    if (arrival === undefined) {
      this.#check()
      return
    }
    const { read, socket } = arrival
    if (read() !== false && socket !== undefined) full.add(socket)
    this.#step(at < unread - 1, () => this.#poll(unread - 1, full, at))
  }

  #check(): void {
    this.#each(
      this.#afterPoll.splice(0),
      run => run(),
      () => this.#rest(),
    )
  }

  #rest(): void {
    this.#isInTurn = false
    this.#turnAtMs = Number.POSITIVE_INFINITY
    if (this.#inbox.length > 0 || this.#afterPoll.length > 0) this.#wake(this.#isBehind ? fullTurnMs : turnMs)
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
    this.#step(index < items.length - 1, () => this.#each(items, act, then, index + 1))
  }

  /** Goes on with the turn in a step of its own, where anything is left to do. */
  #step(isMore: boolean, goOn: () => void): void {
    if (!isMore && this.#inbox.length === 0 && this.#afterPoll.length === 0) {
      this.#rest()
      return
    }
    this.#turn = this.#timeline.after(0, () => {
      if (!this.isDead) goOn()
    })
  }
}
