import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { until } from './until.js'

export interface NatsServerOptions {
  /** With JetStream, unless false. */
  readonly jetStream?: boolean
  /** More configuration, in nats-server's format. */
  readonly configuration?: string
}

/**
 * A real nats-server of one test, on loopback and a free port. It keeps port and store over a restart. End it in a teardown: `t.teardown(() => nats.remove())`.
 */
export class NatsServer {
  readonly url: string
  readonly port: number
  readonly #directory: string
  readonly #options: NatsServerOptions
  #process: ChildProcess | undefined

  private constructor(port: number, directory: string, options: NatsServerOptions) {
    this.port = port
    this.url = `nats://127.0.0.1:${port}`
    this.#directory = directory
    this.#options = options
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = await NatsServer.prepare(options)
    await server.start()
    return server
  }

  /** Chooses the port and the store, but starts nothing yet. */
  static async prepare(options: NatsServerOptions = {}): Promise<NatsServer> {
    return new NatsServer(await freePort(), await mkdtemp(join(tmpdir(), 'leasehold-nats-')), options)
  }

  /** Starts, or starts again, and resolves when clients can connect. */
  async start(): Promise<void> {
    const configuration = join(this.#directory, 'nats.conf')
    await writeFile(configuration, this.#options.configuration ?? '')
    const jetStream = this.#options.jetStream === false ? [] : ['-js', '-sd', join(this.#directory, 'store')]
    const child = spawn(
      'nats-server',
      ['-a', '127.0.0.1', '-p', String(this.port), '-c', configuration, ...jetStream],
      {
        stdio: 'ignore',
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
      },
    )
    let failure: Error | undefined
    child.once('error', error => {
      failure = error
    })
    this.#process = child
    await until(() => {
      if (failure !== undefined) throw failure
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`)
      return answers(this.port)
    })
  }

  /** Ends the process in order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Ends the process and removes its store. */
  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}

/** Whether a server greets on the port, as nats-server does with INFO. */
function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
