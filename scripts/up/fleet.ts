import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../clock/clock.js'
import { Child } from './child.js'
import { agentCommands, type Command, coordinatorCommand, endpointText } from './commands.js'
import { natsCommand } from './nats-server.js'
import type { UpOptions } from './options.js'
import { type NeededPort, requireFreePorts } from './ports.js'
import { acceptsConnections, answersOk, untilReady } from './until-ready.js'

/** How long each may take to start, on a slow machine, and to stop before it is ended. */
const startBoundMs = 60_000
const stopBoundMs = 10_000

/** The processes of `make up`: they start one after the other, each once it can reach the one before, and stop the other way. */
export class Fleet {
  readonly #options: UpOptions
  readonly #clock: Clock
  readonly #onStart: (child: Child) => void
  readonly #signal: AbortSignal
  readonly #servers: Child[] = []
  readonly #agents: Child[] = []

  /**
   * @param onStart told of each process as it starts.
   * @param signal aborted when starting is in vain.
   */
  constructor(options: UpOptions, clock: Clock, onStart: (child: Child) => void, signal: AbortSignal) {
    this.#options = options
    this.#clock = clock
    this.#onStart = onStart
    this.#signal = signal
  }

  get natsUrl(): string {
    const { nats } = this.#options
    return 'url' in nats ? nats.url : `nats://127.0.0.1:${nats.port}`
  }

  /** Whether the fleet can go on without this process: others take an agent's leases over. */
  isNeeded = (child: Child): boolean => this.#servers.includes(child)

  /** @throws Error in one line when a port is taken. */
  async checkPorts(): Promise<void> {
    const { listen, http, nats } = this.#options
    const ports: NeededPort[] = [
      { ...listen, user: 'coordinator', variable: 'UP_LISTEN=127.0.0.1:PORT' },
      { ...http, user: "coordinator's HTTP server", variable: 'UP_HTTP=127.0.0.1:PORT' },
    ]
    if ('port' in nats)
      ports.push({ host: '127.0.0.1', port: nats.port, user: 'nats-server', variable: 'UP_NATS_PORT' })
    await requireFreePorts(ports)
  }

  /** @throws Error in one line when nats-server or the coordinator does not come up in time, or the signal was aborted. */
  async startServers(): Promise<void> {
    const { nats, dataDir, http } = this.#options
    mkdirSync(join(dataDir, 'logs'), { recursive: true })
    if ('port' in nats) {
      const server = this.#start({ name: 'nats-server', command: natsCommand(nats.port, join(dataDir, 'nats')) })
      this.#servers.push(server)
      await this.#ready(server, () => acceptsConnections({ host: '127.0.0.1', port: nats.port }))
    }
    const coordinator = this.#start(coordinatorCommand(this.#options, this.natsUrl))
    this.#servers.push(coordinator)
    await this.#ready(coordinator, () => answersOk(`http://${endpointText(http)}/readyz`))
  }

  startAgents(): void {
    for (const command of agentCommands(this.#options)) this.#agents.push(this.#start(command))
  }

  /** Stops agents first, since they release their leases, then what they need. Resolves once nothing is left. */
  async stop(): Promise<void> {
    await Promise.all(this.#agents.map(agent => agent.stop(stopBoundMs)))
    for (const server of [...this.#servers].reverse()) await server.stop(stopBoundMs)
  }

  /** Ends all at once. */
  kill(): void {
    for (const child of [...this.#agents, ...this.#servers]) child.kill()
  }

  #start({ name, command }: Command): Child {
    const logFile = join(this.#options.dataDir, 'logs', `${name}.log`)
    const child = new Child({ name, command, logFile, clock: this.#clock })
    this.#onStart(child)
    return child
  }

  async #ready(child: Child, isReady: () => Promise<boolean>): Promise<void> {
    const isUp = await untilReady(isReady, { clock: this.#clock, boundMs: startBoundMs, signal: this.#signal })
    if (!isUp) throw new Error(`${child.name} is not ready after ${startBoundMs / 1_000} s: see ${child.logFile}`)
  }
}
