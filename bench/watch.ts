/**
 * What it costs to watch 100,000 leases being renewed: nobody watches, one watcher hears ids, one hears leases.
 *
 *     make build && npx tsx bench/watch.ts [SECONDS]
 *
 * A hundred streams renew 1,000 leases with each message: first each once a second, then each again as soon as the last
 * renewal is answered. The watcher is in the process of the load.
 */
import { cpus } from 'node:os'
import { Client, credentials } from '@grpc/grpc-js'
import { connectClient, type WatchEvent } from '../client/index.js'
import { startCoordinator } from './coordinator-process.js'
import { Holder } from './holder.js'

const seconds = Number(process.argv[2] ?? 10)
const streams = 100
const leasesEach = 1_000

const watches = [
  { name: 'nobody watches', options: undefined },
  { name: 'one compact watch', options: { includeRenewals: true, compactRenewals: true } },
  { name: 'one full watch', options: { includeRenewals: true } },
]

/** Follows a watch until the signal, and counts what it tells. */
class Follower {
  renewals = 0
  #onSynced: () => void = () => {}
  readonly synced = new Promise<void>(resolve => {
    this.#onSynced = resolve
  })

  async follow(events: AsyncIterable<WatchEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === 'renewals') this.renewals += event.leaseIds.length
      else if (event.type === 'renewed') this.renewals += 1
      else if (event.type === 'synced') this.#onSynced()
    }
  }
}

/** Renews for the time, each stream at most once in `everyMs`, and counts what was answered. */
async function renew(holders: readonly Holder[], everyMs: number): Promise<number> {
  let renewals = 0
  const startMs = performance.now()
  const endMs = startMs + seconds * 1e3
  await Promise.all(
    holders.map(
      (holder, index) =>
        new Promise<void>(resolve => {
          let nextMs = startMs + (everyMs * index) / holders.length
          const next = (): void => {
            if (performance.now() >= endMs) {
              resolve()
              return
            }
            const waitMs = nextMs - performance.now()
            nextMs += everyMs
            if (waitMs > 0) setTimeout(() => holder.renew(), waitMs)
            else holder.renew()
          }
          holder.onRenewed = () => {
            renewals += leasesEach
            next()
          }
          next()
        }),
    ),
  )
  return renewals
}

console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, ${seconds} s each`,
)
for (const { name, options } of watches) {
  const coordinator = await startCoordinator()
  const connection = new Client(coordinator.address, credentials.createInsecure())
  const client = connectClient({ addresses: [coordinator.address] })
  const follower = new Follower()
  const stop = new AbortController()
  try {
    const holders: Holder[] = []
    for (let index = 0; index < streams; index++) holders.push(await Holder.open(connection, index, leasesEach))
    const followed = options && follower.follow(client.watch({ ...options, signal: stop.signal }))
    if (followed !== undefined) await follower.synced
    for (const everyMs of [1_000, 0]) {
      const cpuBefore = await coordinator.cpuSeconds()
      follower.renewals = 0
      const renewals = await renew(holders, everyMs)
      const cpuMicros = (((await coordinator.cpuSeconds()) - cpuBefore) * 1e6) / renewals
      const perSecond = (count: number): string => Math.round(count / seconds).toLocaleString('en')
      const told = options === undefined ? '' : `, ${perSecond(follower.renewals)} told/s`
      const pace = everyMs === 0 ? 'as fast as it can' : 'each lease once a second'
      console.log(
        `${name}, ${pace}: ${perSecond(renewals)} renewals/s${told}, ${cpuMicros.toFixed(2)} µs of CPU a renewal`,
      )
    }
    stop.abort()
    await followed
    for (const holder of holders) holder.close()
  } finally {
    connection.close()
    await client.close()
    await coordinator.stop()
  }
}
