import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Timer } from '../../clock/clock.js'
import { graces } from './ending-times.js'
import type { Ending, FromGuardian, ToGuardian } from './guardian-messages.js'
import { groupLives, signalGroup } from './process-group.js'

/** How long a command has between SIGTERM and SIGKILL when the agent itself stops and the lease is still held. */
const stopGraceMs = 5_000

/** How often a group that was killed is looked at. */
const lookIntervalMs = 25

/** How often in a lease's duration the deadline is looked at, and how long at most between two looks. */
const followsPerLease = 30
const longestFollowMs = 500

/** What the guarding of a command needs of a hold. */
export interface GuardingHold {
  readonly leaseDurationMs: number
  isHeld(): boolean
  /** Until when the holder may act, ms on Clock.sinceBootMs; 0 unless held. */
  localDeadlineMs(): number
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal
}

export interface GuardedCommand {
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly hold: GuardingHold
  /** Set in the command's environment, beside the agent's own. */
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  /** Abort it to end the command. */
  readonly signal: AbortSignal
  readonly log: { warn(fields: object, message: string): void; debug(fields: object, message: string): void }
}

export interface CommandEnd {
  /** The command's exit code; null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** 'guardian' when the guardian died or hung and the agent ended the command in its place. */
  readonly ending: Ending | 'guardian'
}

/** The command could not be started. `code` is the system's, as 'ENOENT'; 'DEADLINE': the lease ran out first; 'GUARDIAN'. */
export class CommandStartError extends Error {
  override readonly name = 'CommandStartError'
  readonly code: string

  constructor(command: readonly string[], code: string, message: string) {
    super(`"${command[0]}" was not started: ${message}`)
    this.code = code
  }
}

/**
 * Runs a command while a lease is held, under a guardian process that ends the command's process group before the
 * holder's local deadline, also when this process is killed, stopped or hangs.
 *
 * @returns when the whole group is gone: it is safe to release the lease then.
 * @throws CommandStartError
 */
export function runGuarded(guarded: GuardedCommand): Promise<CommandEnd> {
  return new Promise((resolve, reject) => new GuardedRun(guarded, resolve, reject).begin())
}

/** The file that node runs as the guardian: the source under tsx, what was compiled from it otherwise. */
const guardianFile = fileURLToPath(new URL(`./guardian${extname(import.meta.url)}`, import.meta.url))

class GuardedRun {
  readonly #guarded: GuardedCommand
  readonly #resolve: (end: CommandEnd) => void
  readonly #reject: (error: Error) => void
  readonly #unsubscribe: (() => void)[] = []
  #guardian: ChildProcess | undefined
  #isStarted = false
  #groupId = 0
  #outcome: Extract<FromGuardian, { type: 'gone' | 'notStarted' }> | undefined
  #deadlineMs = 0
  #follower: Timer | undefined

  constructor(guarded: GuardedCommand, resolve: (end: CommandEnd) => void, reject: (error: Error) => void) {
    this.#guarded = guarded
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const { env, hold, signal } = this.#guarded
    const guardian = spawn(process.execPath, [...guardianExecArgv(), guardianFile], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...env },
      // Away from the terminal's signals: Ctrl-C and Ctrl-Z are for the agent.
      detached: true,
    })
    this.#guardian = guardian
    guardian.on('message', message => this.#hear(message as FromGuardian))
    guardian.on('error', error => this.#guardianGone(error))
    // Not 'exit', which may come before the last message.
    guardian.on('close', () => this.#guardianGone())
    this.#listen(signal, () => this.#tell({ type: 'end', graceMs: stopGraceMs }))
    this.#listen(hold.signal, () => this.#tell({ type: 'end', ...graces(hold.leaseDurationMs) }))
    this.#deadlineMs = hold.localDeadlineMs()
    this.#follow()
  }

  #listen(signal: AbortSignal, aborted: () => void): void {
    signal.addEventListener('abort', aborted)
    this.#unsubscribe.push(() => signal.removeEventListener('abort', aborted))
  }

  #tell(message: ToGuardian): void {
    // A guardian that is gone, or going, is dealt with at its exit.
    if (this.#guardian?.connected) this.#guardian.send(message, () => {})
  }

  #hear(message: FromGuardian): void {
    if (message.type === 'ready') {
      this.#start()
    } else if (message.type === 'started') {
      this.#groupId = message.groupId
      this.#guarded.log.debug({ groupId: message.groupId }, 'the command runs')
    } else {
      this.#outcome = message
    }
  }

  #start(): void {
    const { command, hold, signal } = this.#guarded
    if (signal.aborted || !hold.isHeld()) {
      this.#outcome = { type: 'notStarted', code: 'DEADLINE', message: 'the lease is no longer held' }
      this.#guardian?.disconnect()
      return
    }
    this.#isStarted = true
    this.#tell({ type: 'start', command, deadlineMs: this.#deadlineMs, ...graces(hold.leaseDurationMs) })
  }

  /**
   * Tells the guardian of each renewal, and replaces a guardian that has not done its work shortly before the deadline.
   * It looks often instead of being called, for a guardian that hears of a renewal a little late errs on the safe side.
   */
  #follow(): void {
    const { clock, hold } = this.#guarded
    if (hold.isHeld() && hold.localDeadlineMs() !== this.#deadlineMs) {
      this.#deadlineMs = hold.localDeadlineMs()
      this.#tell({ type: 'deadline', deadlineMs: this.#deadlineMs })
    }
    const leftMs = this.#deadlineMs - graces(hold.leaseDurationMs).marginMs / 2 - clock.sinceBootMs()
    if (leftMs <= 0) {
      this.#guardian?.kill('SIGKILL')
    } else {
      const delayMs = Math.min(leftMs, hold.leaseDurationMs / followsPerLease, longestFollowMs)
      this.#follower = clock.setTimer(delayMs, () => this.#follow())
    }
  }

  #guardianGone(error?: Error): void {
    this.#follower?.cancel()
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    const { command, hold, log } = this.#guarded
    const outcome = this.#outcome
    if (outcome?.type === 'gone') {
      this.#resolve({ code: outcome.code, signal: outcome.signal, ending: outcome.ending })
    } else if (outcome) {
      this.#reject(new CommandStartError(command, outcome.code, outcome.message))
    } else if (!this.#isStarted) {
      const why = error?.message ?? 'its guardian ended before it listened'
      this.#reject(new CommandStartError(command, hold.isHeld() ? 'GUARDIAN' : 'DEADLINE', why))
    } else {
      log.warn({ command: command[0], groupId: this.#groupId }, 'the guardian is gone; ending the command in its place')
      this.#killGroup()
    }
  }

  #killGroup(): void {
    if (this.#groupId !== 0) signalGroup(this.#groupId, 'SIGKILL')
    if (this.#groupId !== 0 && groupLives(this.#groupId)) {
      this.#guarded.clock.setTimer(lookIntervalMs, () => this.#killGroup())
    } else {
      this.#resolve({ code: null, signal: 'SIGKILL', ending: 'guardian' })
    }
  }
}

/** This process's own flags, which may be what makes TypeScript run, without those that open a debugger's port. */
const guardianExecArgv = (): string[] => process.execArgv.filter(flag => !flag.startsWith('--inspect'))
