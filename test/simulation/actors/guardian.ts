import { type EndingTimes, endingTimes, graces } from '../../../agents/runtime/ending-times.js'
import type { Hold } from '../../../client/index.js'
import type { SimulatedProcess } from '../process.js'
import type { Actor } from './actor.js'

/** How often the agent tells its guardian of the deadline, and the guardian looks at the time, at most. */
const longestSleepMs = 500
/** How often a group that was told to end is looked at. */
const lookIntervalMs = 25

/** A group of processes that runs under a lease, and looks at nothing: it writes until it is killed. */
export interface Command {
  readonly lease: string
  readonly token: number
  readonly actor: Actor
  readonly guardian: SimulatedProcess
}

/** Runs a command under a guardian, as agents/runtime does with real processes; resolves when the group is gone. */
export function runGuarded(actor: Actor, hold: Hold): Promise<void> {
  return new Promise(resolve => new Guardian(actor, hold, () => actor.process.receive(resolve)).begin())
}

/** The other process, and the group: a group's end is decided by the rules of agents/runtime/ending-times.ts. */
class Guardian {
  readonly #actor: Actor
  readonly #hold: Hold
  readonly #process: SimulatedProcess
  readonly #gone: () => void
  readonly #command: Command
  #deadlineMs: number
  #askedAtMs: number | undefined
  #terminatedAtMs: number | undefined
  #isOver = false

  constructor(actor: Actor, hold: Hold, gone: () => void) {
    this.#actor = actor
    this.#hold = hold
    this.#process = actor.process.sibling('guardian')
    this.#gone = gone
    this.#deadlineMs = hold.localDeadlineMs()
    this.#command = { lease: hold.name, token: hold.fencingToken, actor, guardian: this.#process }
  }

  begin(): void {
    const { world, machine, stopping, whenGone } = this.#actor
    if (this.#process.sinceBootMs() >= this.#times().terminateAtMs) {
      this.#gone()
      return
    }
    machine.push(this.#process)
    world.commands.add(this.#command)
    world.count('guarded commands')
    this.#hold.signal.addEventListener('abort', this.#asked)
    stopping.signal.addEventListener('abort', this.#asked)
    whenGone.add(this.#asked)
    this.#follow()
    this.#step()
    this.#write()
  }

  /** The agent's part: it tells of each renewal. */
  #follow(): void {
    const { process } = this.#actor
    if (this.#isOver) return
    const deadlineMs = this.#hold.localDeadlineMs()
    if (deadlineMs > 0) this.#tell(() => this.#moveDeadline(deadlineMs))
    process.setTimer(Math.min(longestSleepMs, this.#hold.leaseDurationMs / 30), () => this.#follow())
  }

  /** The agent's hold is lost, it was told to stop, or it is gone. */
  readonly #asked = (): void => this.#tell(() => this.#ask())

  #tell(hear: () => void): void {
    this.#process.receive(hear)
  }

  #moveDeadline(deadlineMs: number): void {
    this.#deadlineMs = deadlineMs
  }

  #ask(): void {
    this.#askedAtMs ??= this.#process.sinceBootMs()
    this.#step()
  }

  #times(): EndingTimes {
    const { graceMs, marginMs } = graces(this.#hold.leaseDurationMs)
    const asked = this.#askedAtMs === undefined ? undefined : { atMs: this.#askedAtMs, graceMs }
    return endingTimes({ deadlineMs: this.#deadlineMs, graceMs, marginMs, asked, terminatedAtMs: this.#terminatedAtMs })
  }

  #step(): void {
    if (this.#isOver) return
    const nowMs = this.#process.sinceBootMs()
    if (nowMs >= this.#times().terminateAtMs) this.#terminatedAtMs ??= nowMs
    const isEnding = this.#terminatedAtMs !== undefined
    const { terminateAtMs, killAtMs } = this.#times()
    // Some heed SIGTERM after a while.
    const isGone = isEnding && (nowMs >= killAtMs || this.#actor.random.fraction() < 0.02)
    if (isGone) this.#end()
    else {
      const sleepMs = isEnding ? lookIntervalMs : Math.min(terminateAtMs - nowMs, longestSleepMs)
      this.#process.setTimer(sleepMs, () => this.#step())
    }
  }

  #write(): void {
    const { world, random } = this.#actor
    if (this.#isOver) return
    world.resource.write(this.#process, this.#hold.name, this.#hold.fencingToken)
    this.#process.setTimer(random.fraction() * 2_000, () => this.#write())
  }

  #end(): void {
    const { world, machine, stopping, whenGone } = this.#actor
    this.#isOver = true
    stopping.signal.removeEventListener('abort', this.#asked)
    whenGone.delete(this.#asked)
    world.commands.delete(this.#command)
    machine.splice(machine.indexOf(this.#process), 1)
    this.#process.kill()
    this.#gone()
  }
}
