/**
 * Durable renewals a second, as users run the coordinator: its own process, LMDB, flushed before the answer.
 *
 *     make build && npx tsx bench/renewals.ts [SECONDS]
 *
 * Closed loop: each stream sends its next message when the last one is answered.
 */
import { cpus } from 'node:os'
import { Client, credentials } from '@grpc/grpc-js'
import { startCoordinator } from './coordinator-process.js'
import { Holder } from './holder.js'

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
