import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type Partition, partition } from '../../agents/partition.js'
import { until } from '../../support/until.js'
import type { FromWriter, ToWriter } from './writer.js'

const program = fileURLToPath(new URL('writer.ts', import.meta.url))

export interface WriterOptions {
  readonly name: string
  /** Of the coordinator. */
  readonly address: string
  /** URL of the guarded set. */
  readonly set: string
  /** Where its histories go. */
  readonly folder: string
  readonly leaseDurationMs: number
  readonly isUnary: boolean
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A writer of a guarded set as a process of its own, with a way of its own to the coordinator. */
export class WriterProcess {
  /** What it added, as far as it could tell. */
  readonly added: FromWriter[] = []
  /** A file for each process it was. */
  readonly histories: string[] = []
  readonly way: Partition
  readonly #options: WriterOptions
  #child: ChildProcess | undefined
  #stderr = ''

  private constructor(options: WriterOptions, way: Partition) {
    this.#options = options
    this.way = way
  }

  static async start(t: ExecutionContext, options: WriterOptions): Promise<WriterProcess> {
    const writer = new WriterProcess(options, await partition(t, options.address))
    t.teardown(async () => {
      await writer.kill()
      if (!t.passed && writer.#stderr !== '') t.log(`${options.name}:\n${writer.#stderr.slice(-5_000)}`)
    })
    writer.start()
    return writer
  }

  /** Starts it, again under another name: a process that comes after another is another holder. */
  start(): void {
    const { set, folder, leaseDurationMs, isUnary, env } = this.#options
    const name = `${this.#options.name}-${this.histories.length + 1}`
    const history = join(folder, `${name}.jsonl`)
    this.histories.push(history)
    const flags = { address: this.way.address, set, name, history, 'lease-duration-ms': String(leaseDurationMs) }
    const argv = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), program, ...argv, ...(isUnary ? ['--unary'] : [])],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    )
    child.on('message', (message: FromWriter) => this.added.push(message))
    child.stderr?.on('data', chunk => {
      this.#stderr += chunk
    })
    this.#child = child
  }

  /** Waits until it has added another element. */
  async adds(): Promise<void> {
    const before = this.added.length
    try {
      await until(() => {
        this.#checkRuns()
        return this.added.length > before
      }, 60_000)
    } catch (error) {
      const last = readFileSync(this.histories.at(-1) ?? '', 'utf8')
        .split('\n')
        .slice(-10)
      throw new Error(`${this.#options.name} adds nothing more; the last it did:\n${last.join('\n')}`, { cause: error })
    }
  }

  /** It stops itself before its next write, with the set read and the lease held; resolves when it stands still. */
  async stopBeforeWrite(): Promise<void> {
    const message: ToWriter = 'stopBeforeWrite'
    this.#child?.send(message)
    await until(() => {
      this.#checkRuns()
      return this.isStopped
    })
  }

  get isStopped(): boolean {
    const stat = readFileSync(`/proc/${this.#child?.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  #checkRuns(): void {
    const code = this.#child?.exitCode
    if (typeof code === 'number') throw new Error(`writer ${this.#options.name} ended with ${code}: ${this.#stderr}`)
  }
}
