import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'nats'
import { freePort } from './free-port.js'
import { MeasuredProcess, type Usage } from './measured-process.js'

/** A nats-server with JetStream on loopback, as shipped. */
export class NatsProcess {
  readonly url: string
  readonly #process: MeasuredProcess
  readonly #directory: string

  private constructor(url: string, process: MeasuredProcess, directory: string) {
    this.url = url
    this.#process = process
    this.#directory = directory
  }

  static async start(): Promise<NatsProcess> {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'leasehold-bench-nats-'))
    const url = `nats://127.0.0.1:${port}`
    const server = await MeasuredProcess.start(
      'nats-server',
      ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory],
      { environment: { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` } },
    )
    const nats = new NatsProcess(url, server, directory)
    for (let tries = 0; ; tries++) {
      try {
        await (await connect({ servers: url, timeout: 1_000 })).close()
        return nats
      } catch (error) {
        if (tries >= 100 || server.hasEnded) throw error
        await sleep(50)
      }
    }
  }

  usage(): Usage {
    return this.#process.usage()
  }

  async remove(): Promise<void> {
    await this.#process.end()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
