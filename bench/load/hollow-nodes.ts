import { freePort } from '../harness/free-port.js'
import { MeasuredProcess, type Usage } from '../harness/measured-process.js'
import { program } from '../harness/program.js'

export interface HollowNodesOptions {
  /** Of the coordinator. */
  readonly address: string
  /** Of the nodes: they are NAME-0, NAME-1 and so on. */
  readonly name: string
  readonly nodes: number
  readonly leaseDurationSeconds: number
  readonly renewIntervalSeconds: number
}

/** An agent as users run it, which is many nodes at once. */
export class HollowNodes {
  readonly #process: MeasuredProcess
  readonly #metricsUrl: string

  private constructor(process: MeasuredProcess, metricsUrl: string) {
    this.#process = process
    this.#metricsUrl = metricsUrl
  }

  static async start(options: HollowNodesOptions): Promise<HollowNodes> {
    const { address, name, nodes, leaseDurationSeconds, renewIntervalSeconds } = options
    const metrics = `127.0.0.1:${await freePort()}`
    const agent = await MeasuredProcess.start(process.execPath, [
      ...[...program(), 'agent', 'kubelet-heartbeat', '--address', address],
      ...['--metrics', metrics, '--log-level', 'error'],
      ...['--node', name, '--nodes', String(nodes)],
      ...['--lease-duration', `${leaseDurationSeconds}s`, '--renew-interval', `${renewIntervalSeconds}s`],
    ])
    return new HollowNodes(agent, `http://${metrics}/metrics`)
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded
  }

  usage(): Usage {
    return this.#process.usage()
  }

  /** How many leases it believes that it holds: less than the coordinator does. */
  async held(): Promise<number> {
    const text = await (await fetch(this.#metricsUrl)).text()
    return Number(/^leasehold_agent_leases\{.*state="held".*\} (\d+)$/m.exec(text)?.[1])
  }

  /** Ends it as a crash would: an end in order takes its time with so many leases. */
  async remove(): Promise<void> {
    await this.#process.end('SIGKILL')
  }
}
