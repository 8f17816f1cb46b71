/**
 * What the Kubernetes face costs: a renewal by PUT beside a unary one of gRPC, a list of 10,000 leases as a Table and what
 * it does to renewals meanwhile, and the memory of 1,000 watches.
 *
 *     make build && npx tsx bench/http.ts [SECONDS]
 *
 * Closed loop with 32 callers for the renewals; clients and coordinator share the machine.
 */
import { Agent, request } from 'node:http'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, credentials } from '@grpc/grpc-js'
import { connectClient } from '../client/index.js'
import { type CoordinatorProcess, startCoordinator } from './coordinator-process.js'
import { Holder } from './holder.js'

const seconds = Number(process.argv[2] ?? 8)
const callers = 32
const listed = 10_000
const watches = 1_000

const collection = '/apis/coordination.k8s.io/v1/namespaces/bench/leases'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

/** Calls over connections that are kept, as Kubernetes' clients do. */
class Http {
  readonly #address: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: callers })

  constructor(address: string) {
    this.#address = address
  }

  /** Answers the body; '' where it is not to be read, since that would keep this process from measuring. */
  call(
    method: string,
    path: string,
    { body, accept = 'application/json', isRead = true }: { body?: string; accept?: string; isRead?: boolean } = {},
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request(
        `http://${this.#address}${path}`,
        { method, agent: this.#agent, headers: { accept, ...(body && { 'content-type': 'application/json' }) } },
        response => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => void (isRead && chunks.push(chunk)))
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            if ((response.statusCode ?? 500) < 300) resolve(text)
            else reject(new Error(text))
          })
        },
      )
      call.on('error', reject)
      call.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Every caller calls, again as soon as it is answered. */
async function measure(
  name: string,
  coordinator: CoordinatorProcess,
  caller: (index: number) => Promise<() => Promise<void>>,
): Promise<number> {
  const calls = await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
  const latencies: number[] = []
  const endMs = performance.now() + seconds * 1e3
  const cpuBefore = await coordinator.cpuSeconds()
  await Promise.all(
    calls.map(async call => {
      while (performance.now() < endMs) {
        const startMs = performance.now()
        await call()
        latencies.push(performance.now() - startMs)
      }
    }),
  )
  const cpuMicros = (((await coordinator.cpuSeconds()) - cpuBefore) * 1e6) / latencies.length
  latencies.sort((a, b) => a - b)
  const at = (share: number): string => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)
  const perSecond = Math.round(latencies.length / seconds).toLocaleString('en')
  console.log(`${name}: ${perSecond}/s, p50 / p99 ${at(0.5)} / ${at(0.99)} ms, ${cpuMicros.toFixed(0)} µs of CPU each`)
  return cpuMicros
}

/** A lease that is renewed by writing it whole, under the version of the answer before. */
async function putter(http: Http, index: number): Promise<() => Promise<void>> {
  const spec = { holderIdentity: `node-${index}`, leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' }
  let object = JSON.parse(
    await http.call('POST', collection, { body: JSON.stringify({ metadata: { name: `put-${index}` }, spec }) }),
  ) as { metadata: { resourceVersion: string }; spec: typeof spec }
  return async () => {
    const micros = String(process.hrtime.bigint() / 1_000n)
    object.spec.renewTime = `${new Date().toISOString().slice(0, 20)}${micros.slice(-6)}Z`
    object = JSON.parse(await http.call('PUT', `${collection}/put-${index}`, { body: JSON.stringify(object) }))
  }
}

const first = cpus()[0]?.model
console.log(
  `node ${process.version}, ${cpus().length} x ${first}, ${new Date().toISOString().slice(0, 10)}, ${seconds} s each`,
)
const coordinator = await startCoordinator()
const http = new Http(coordinator.httpAddress)
const client = connectClient({ addresses: [coordinator.address] })
const connection = new Client(coordinator.address, credentials.createInsecure())
try {
  const unary = await measure('RenewLease over gRPC', coordinator, async index => {
    const name = { namespace: 'bench', name: `unary-${index}` }
    const { lease } = await client.acquireOnce({ ...name, holderIdentity: `node-${index}`, leaseDurationMs: 40_000 })
    return async () => {
      await client.renew({ ...name, fencingToken: lease.fencingToken })
    }
  })
  const put = await measure('PUT of a renewal over HTTP', coordinator, index => putter(http, index))
  console.log(`a PUT costs ${(put / unary).toFixed(2)} x a unary renewal`)

  const [holder, many] = [await Holder.open(connection, 0, 1), await Holder.open(connection, 1, listed)]
  const undisturbedMs = await longestRenewal(holder, sleep(3_000))
  const times: number[] = []
  const lists = (async () => {
    for (let round = 0; round < 10; round++) {
      const startMs = performance.now()
      await http.call('GET', '/apis/coordination.k8s.io/v1/leases', { accept: table, isRead: false })
      times.push(performance.now() - startMs)
    }
  })()
  const longestMs = await longestRenewal(holder, lists)
  times.sort((a, b) => a - b)
  console.log(
    `${listed.toLocaleString('en')} leases as a Table: ${times[5]?.toFixed(0)} ms (at most ${times[9]?.toFixed(0)}); ` +
      `a renewal took at most ${longestMs.toFixed(1)} ms meanwhile, ${undisturbedMs.toFixed(1)} ms before`,
  )
  holder.close()
  many.close()
} finally {
  http.close()
  connection.close()
  await client.close()
  await coordinator.stop()
}

const watched = await startCoordinator()
const responses: { destroy(): void }[] = []
try {
  const face = new Http(watched.httpAddress)
  await putter(face, 0)
  face.close()
  const before = await watched.residentBytes()
  for (let index = 0; index < watches; index++) responses.push(await watch(watched.httpAddress))
  const bytes = ((await watched.residentBytes()) - before) / watches
  console.log(`${watches.toLocaleString('en')} watches: ${(bytes / 1024).toFixed(0)} KiB of resident memory each`)
} finally {
  for (const response of responses) response.destroy()
  await watched.stop()
}

/** Renews again and again until something is over. */
async function longestRenewal(holder: Holder, during: Promise<unknown>): Promise<number> {
  let longestMs = 0
  let isOver = false
  void during.finally(() => {
    isOver = true
  })
  while (!isOver) {
    const startMs = performance.now()
    await new Promise<void>(resolve => {
      holder.onRenewed = resolve
      holder.renew()
    })
    longestMs = Math.max(longestMs, performance.now() - startMs)
  }
  return longestMs
}

/** A watch that has told its first event. */
function watch(address: string): Promise<{ destroy(): void }> {
  return new Promise((resolve, reject) => {
    const path = `${collection}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dput-0`
    const call = request(`http://${address}${path}`, { agent: false }, response => {
      response.once('data', () => resolve(response))
      response.on('error', () => {})
    })
    call.on('error', reject)
    call.end()
  })
}
