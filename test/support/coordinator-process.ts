import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { freePort } from './free-port.js'
import { until } from './until.js'

const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** How the process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface CoordinatorProcessOptions {
  /** Where the journal is; by default a directory of its own, which goes with the test. */
  readonly directory?: string
  /** The URL of NATS; without it the coordinator sends no events. */
  readonly nats?: string
  /** More flags. */
  readonly flags?: readonly string[]
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** The test that something is for: what its end brings with it. */
export type TestScope = Pick<ExecutionContext, 'teardown' | 'passed'> & { readonly log: (line: string) => void }

/** An empty directory that goes with the test. */
export async function temporaryDirectory(t: TestScope): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'leasehold-faults-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/**
 * `leasehold coordinator` as a process of its own, with a journal on a real disk. It keeps its ports and its journal over
 * a restart. The test's end ends it; when the test failed, what it logged is shown.
 */
export class CoordinatorProcess {
  /** HOST:PORT of gRPC. */
  readonly address: string
  readonly httpAddress: string
  readonly directory: string
  /** What every run of the process wrote to stderr, a line each. */
  readonly lines: string[] = []
  readonly #options: CoordinatorProcessOptions
  #child: ChildProcess | undefined
  #end: Promise<ProcessEnd> = Promise.resolve({ code: null, signal: null })
  #linesBefore = 0

  private constructor(ports: readonly [number, number], directory: string, options: CoordinatorProcessOptions) {
    this.address = `127.0.0.1:${ports[0]}`
    this.httpAddress = `127.0.0.1:${ports[1]}`
    this.directory = directory
    this.#options = options
  }

  /** Chooses ports and directory, but starts nothing yet. */
  static async prepare(t: TestScope, options: CoordinatorProcessOptions = {}): Promise<CoordinatorProcess> {
    const directory = options.directory ?? (await temporaryDirectory(t))
    const coordinator = new CoordinatorProcess([await freePort(), await freePort()], directory, options)
    t.teardown(async () => {
      await coordinator.kill()
      if (!t.passed) t.log(`coordinator at ${coordinator.address}:\n${coordinator.lines.slice(-50).join('\n')}`)
    })
    return coordinator
  }

  /** Starts one and waits until it serves. */
  static async start(t: TestScope, options: CoordinatorProcessOptions = {}): Promise<CoordinatorProcess> {
    const coordinator = await CoordinatorProcess.prepare(t, options)
    await coordinator.start()
    return coordinator
  }

  /** Starts, or starts again, and resolves when it serves. */
  async start(): Promise<void> {
    this.spawn()
    await until(() => {
      if (this.#child === undefined) throw new Error(`the coordinator ended: ${this.lines.at(-1)}`)
      return this.hasLogged('serving')
    })
  }

  /** Starts without waiting. */
  spawn(): void {
    const { nats, flags = [], env = {} } = this.#options
    const events = nats === undefined ? ['--no-nats'] : ['--nats', nats]
    const child = spawn(
      process.execPath,
      [
        ...['--import=tsx', 'cli/leasehold.ts', 'coordinator', '--listen', this.address, '--http', this.httpAddress],
        ...['--journal', `lmdb:${this.directory}`, '--min-free', '1', ...events, ...flags],
      ],
      { cwd: projectRoot, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#linesBefore = this.lines.length
    this.#child = child
    createInterface({ input: child.stderr }).on('line', line => this.lines.push(line))
    const endWithTest = (): void => void child.kill('SIGKILL')
    process.once('exit', endWithTest)
    this.#end = new Promise(resolve =>
      child.once('close', (code, signal) => {
        process.off('exit', endWithTest)
        if (this.#child === child) this.#child = undefined
        resolve({ code, signal })
      }),
    )
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Resolves when the process is over and all it wrote was read. */
  get ended(): Promise<ProcessEnd> {
    return this.#end
  }

  /** What the present or last run wrote to stderr. */
  get runLines(): readonly string[] {
    return this.lines.slice(this.#linesBefore)
  }

  /** Whether the present run has logged this message. */
  hasLogged(message: string): boolean {
    return this.runLines.some(line => line.includes(`"msg":"${message}"`))
  }

  /** SIGSTOP, SIGCONT or SIGTERM. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Ends it as a crash would. */
  async kill(): Promise<ProcessEnd> {
    this.signal('SIGKILL')
    return this.#end
  }

  /** Ends it in order. */
  async stop(): Promise<ProcessEnd> {
    this.signal('SIGTERM')
    return this.#end
  }

  /** A client of it, which leaves its leases to run their time when the test ends. */
  client(t: TestScope): LeaseholdClient {
    const client = connectClient({ addresses: [this.address] })
    t.teardown(() => client.close({ release: false }))
    return client
  }

  /** The metrics by name with labels, as in `leasehold_leases{state="held"}`. */
  async metrics(): Promise<Map<string, number>> {
    const response = await fetch(`http://${this.httpAddress}/metrics`)
    const samples = (await response.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
    return new Map(samples.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
  }

  /** One metric; NaN when there is none. */
  async metric(name: string): Promise<number> {
    return (await this.metrics()).get(name) ?? Number.NaN
  }
}
