/**
 * Durable renewals a second, as users run the coordinator: its own process, LMDB, flushed before the answer.
 *
 *     make build && npx tsx bench/renewals.ts [SECONDS]
 *
 * Closed loop: each stream sends its next message when the last one is answered.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js'
import type { HoldRequest, HoldResponse } from '../protos/hold.js'
import { decodeHoldResponse, encodeHoldRequest } from '../protos/hold-codec.js'
import { holdPath } from '../protos/load.js'

const seconds = Number(process.argv[2] ?? 10)
const cases = [
  { name: 'one lease a message, 1 stream', streams: 1, leases: 1 },
  { name: 'one lease a message, 100 streams', streams: 100, leases: 1 },
  { name: 'one lease a message, 1,000 streams', streams: 1_000, leases: 1 },
  { name: '1,000 leases a message, 8 streams', streams: 8, leases: 1_000 },
]

/** Renews for the time and counts what was answered without a failure. */
async function measure(
  address: string,
  streams: number,
  leases: number,
): Promise<{ renewals: number; p50Ms: number; p99Ms: number }> {
  // A connection for each hundred streams, as a fleet behind a few proxies would have.
  const clients = Array.from(
    { length: Math.ceil(streams / 100) },
    () => new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
  )
  const holders = await Promise.all(
    Array.from({ length: streams }, (_, index) =>
      Holder.open(clients[index % clients.length] ?? clients[0], index, leases),
    ),
  )
  let renewals = 0
  const times: number[] = []
  const endMs = performance.now() + seconds * 1e3
  await Promise.all(
    holders.map(
      holder =>
        new Promise<void>(resolve => {
          let sentMs = performance.now()
          holder.onRenewed = () => {
            const nowMs = performance.now()
            times.push(nowMs - sentMs)
            renewals += leases
            sentMs = nowMs
            if (nowMs < endMs) holder.renew()
            else resolve()
          }
          holder.renew()
        }),
    ),
  )
  for (const holder of holders) holder.close()
  for (const client of clients) client.close()
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0
  return { renewals, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** One stream with its leases; its renewal is encoded once. */
class Holder {
  onRenewed: () => void = () => {}
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  #renewal: Buffer = Buffer.alloc(0)
  /** How long an answer without failures is. */
  #answerLength = 0

  private constructor(stream: ClientDuplexStream<Buffer, Buffer>) {
    this.#stream = stream
  }

  static async open(client: Client | undefined, index: number, leases: number): Promise<Holder> {
    if (client === undefined) throw new Error('there is no connection')
    const stream = client.makeBidiStreamRequest(
      holdPath,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    )
    const holder = new Holder(stream)
    const handles: number[] = []
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject)
      stream.on('data', (bytes: Buffer) => {
        if (handles.length === leases) {
          holder.#answered(bytes)
          return
        }
        const message = decodeHoldResponse(bytes)
        if (message.type !== 'acquired') return reject(new Error(`not acquired: ${JSON.stringify(message)}`))
        handles.push(message.handle)
        if (handles.length === leases) resolve()
      })
      for (let i = 0; i < leases; i++) {
        const acquire: HoldRequest = {
          type: 'acquire',
          requestId: 1,
          namespace: 'kube-node-lease',
          name: `node-${index}-${i}`,
          holderIdentity: `node-${index}-${i}`,
          instance: '',
          leaseDurationMs: 40_000,
          priority: 0,
          supersede: false,
        }
        stream.write(encodeHoldRequest(acquire))
      }
    })
    holder.#renewal = encodeHoldRequest({ type: 'renew', requestId: 1, handles })
    return holder
  }

  renew(): void {
    this.#stream.write(this.#renewal)
  }

  close(): void {
    this.#stream.on('error', () => {})
    this.#stream.cancel()
  }

  /** Answers of the first length seen are read; the rest only when their length differs. */
  #answered(bytes: Buffer): void {
    if (bytes.length !== this.#answerLength) {
      const message: HoldResponse = decodeHoldResponse(bytes)
      if (message.type !== 'renewed' || message.failures.length > 0)
        throw new Error(`not renewed: ${JSON.stringify(message)}`)
      this.#answerLength = bytes.length
    }
    this.onRenewed()
  }
}

interface CoordinatorProcess {
  readonly address: string
  /** What the process has used, user and system. */
  cpuSeconds(): Promise<number>
  stop(): Promise<void>
}

async function startCoordinator(): Promise<CoordinatorProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-bench-'))
  const args = [
    'coordinator',
    '--listen',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
    '--journal',
    `lmdb:${directory}`,
    '--no-nats',
  ]
  const binary = new URL('../dist/cli/leasehold.js', import.meta.url).pathname
  const child = spawn(process.execPath, [binary, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const { grpc, http } = await new Promise<{ grpc: string; http: string }>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the coordinator ended with ${code}`)))
    createInterface(child.stderr).on('line', line => {
      const { msg, grpc, http } = JSON.parse(line) as { msg?: string; grpc: string; http: string }
      if (msg === 'serving') resolve({ grpc, http })
    })
  })
  return {
    address: grpc,
    async cpuSeconds() {
      const metrics = await (await fetch(`http://${http}/metrics`)).text()
      return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1])
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, ${seconds} s each`,
)
for (const { name, streams, leases } of cases) {
  const coordinator = await startCoordinator()
  try {
    const cpuBefore = await coordinator.cpuSeconds()
    const { renewals, p50Ms, p99Ms } = await measure(coordinator.address, streams, leases)
    const perSecond = Math.round(renewals / seconds).toLocaleString('en')
    const cpuMicros = (((await coordinator.cpuSeconds()) - cpuBefore) * 1e6) / renewals
    const times = `answered in p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
    console.log(`${name}: ${perSecond} durable renewals/s, ${times}, ${cpuMicros.toFixed(2)} µs of CPU each`)
  } finally {
    await coordinator.stop()
  }
}
