import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Clock } from '../../clock/clock.js'
import { lastLogLine } from './last-log-line.js'

/** One process of a fleet. What it prints goes to its log file. */
export class Child {
  readonly name: string
  readonly logFile: string
  /** Resolves once the process is gone, with how it ended. */
  readonly ended: Promise<string>
  readonly #process: ChildProcess
  readonly #clock: Clock
  #isGone = false
  #isStopping = false

  /**
   * Starts the process in a session of its own, so that a Ctrl-C in the terminal reaches only this one, which then
   * stops the others in order.
   */
  constructor(options: { name: string; command: readonly string[]; logFile: string; clock: Clock }) {
    this.name = options.name
    this.logFile = options.logFile
    this.#clock = options.clock
    const log = openSync(options.logFile, 'w')
    const [program = '', ...args] = [...diesWithParent(), ...options.command]
    this.#process = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.ended = new Promise(resolve => {
      const end = (how: string) => {
        this.#isGone = true
        resolve(how)
      }
      this.#process.once('error', error => end(error.message))
      this.#process.once('exit', (code, signal) => end(signal ? `ended by ${signal}` : `ended with exit code ${code}`))
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Whether its end is one that was asked for. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  /** One line about an end that nobody asked for, with what the process said last. */
  describeEnd(how: string): string {
    const line = lastLogLine(this.logFile)
    return `${this.name} ${how}${line && `: ${line}`} (log: ${this.logFile})`
  }

  /** Asks it to end, and ends it and what it started after `boundMs`. Resolves once it is gone. */
  async stop(boundMs: number): Promise<void> {
    this.#isStopping = true
    this.#signal('SIGTERM')
    const timer = this.#clock.setTimer(boundMs, () => this.kill())
    await this.ended
    timer.cancel()
  }

  /** Ends it, and what it started, at once. */
  kill(): void {
    this.#isStopping = true
    this.#signal('SIGKILL')
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#process
    if (pid === undefined || this.#isGone) return
    try {
      // The whole group at the end, since nobody is left then to ask the rest of it.
      process.kill(signal === 'SIGKILL' ? -pid : pid, signal)
    } catch {
      // Gone between the look and the signal.
    }
  }
}

let prefix: readonly string[] | undefined

/**
 * What goes before a command so that the kernel sends it SIGTERM when this process is gone, even by SIGKILL. Linux
 * only; elsewhere a SIGKILL of this process leaves the others running.
 */
function diesWithParent(): readonly string[] {
  const command = ['setpriv', '--pdeathsig', 'TERM', '--']
  prefix ??= spawnSync(command[0] ?? '', [...command.slice(1), 'true']).status === 0 ? command : []
  return prefix
}
