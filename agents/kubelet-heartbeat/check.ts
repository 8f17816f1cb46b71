import { spawn } from 'node:child_process'
import { sleep } from '../../client/sleep.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import { signalGroup } from '../runtime/process-group.js'

/** Whether heartbeats may go on now. */
export interface Gate {
  readonly isOpen: boolean
  /** Calls the listener at each change; returns how to stop that. */
  onChange(listener: (isOpen: boolean) => void): () => void
}

export interface CheckOptions {
  /** Runs the check once: what is wrong, or nothing. */
  readonly check: () => Promise<string | undefined>
  /** From the end of one check to the next, before jitter. */
  readonly intervalMs: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  /** Told of each change, with what is wrong. */
  readonly changed: (wrong: string | undefined) => void
}

/** A gate that is open while a check succeeds: closed before the first. Runs until its signal is aborted. */
export class CheckGate implements Gate {
  readonly #options: CheckOptions
  readonly #listeners = new Set<(isOpen: boolean) => void>()
  #isOpen = false

  constructor(options: CheckOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  onChange(listener: (isOpen: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Checks again and again. */
  async run(): Promise<void> {
    const { check, intervalMs, clock, random, signal, changed } = this.#options
    let isFirst = true
    while (!signal.aborted) {
      const wrong = await check()
      if (signal.aborted) return
      const isOpen = wrong === undefined
      if (isFirst || isOpen !== this.#isOpen) changed(wrong)
      isFirst = false
      if (isOpen !== this.#isOpen) this.#set(isOpen)
      await sleep(clock, jittered(intervalMs, random), signal)
    }
  }

  #set(isOpen: boolean): void {
    this.#isOpen = isOpen
    for (const listener of [...this.#listeners]) listener(isOpen)
  }
}

/** A kubelet's jitter: up to 4 % more. */
export const jittered = (intervalMs: number, random: Random): number => intervalMs * (1 + 0.04 * random.fraction())

/**
 * Runs a command of the user's with the shell, in a process group of its own that goes when its time is over.
 *
 * @returns what is wrong, or nothing when it exited with 0 in time.
 */
export function shellCheck(
  command: string,
  { timeoutMs, clock, signal }: { timeoutMs: number; clock: Clock; signal: AbortSignal },
): Promise<string | undefined> {
  return new Promise(resolve => {
    const child = spawn(command, { shell: true, detached: true, stdio: ['ignore', 'ignore', 'inherit'] })
    let wrong: string | undefined
    const end = (why: string): void => {
      wrong ??= why
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    }
    const stopped = (): void => end('the agent stops')
    const timer = clock.setTimer(timeoutMs, () => end(`the check did not end within ${timeoutMs} ms`))
    signal.addEventListener('abort', stopped)
    const settle = (result: string | undefined): void => {
      timer.cancel()
      signal.removeEventListener('abort', stopped)
      resolve(result)
    }
    child.on('error', error => settle(`the check could not be started: ${error.message}`))
    child.on('exit', (code, exitSignal) => {
      if (wrong === undefined && code !== 0) wrong = `the check ended with ${exitSignal ?? `exit code ${code}`}`
      settle(wrong)
    })
  })
}
