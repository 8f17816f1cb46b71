import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MeasuredProcess, type Usage } from './measured-process.js'
import { program } from './program.js'

export interface CoordinatorOptions {
  /** Where events go; absent: nowhere. */
  readonly natsUrl?: string
  /** More flags. */
  readonly flags?: readonly string[]
  /** For node. */
  readonly nodeFlags?: readonly string[]
}

/** Of a run, not of a case. */
export interface ProfileOptions {
  /** The directory where a process leaves a profile of its CPU when it ends in order; absent: it makes none. */
  readonly profiles?: string | undefined
}

/**
 * A coordinator as users run it: what make build made, with LMDB, flushed before each answer. Its data outlive a
 * restart, and go with `remove`.
 */
export class CoordinatorProcess {
  readonly #options: CoordinatorOptions
  readonly #profiles: string | undefined
  readonly #directory = mkdtempSync(join(tmpdir(), 'leasehold-bench-'))
  #process: MeasuredProcess | undefined
  #address = '127.0.0.1:0'
  #httpAddress = '127.0.0.1:0'

  constructor(options: CoordinatorOptions, { profiles }: ProfileOptions = {}) {
    this.#options = options
    this.#profiles = profiles
  }

  /** HOST:PORT of gRPC, the same after a restart. */
  get address(): string {
    return this.#address
  }

  /** HOST:PORT of HTTP, the same after a restart. */
  get httpAddress(): string {
    return this.#httpAddress
  }

  /** Starts, or starts again, and resolves when it serves. */
  async start(): Promise<void> {
    const { natsUrl, flags = [], nodeFlags = [] } = this.#options
    const args = [
      ...nodeFlags,
      ...(this.#profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`]),
      ...program(),
      'coordinator',
      ...['--listen', this.#address, '--http', this.#httpAddress, '--journal', `lmdb:${this.#directory}`],
      ...(natsUrl === undefined ? ['--no-nats'] : ['--nats', natsUrl]),
      ...flags,
    ]
    const said: string[] = []
    let onServing: (line: { grpc: string; http: string }) => void = () => {}
    const serving = new Promise<{ grpc: string; http: string }>(resolve => {
      onServing = resolve
    })
    const process_ = await MeasuredProcess.start(process.execPath, args, {
      onStderr({ stderr }) {
        if (stderr === null) return
        createInterface(stderr).on('line', line => {
          said.push(line)
          if (said.length > 20) said.shift()
          if (line.includes('"msg":"serving"')) onServing(JSON.parse(line))
        })
      },
    })
    this.#process = process_
    const ended = process_.ended.then(code => {
      throw new Error(`the coordinator ended with ${code}: ${said.join('\n')}`)
    })
    const { grpc, http } = await Promise.race([serving, ended])
    ended.catch(() => {})
    this.#address = grpc
    this.#httpAddress = http
  }

  usage(): Usage {
    if (this.#process === undefined) throw new Error('the coordinator does not run')
    return this.#process.usage()
  }

  /** The present values of its metrics: of a name with labels, the line's as it is written. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`http://${this.#httpAddress}/metrics`)).text()
    const values = new Map<string, number>()
    for (const line of text.split('\n')) {
      const at = line.lastIndexOf(' ')
      if (at > 0 && !line.startsWith('#')) values.set(line.slice(0, at), Number(line.slice(at + 1)))
    }
    return values
  }

  /** @throws Error for a metric that is not there. */
  async metric(name: string): Promise<number> {
    const value = (await this.metrics()).get(name)
    if (value === undefined) throw new Error(`the coordinator has no metric ${name}`)
    return value
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal)
  }

  /** Ends the process: in order, or as a crash would with SIGKILL. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process?.end(signal)
  }

  async remove(): Promise<void> {
    // Node writes a profile only when the process ends in order.
    await this.stop(this.#profiles === undefined ? 'SIGKILL' : 'SIGTERM')
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
