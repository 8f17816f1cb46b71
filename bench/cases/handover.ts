import type { BenchCase } from '../harness/bench-case.js'
import { Latencies } from '../harness/latencies.js'
import { Meter } from '../harness/measured-process.js'
import { settled } from '../harness/settled.js'
import { HoldCalls } from '../load/hold-calls.js'
import { HoldStream } from '../load/hold-stream.js'
import { pace } from '../load/pace.js'
import { renewOpenLoop } from '../load/renew.js'
import { connect, Streams } from '../load/renewal-stream.js'

/** Every other lease is renewed once in so many seconds. */
const renewEverySeconds = 10

const handoversPerSecond = 50
/** So many leases change hands in turn, each once a second. */
const handedOver = 50

const expiriesPerSecond = 200
const leaseDurationMs = 1_000

const waitTimeoutMs = 60_000

/** Two sessions over connections of their own. */
async function withSessions<T>(address: string, use: (one: HoldCalls, other: HoldCalls) => Promise<T>): Promise<T> {
  const clients = [connect(address), connect(address)] as const
  const [one, other] = [new HoldCalls(clients[0], 1), new HoldCalls(clients[1], 2)]
  try {
    return await use(one, other)
  } finally {
    for (const session of [one, other]) session.close()
    for (const client of clients) client.close()
  }
}

interface Place {
  readonly session: HoldCalls
  readonly handle: number
}

/** Leases go to and fro between two sessions: who releases one queues for it again. */
function handOver(address: string, seconds: number): Promise<{ told: Latencies; confirmed: Latencies }> {
  const [told, confirmed] = [new Latencies(), new Latencies()]
  const place = async (session: HoldCalls, name: string): Promise<Place> => {
    const { handle } = await session.acquire(name, { waitTimeoutMs })
    return { session, handle }
  }
  return withSessions(address, async (one, other) => {
    const names = Array.from({ length: handedOver }, (_, i) => `job-${i}`)
    const leases = await Promise.all(
      names.map(async name => {
        const holder = await place(one, name)
        return { name, holder, waiter: await place(other, name), last: Promise.resolve() }
      }),
    )
    await pace({ perSecond: handoversPerSecond, seconds }, (dueMs, index) => {
      const lease = leases[index % handedOver]
      if (lease === undefined) return
      lease.last = lease.last.then(async () => {
        const { name, holder, waiter } = lease
        const released = holder.session.release(holder.handle)
        await waiter.session.granted(waiter.handle)
        told.add(performance.now() - dueMs)
        await waiter.session.renew(waiter.handle)
        confirmed.add(performance.now() - dueMs)
        await released
        lease.holder = waiter
        lease.waiter = await place(holder.session, name)
      })
      return lease.last
    })
    return { told, confirmed }
  })
}

/** Leases that nobody renews, each with a waiter: how long after its time was over the waiter was told. */
function letExpire(address: string, seconds: number): Promise<Latencies> {
  const latencies = new Latencies()
  return withSessions(address, async (holder, waiter) => {
    await pace({ perSecond: expiriesPerSecond, seconds }, async (_, index) => {
      const name = `brief-${index}`
      const sentMs = performance.now()
      await holder.acquire(name, { leaseDurationMs })
      const { handle } = await waiter.acquire(name, { waitTimeoutMs })
      await waiter.granted(handle)
      latencies.add(performance.now() - sentMs - leaseDurationMs)
      await waiter.release(handle)
    })
    return latencies
  })
}

/** The bound of the bucket in which so many percent of the expiries are. */
function latenessMs(metrics: ReadonlyMap<string, number>, percent: number): number {
  const name = 'leasehold_expiry_lateness_seconds'
  const enough = ((metrics.get(`${name}_count`) ?? 0) * percent) / 100
  for (const [line, count] of metrics) {
    const bound = line.startsWith(`${name}_bucket`) && count >= enough ? /le="([^"]+)"/.exec(line)?.[1] : undefined
    if (bound !== undefined) return Number(bound.replace('+Inf', 'Infinity')) * 1e3
  }
  throw new Error(`the coordinator has no metric ${name}`)
}

export const handover: BenchCase = {
  name: 'handover',
  about:
    'How soon the next holder has a lease, while 100,000 others are renewed every 10 s: from when a release was due, and ' +
    'from when the time of a lease was over that nobody renewed.',
  async run(context) {
    const seconds = context.scaled({ full: 20, short: 8, smoke: 0.2 })
    const leasesPerStream = context.scaled({ full: 1_000, short: 1_000, smoke: 5 })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url })
    const { address } = coordinator
    context.say('acquiring the other leases')
    const others = await Streams.open(address, context.scaled({ full: 100, short: 100, smoke: 2 }), (client, index) =>
      HoldStream.open(client, 1_000 + index, { leases: leasesPerStream, isAll: true }),
    )
    context.defer(() => others.close())
    await settled(coordinator)

    let isOver = (): void => {}
    const over = new Promise<void>(resolve => {
      isOver = resolve
    })
    const renewing = renewOpenLoop(others.all, { perSecond: others.all.length / renewEverySeconds, until: over })
    const meter = new Meter(coordinator)
    context.say('handing leases over')
    const handovers = await handOver(address, seconds)
    const usage = meter.figures()
    context.say('letting leases expire')
    const expiries = await letExpire(address, seconds)
    const usageOfExpiries = meter.figures()
    const metrics = await coordinator.metrics()
    isOver()
    const renewed = await renewing

    const subject = 'leasehold'
    const told = handovers.told.figures()
    const late = expiries.figures()
    const latenessP99Ms = latenessMs(metrics, 99)
    return {
      measurements: [
        { load: 'release to grant told', subject, figures: { ...told, ...usage } },
        { load: 'release to confirmed hold', subject, figures: handovers.confirmed.figures() },
        { load: 'end of time to grant told', subject, figures: { ...late, ...usageOfExpiries } },
        {
          load: 'deadline to expiry, bounds of buckets',
          subject,
          figures: { p50Ms: latenessMs(metrics, 50), p99Ms: latenessP99Ms, p999Ms: latenessMs(metrics, 99.9) },
        },
        { load: 'the other renewals', subject, figures: renewed.latencies.figures() },
      ],
      aims: [
        {
          aim: 'p99 from a release to the grant under 5 ms',
          reached: `${told.p99Ms.toFixed(1)} ms`,
          isMet: told.p99Ms < 5,
        },
        {
          aim: 'p99 of the lateness of an expiry within 20 ms',
          reached: `${late.p99Ms.toFixed(1)} ms by the waiter's clock, ${latenessP99Ms} ms by the coordinator's`,
          isMet: late.p99Ms < 20 && latenessP99Ms <= 20,
        },
      ],
    }
  },
}
