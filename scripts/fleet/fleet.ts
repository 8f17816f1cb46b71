import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../clock/clock.js'
import { Child } from './child.js'
import { type Command, coordinatorCommand } from './commands.js'
import { natsCommand } from './nats-server.js'
import { endpointText, type Place } from './place.js'
import { acceptsConnections, answersOk, untilReady } from './until-ready.js'

/** How long each may take to start, on a slow machine, and to stop before it is ended. */
const startBoundMs = 60_000
const stopBoundMs = 10_000

export interface FleetOptions {
  readonly place: Place
  readonly clock: Clock
  /** Told of each process as it starts. */
  readonly onStart: (child: Child) => void
  /** Aborted when starting is in vain. */
  readonly signal: AbortSignal
}

/** The processes of one place: NATS and the coordinator, which are waited for, and agents. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #servers: Child[] = []
  readonly #agents: Child[] = []

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Whether the fleet can go on without this process: others take an agent's leases over. */
  isNeeded = (child: Child): boolean => this.#servers.includes(child)

  /**
   * Starts nats-server, unless the place names one that is there already.
   *
   * @throws Error in one line when it does not come up in time, or the signal was aborted.
   */
  async startNats(): Promise<Child | undefined> {
    const { nats, dataDir } = this.#options.place
    if ('url' in nats) return undefined
    const server = this.#startServer({ name: 'nats-server', command: natsCommand(nats.port, join(dataDir, 'nats')) })
    await this.#ready(server, () => acceptsConnections({ host: '127.0.0.1', port: nats.port }))
    return server
  }

  /** @throws Error in one line when it does not come up in time, or the signal was aborted. */
  async startCoordinator(): Promise<Child> {
    const { place } = this.#options
    const coordinator = this.#startServer(coordinatorCommand(place))
    await this.#ready(coordinator, () => answersOk(`http://${endpointText(place.http)}/readyz`))
    return coordinator
  }

  startAgent(command: Command): Child {
    const agent = this.#start(command)
    this.#agents.push(agent)
    return agent
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

  #startServer(command: Command): Child {
    const server = this.#start(command)
    this.#servers.push(server)
    return server
  }

  #start({ name, command }: Command): Child {
    const { place, clock, onStart } = this.#options
    const logDir = join(place.dataDir, 'logs')
    mkdirSync(logDir, { recursive: true })
    const child = new Child({ name, command, logFile: join(logDir, `${name}.log`), clock })
    onStart(child)
    return child
  }

  async #ready(child: Child, isReady: () => Promise<boolean>): Promise<void> {
    const { clock, signal } = this.#options
    const isUp = await untilReady(isReady, { clock, boundMs: startBoundMs, signal })
    if (!isUp) throw new Error(`${child.name} is not ready after ${startBoundMs / 1_000} s: see ${child.logFile}`)
  }
}
