import { setTimeout as sleep } from 'node:timers/promises'
import type { Aim, BenchCase, BenchContext, Measurement, Ratio } from '../harness/bench-case.js'
import type { CoordinatorProcess } from '../harness/coordinator-process.js'
import type { EtcdBinary, EtcdProcess } from '../harness/etcd-process.js'
import { Meter } from '../harness/measured-process.js'
import { grant, keepAliveOnce } from '../load/etcd-client.js'
import { HoldStream } from '../load/hold-stream.js'
import { renewOpenLoop } from '../load/renew.js'
import { connect, Streams } from '../load/renewal-stream.js'

/** The leases of the storm are on so many streams, each as many as the others. */
const dyingStreams = 64

/** The others: each stream renews all of its leases four times a second. */
const otherStreams = 100
const messagesPerSecond = 400
const otherDurationMs = 40_000

/** The renewals that are timed begin so long before the storm is due. */
const leadMs = 300

const lookEveryMs = 100
const longestStormMs = 180_000

/** From the last look that saw no expiry to the first that saw all. */
async function stormSeconds(count: number, expired: () => Promise<number>): Promise<number> {
  const endMs = performance.now() + longestStormMs
  let beganMs = performance.now()
  while (performance.now() < endMs) {
    const seen = await expired()
    if (seen === 0) beganMs = performance.now()
    else if (seen >= count) return (performance.now() - beganMs) / 1e3
    await sleep(lookEveryMs)
  }
  throw new Error(`${count - (await expired())} of ${count} leases have not expired in time`)
}

/** Renews all leases of each stream once. */
const renewEach = (streams: readonly HoldStream[]): Promise<unknown> =>
  Promise.all(
    streams.map(
      stream =>
        new Promise<void>(resolve => {
          stream.onRenewed = resolve
          stream.renew()
        }),
    ),
  )

/** Resolves when NATS has every event. */
async function published(coordinator: CoordinatorProcess): Promise<void> {
  while ((await coordinator.metric('leasehold_outbox_events')) > 0) await sleep(lookEveryMs)
}

const count = (context: BenchContext): number => context.scaled({ full: 1_000_000, short: 200_000, smoke: 512 })

async function ours(context: BenchContext): Promise<{ measurements: Measurement[]; aims: Aim[] }> {
  const dyingLeases = count(context)
  const leaseDurationMs = context.scaled({ full: 30_000, short: 20_000, smoke: 2_000 })
  const leasesPerOther = context.scaled({ full: 100, short: 100, smoke: 2 })
  const nats = await context.startNats()
  const coordinator = await context.startCoordinator({ natsUrl: nats.url })
  const { address } = coordinator

  context.say(`acquiring ${dyingLeases.toLocaleString('en')} leases`)
  const startMs = performance.now()
  const client = connect(address)
  context.defer(() => client.close())
  const dying: HoldStream[] = []
  const acquired = (async () => {
    const options = { leases: dyingLeases / dyingStreams, leaseDurationMs, isAll: true }
    for (let index = 0; index < dyingStreams; index++) dying.push(await HoldStream.open(client, index, options))
    await published(coordinator)
    return true
  })()
  // This may take longer than a lease lasts.
  while (!(await Promise.race([acquired, sleep(leaseDurationMs / 3, false)]))) await renewEach(dying)
  context.say(`NATS had all after ${Math.round((performance.now() - startMs) / 1e3)} s`)
  const others = await Streams.open(address, otherStreams, (client, index) =>
    HoldStream.open(client, dyingStreams + index, {
      leases: leasesPerOther,
      leaseDurationMs: otherDurationMs,
      isAll: true,
    }),
  )
  // Also where something fails on the way: a stream that is open when its server ends takes all other cases with it.
  context.defer(() => others.close())
  const dueMs = performance.now() + leaseDurationMs
  await renewEach(dying)
  for (const stream of dying) stream.close()

  context.say('all renewed for the last time')
  const quietSeconds = (dueMs - leadMs - performance.now()) / 1e3
  const quiet = await renewOpenLoop(others.all, { perSecond: messagesPerSecond, seconds: quietSeconds })
  const meter = new Meter(coordinator)
  const storm = stormSeconds(dyingLeases, () => coordinator.metric('leasehold_leases{state="expired"}'))
  const [seconds, during] = await Promise.all([
    storm,
    renewOpenLoop(others.all, { perSecond: messagesPerSecond, until: storm }),
  ])
  const usage = meter.figures(dyingLeases)
  context.say(`all expired in ${seconds.toFixed(1)} s`)
  const publishedMs = performance.now()
  await renewOpenLoop(others.all, { perSecond: messagesPerSecond, until: published(coordinator) })
  const publishedSeconds = seconds + (performance.now() - publishedMs) / 1e3

  const metrics = await coordinator.metrics()
  // The peers have the machine to themselves, and take longer than these leases last.
  others.close()
  await coordinator.remove()
  await nats.remove()
  const other = otherStreams * leasesPerOther
  const lost = other - (metrics.get('leasehold_leases{state="held"}') ?? 0)
  // Each lease was created, and those of the storm have expired.
  const missing = 2 * dyingLeases + other - (metrics.get('leasehold_events_published_total') ?? 0)
  const expiriesPerSecond = dyingLeases / seconds
  const { p99Ms } = during.latencies.figures()
  const load = `${dyingLeases.toLocaleString('en')} leases at once`
  return {
    measurements: [
      {
        load,
        subject: 'leasehold',
        figures: { expiriesPerSecond, ...during.latencies.figures(), ...usage, publishedSeconds },
      },
      { load: 'before the storm', subject: 'leasehold', figures: quiet.latencies.figures() },
    ],
    aims: [
      {
        aim: 'over 200,000 expiries/s',
        reached: `${Math.round(expiriesPerSecond).toLocaleString('en')}/s`,
        isMet: expiriesPerSecond > 200_000,
      },
      { aim: 'no other lease lost', reached: `${lost} lost`, isMet: lost === 0 },
      { aim: 'p99 of the other renewals under 100 ms', reached: `${p99Ms.toFixed(1)} ms`, isMet: p99Ms < 100 },
      { aim: 'NATS has every event', reached: `${missing} missing`, isMet: missing === 0 },
    ],
  }
}

/** etcd revokes at most 1,000 leases/s (lease/lessor.go): a few are enough to see it. */
async function theirs(context: BenchContext, binary: EtcdBinary): Promise<Measurement> {
  const leases = context.scaled({ full: 20_000, short: 3_000, smoke: 20 })
  const leaseSeconds = context.scaled({ full: 60, short: 20, smoke: 2 })
  const etcd = await context.startEtcd(binary)
  const client = connect(etcd.address)
  context.defer(() => client.close())
  const ids = Array.from({ length: leases }, (_, index) => index + 1)
  const rest = [...ids]
  const granter = async (): Promise<void> => {
    for (let id = rest.pop(); id !== undefined; id = rest.pop()) await grant(client, id, leaseSeconds)
  }
  await Promise.all(Array.from({ length: 256 }, granter))
  await keepAliveOnce(client, ids)
  const seconds = await stormSeconds(leases, () => revoked(etcd))
  await etcd.remove()
  return {
    load: `${leases.toLocaleString('en')} leases at once`,
    subject: etcd.name,
    figures: { expiriesPerSecond: leases / seconds },
  }
}

async function revoked(etcd: EtcdProcess): Promise<number> {
  const metrics = await (await fetch(`http://${etcd.address}/metrics`)).text()
  return Number(/^etcd_debugging_lease_revoked_total (\S+)/m.exec(metrics)?.[1] ?? 0)
}

export const storm: BenchCase = {
  name: 'storm',
  about:
    'A million leases are renewed once more, and never again, so that they expire at once, each with an event for NATS; ' +
    'meanwhile 10,000 others are renewed, 40,000 renewals/s in messages of 100.',
  async run(context) {
    const { measurements, aims } = await ours(context)
    const ratios: Ratio[] = []
    const rate = measurements[0]?.figures.expiriesPerSecond ?? 0
    for (const binary of context.etcds) {
      const peer = await theirs(context, binary)
      measurements.push(peer)
      ratios.push({ name: `against ${binary.name}`, ratio: rate / (peer.figures.expiriesPerSecond ?? 1) })
    }
    return { measurements, ratios, aims }
  },
}
