/** Tests that run a real kubectl against a coordinator, once for each kubectl that `kubectls` gives. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../support/until.js'
import { fileCoordinator } from '../file-coordinator.js'
import { kubectls, oldestSupportedMinor } from './kubectls.js'

export interface KubectlEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A run that has not ended. */
export interface KubectlRun {
  /** What it has printed so far, in whole lines. */
  lines(): readonly string[]
  readonly end: Promise<KubectlEnd>
  /** What Ctrl-C does. */
  stop(): Promise<KubectlEnd>
}

/** What a run has beside its arguments. */
export interface KubectlSurroundings {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** One kubectl, in a home, with a cache and in a namespace that are of one test alone. */
export class Kubectl {
  readonly minor: number
  readonly namespace: string
  /** The URL of the coordinator. */
  readonly server: string
  readonly #path: string
  readonly #home: string
  readonly #runs = new Set<ChildProcess>()

  constructor(binary: { readonly path: string; readonly minor: number }, server: string, namespace: string) {
    this.minor = binary.minor
    this.server = server
    this.namespace = namespace
    this.#path = binary.path
    this.#home = mkdtempSync(join(tmpdir(), 'leasehold-kubectl-'))
  }

  /** Runs it to its end, with what `-f -` reads and more environment where there is any. */
  async run(args: readonly string[], surroundings: KubectlSurroundings = {}): Promise<KubectlEnd> {
    await turn()
    try {
      return await this.start(args, surroundings).end
    } finally {
      finished()
    }
  }

  /**
   * What it prints, of a run that has to succeed.
   * @throws Error with what it wrote to stderr.
   */
  async out(...args: string[]): Promise<string> {
    return this.#outOf(args, {})
  }

  /** The same with standard input: text, or objects as JSON. */
  async outWith(input: unknown, ...args: string[]): Promise<string> {
    return this.#outOf(args, { input: textOf(input) })
  }

  /** The object as the server gives it. */
  async object(name: string): Promise<LeaseJson> {
    // Before 1.21 they are always shown.
    const flags = this.minor < 21 ? [] : ['--show-managed-fields']
    return JSON.parse(await this.out('get', 'lease', name, '-o', 'json', ...flags))
  }

  /** Starts it and leaves it running. */
  start(args: readonly string[], { input = '', env = {} }: KubectlSurroundings = {}): KubectlRun {
    // A kubeconfig says by itself where the coordinator is.
    const place = args.includes('--kubeconfig') ? [] : ['--server', this.server, '--namespace', this.namespace]
    const here = ['--cache-dir', join(this.#home, 'cache'), ...place]
    const child = spawn(this.#path, [...here, ...args], {
      cwd: this.#home,
      env: { ...thrift, HOME: this.#home, PATH: process.env.PATH, TMPDIR: this.#home, ...env },
    })
    this.#runs.add(child)
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const end = new Promise<KubectlEnd>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => {
        this.#runs.delete(child)
        resolve({ code, stdout, stderr })
      })
    })
    // Who reads no input may end before it was written.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    return {
      lines: () => stdout.split('\n').slice(0, -1),
      end,
      stop: () => {
        child.kill('SIGINT')
        return end
      },
    }
  }

  /** Writes a file into the home, where kubectl runs, and gives its name. */
  file(name: string, content: unknown): string {
    writeFileSync(join(this.#home, name), textOf(content))
    return name
  }

  /** A file in the home. */
  read(name: string): string {
    return readFileSync(join(this.#home, name), 'utf8')
  }

  remove(): void {
    for (const child of this.#runs) child.kill('SIGKILL')
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 10 })
  }

  async #outOf(args: readonly string[], surroundings: KubectlSurroundings): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, surroundings)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }
}

/** A Lease as kubectl prints it, as far as tests look at it. */
export interface LeaseJson {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[]
    readonly finalizers?: readonly string[]
  }
  readonly spec: Readonly<Record<string, string | number>>
}

/** A Lease to send. */
export function manifest(name: string, spec: object = {}, metadata: object = {}): object {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ...metadata }, spec }
}

/** A List of objects to send. */
export const listOf = (...items: object[]): object => ({ apiVersion: 'v1', kind: 'List', items })

export interface KubectlTestOptions {
  /** Also a kubectl that is too old to be supported has to pass it. */
  readonly isBasic?: boolean
  /** Kubectls of an older minor version do not know the command. */
  readonly sinceMinor?: number
}

export type KubectlTest = (
  title: string,
  body: (t: ExecutionContext, kubectl: Kubectl) => Promise<void>,
  options?: KubectlTestOptions,
) => void

const binaries = await kubectls()

/**
 * Starts a coordinator for the tests of a file and gives what declares them. A test gets a namespace of its own. Tests
 * run side by side.
 */
export function kubectlTests(): { kubectlTest: KubectlTest; coordinator: ReturnType<typeof fileCoordinator> } {
  if (binaries.length === 0) {
    test('no kubectl is installed here: nothing is tried', t => t.pass())
    const coordinator = (): never => {
      throw new Error('without kubectl there is no coordinator')
    }
    return { kubectlTest: () => {}, coordinator }
  }
  const coordinator = fileCoordinator()
  for (const { minor } of binaries.filter(isOld)) {
    test(`kubectl 1.${minor} is older than 1.${oldestSupportedMinor}: only the basic rules are tried`, t => t.pass())
  }
  let count = 0
  const kubectlTest: KubectlTest = (title, body, { isBasic = false, sinceMinor = 0 } = {}) => {
    for (const binary of binaries) {
      if (binary.minor < sinceMinor || (isOld(binary) && !isBasic)) continue
      count += 1
      const namespace = `test-${count}`
      test(`kubectl 1.${binary.minor}: ${title}`, async t => {
        const kubectl = new Kubectl(binary, `http://${coordinator().httpAddress}`, namespace)
        t.teardown(() => kubectl.remove())
        await body(t, kubectl)
      })
    }
  }
  return { kubectlTest, coordinator }
}

const isOld = ({ minor }: { minor: number }): boolean => minor < oldestSupportedMinor

/** Waits until the run has printed a line like this, and gives how many lines there are up to it. */
export async function printed(run: KubectlRun, pattern: RegExp): Promise<number> {
  await until(() => run.lines().some(line => pattern.test(line)))
  return run.lines().findIndex(line => pattern.test(line)) + 1
}

/** Hundreds of short runs share the machine: none needs more threads, or to collect its garbage. */
const thrift = { GOMAXPROCS: '1', GOGC: 'off' }

/** Runs at a time. */
const maxRuns = 4
let runs = 0
const waiting: (() => void)[] = []

async function turn(): Promise<void> {
  if (runs >= maxRuns) await new Promise<void>(resolve => waiting.push(resolve))
  else runs += 1
}

function finished(): void {
  const next = waiting.shift()
  if (next === undefined) runs -= 1
  else next()
}

const textOf = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input))
