/**
 * The guardian: a small process between an agent and the command that may run only while the agent holds a lease. It
 * starts the command in a process group of its own, knows the holder's deadline, and ends the group before it whether it
 * hears from the agent or not: an agent that is stopped, hangs or was killed cannot do it. It is a program, started by
 * guarded-command.ts, and imports next to nothing so that it starts fast.
 */
import { spawn } from 'node:child_process'
import type { Clock, Timer } from '../../clock/clock.js'
import { systemClock } from '../../clock/system-clock.js'
import { endingTimes } from './ending-times.js'
import type { Ending, FromGuardian, StartMessage, ToGuardian } from './guardian-messages.js'
import { groupLives, signalGroup } from './process-group.js'

/** How often a group that was told to end is looked at. */
const lookIntervalMs = 25

/** The longest sleep, since a timer stands still while the machine is suspended and the deadline does not. */
const longestSleepMs = 500

class Guardian {
  readonly #clock: Clock
  readonly #start: StartMessage
  #deadlineMs: number
  #groupId = 0
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined
  #ending: Ending = 'deadline'
  #asked: { atMs: number; graceMs: number } | undefined
  #terminatedAtMs: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, start: StartMessage) {
    this.#clock = clock
    this.#start = start
    this.#deadlineMs = start.deadlineMs
  }

  /** Starts the command, unless its time is over before it began. */
  begin(): void {
    if (this.#clock.sinceBootMs() >= this.#times().terminateAtMs) {
      finish({ type: 'notStarted', code: 'DEADLINE', message: 'no time left before the deadline' })
      return
    }
    const [program = '', ...args] = this.#start.command
    const command = spawn(program, args, { stdio: 'inherit', detached: true })
    command.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#groupId === 0) finish({ type: 'notStarted', code: error.code ?? 'UNKNOWN', message: error.message })
    })
    if (command.pid === undefined) return
    this.#groupId = command.pid
    tell({ type: 'started', groupId: this.#groupId })
    command.on('exit', (code, signal) => {
      this.#exit = { code, signal }
      // What the command left behind in its group ends with it.
      this.end('itself', this.#start.graceMs)
    })
    this.#step()
  }

  /** The lease was renewed. */
  moveDeadline(deadlineMs: number): void {
    this.#deadlineMs = deadlineMs
    this.#step()
  }

  /** Ends the group now: SIGTERM, and SIGKILL after the grace or shortly before the deadline. */
  end(ending: Ending, graceMs: number): void {
    if (this.#asked === undefined && this.#terminatedAtMs === undefined) this.#ending = ending
    // Of two that ask, the more urgent one counts.
    const atMs = this.#clock.sinceBootMs()
    if (!this.#asked || graceMs < this.#asked.graceMs) this.#asked = { atMs: this.#asked?.atMs ?? atMs, graceMs }
    this.#step()
  }

  /** Ends the group because nobody is there to ask for it any more; false when there is none. */
  abandon(): boolean {
    this.end('asked', this.#start.graceMs)
    return this.#groupId !== 0
  }

  #times() {
    return endingTimes({
      ...this.#start,
      deadlineMs: this.#deadlineMs,
      asked: this.#asked,
      terminatedAtMs: this.#terminatedAtMs,
    })
  }

  /** Does what is due and sets the timer for the next. */
  #step(): void {
    if (this.#groupId === 0) return
    this.#timer?.cancel()
    const nowMs = this.#clock.sinceBootMs()
    if (this.#terminatedAtMs === undefined && nowMs >= this.#times().terminateAtMs) {
      this.#terminatedAtMs = nowMs
      signalGroup(this.#groupId, 'SIGTERM')
      // A stopped process hears SIGTERM only when it goes on.
      signalGroup(this.#groupId, 'SIGCONT')
    }
    const isEnding = this.#terminatedAtMs !== undefined
    const { terminateAtMs, killAtMs } = this.#times()
    if (isEnding && nowMs >= killAtMs) signalGroup(this.#groupId, 'SIGKILL')
    if (isEnding && this.#exit && !groupLives(this.#groupId)) {
      // The number is free now, and may be another group's soon.
      this.#groupId = 0
      finish({ type: 'gone', ...this.#exit, ending: this.#ending })
    } else {
      const sleepMs = isEnding ? lookIntervalMs : Math.min(terminateAtMs - nowMs, longestSleepMs)
      this.#timer = this.#clock.setTimer(sleepMs, () => this.#step())
    }
  }
}

/** Tells the agent, if it is still there. */
function tell(message: FromGuardian, told: () => void = () => {}): void {
  if (process.connected && process.send) process.send(message, undefined, undefined, told)
  else told()
}

/** The last word; the guardian's own exit code means nothing. */
function finish(message: FromGuardian): void {
  tell(message, () => process.exit(0))
}

let guardian: Guardian | undefined

process.on('message', (message: ToGuardian) => {
  if (message.type === 'start') {
    guardian = new Guardian(systemClock, message)
    guardian.begin()
  } else if (message.type === 'deadline') {
    guardian?.moveDeadline(message.deadlineMs)
  } else {
    guardian?.end('asked', message.graceMs)
  }
})

function abandonOrExit(): void {
  if (!guardian?.abandon()) process.exit(0)
}

process.on('disconnect', abandonOrExit)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, abandonOrExit)
process.on('uncaughtException', error => {
  if (!guardian?.abandon()) finish({ type: 'notStarted', code: 'UNKNOWN', message: error.message })
})

tell({ type: 'ready' })
