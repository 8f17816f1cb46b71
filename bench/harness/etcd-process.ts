import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'
import { MeasuredProcess, type Usage } from './measured-process.js'

const tryEveryMs = 50
const longestStartMs = 20_000

/** Who connects to an etcd 3.4 in its first second is mostly served at half the speed of others, for good. */
const settlingMs = 1_000

/** An etcd on this machine. */
export interface EtcdBinary {
  readonly path: string
  /** 'etcd 3.4.23' */
  readonly name: string
}

/** @throws Error when it is no etcd. */
export function etcdBinary(path: string): EtcdBinary {
  const version = /etcd Version: (\S+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]
  if (version === undefined) throw new Error(`${path} is no etcd: set ETCD to the path of one`)
  return { path, name: `etcd ${version}` }
}

/** One member of etcd on loopback, as shipped: fsync on. */
export class EtcdProcess {
  /** HOST:PORT of gRPC. */
  readonly address: string
  /** 'etcd 3.4.23' */
  readonly name: string
  readonly #process: MeasuredProcess
  readonly #directory: string

  private constructor(address: string, name: string, process: MeasuredProcess, directory: string) {
    this.address = address
    this.name = name
    this.#process = process
    this.#directory = directory
  }

  static async start({ path, name }: EtcdBinary): Promise<EtcdProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'leasehold-bench-etcd-'))
    const [port, peerPort] = [await freePort(), await freePort()]
    const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
    const flags = {
      'data-dir': directory,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
    }
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
    const child = await MeasuredProcess.start(path, args)
    const etcd = new EtcdProcess(`127.0.0.1:${port}`, name, child, directory)
    const endMs = performance.now() + longestStartMs
    while (!(await answers(port))) {
      if (child.hasEnded || performance.now() > endMs) {
        await etcd.remove()
        throw new Error(`${path} did not start`)
      }
      await sleep(tryEveryMs)
    }
    await sleep(settlingMs)
    return etcd
  }

  usage(): Usage {
    return this.#process.usage()
  }

  async remove(): Promise<void> {
    await this.#process.end()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
