import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCase, BenchContext } from '../harness/bench-case.js'
import type { CoordinatorProcess } from '../harness/coordinator-process.js'
import { Meter, type Usage } from '../harness/measured-process.js'
import { HoldStream } from '../load/hold-stream.js'
import { HollowNodes } from '../load/hollow-nodes.js'
import { renewOpenLoop } from '../load/renew.js'
import { Streams } from '../load/renewal-stream.js'

/** A process with a quarter of a million nodes has 1.5 GB, and none could have much more than twice as many. */
const nodesPerProcess = 250_000

/** What the times are taken with: messages with one lease, and messages as large as those of an agent with many nodes. */
const singles = { streams: 10, perSecond: 100 }
const large = { leases: 10_000, perSecond: 1 }

/** How long the agents may take to have all leases. */
const longestAcquireMs = 15 * 60_000

/** How long NATS may take to have what was told of them. */
const longestTellMs = 5 * 60_000

export const million: BenchCase = {
  name: 'million',
  about:
    'The agents of a million nodes renew leases of 40 s every 10 s. The times are those of streams beside them, at a fixed ' +
    'rate: with one lease a message, and with 10,000 as the agents have.',
  async run(context) {
    const leases = context.scaled({ full: 1_000_000, short: 100_000, smoke: 200 })
    const seconds = context.scaled({ full: 300, short: 20, smoke: 2 })
    const [leaseDurationSeconds, renewIntervalSeconds] = context.scaled({
      full: [40, 10],
      short: [40, 10],
      smoke: [4, 1],
    })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url })

    const startMs = performance.now()
    const agents: HollowNodes[] = []
    // One after the other: renewals wait behind the acquires of all streams, and must not do so for a whole duration.
    for (let started = 0; started < leases; ) {
      const nodes = Math.min(nodesPerProcess, leases - started)
      const agent = await HollowNodes.start({
        address: coordinator.address,
        name: `hollow-${agents.length}`,
        nodes,
        leaseDurationSeconds,
        renewIntervalSeconds,
      })
      context.defer(() => agent.remove())
      agents.push(agent)
      started += nodes
      await whenHeld(context, { coordinator, agents, leases: started })
    }
    const acquireSeconds = (performance.now() - startMs) / 1e3
    context.say(`the agents have all leases after ${acquireSeconds.toFixed(0)} s`)

    const each = context.scaled({ full: large.leases, short: large.leases, smoke: 20 })
    const probes = await Streams.open(coordinator.address, singles.streams + 1, (client, index) =>
      HoldStream.open(client, index, { leases: index === 0 ? each : 1, isAll: true }),
    )
    context.defer(() => probes.close())
    await whenTold(coordinator)

    const all = together(agents)
    const [server, agentsMeter, events] = [new Meter(coordinator), new Meter(all), new Meter(nats)]
    const before = await counts(coordinator)
    const measuredMs = performance.now()
    const [single, many] = await Promise.all([
      renewOpenLoop(probes.all.slice(1), { seconds, perSecond: singles.perSecond }),
      renewOpenLoop(probes.all.slice(0, 1), { seconds, perSecond: large.perSecond }),
    ])
    const wallSeconds = (performance.now() - measuredMs) / 1e3
    const after = await counts(coordinator)
    const renewals = after.renewals - before.renewals
    const used = server.figures(renewals)
    const [agentsUsed, eventsUsed] = [agentsMeter.figures(renewals), events.figures()]
    const missing = leases + each + singles.streams - after.held
    const believed = (await Promise.all(agents.map(agent => agent.held()))).reduce((sum, held) => sum + held, 0)
    const worstMs = Math.max(single.latencies.percentile(99), many.latencies.percentile(99))
    const cores = used.cpuSeconds / wallSeconds
    const load = `${leases.toLocaleString('en')} leases`
    return {
      measurements: [
        {
          load,
          subject: 'leasehold',
          figures: {
            renewalsPerSecond: renewals / wallSeconds,
            expiries: after.expiries,
            missing,
            cores,
            ...used,
            acquireSeconds,
          },
        },
        {
          load,
          subject: `${agents.length} ${agents.length === 1 ? 'agent' : 'agents'}`,
          figures: { cores: agentsUsed.cpuSeconds / wallSeconds, ...agentsUsed, missing: leases - believed },
        },
        { load, subject: 'nats-server', figures: { cores: eventsUsed.cpuSeconds / wallSeconds, ...eventsUsed } },
        { load: 'one lease a message', subject: 'leasehold', figures: single.latencies.figures() },
        {
          load: `${each.toLocaleString('en')} leases a message`,
          subject: 'leasehold',
          figures: many.latencies.figures(),
        },
      ],
      aims: [
        {
          aim: 'no lease expires since the start, and the agents have all of them',
          reached: `${after.expiries} expired, ${leases - believed} missing`,
          isMet: after.expiries === 0 && missing === 0 && believed === leases,
        },
        {
          aim: 'p99 of an acknowledgement under 50 ms, also with 10,000 leases a message',
          reached: `${worstMs.toFixed(1)} ms`,
          isMet: worstMs < 50,
        },
        { aim: 'the coordinator under half a core', reached: `${cores.toFixed(2)} of a core`, isMet: cores < 0.5 },
        {
          aim: 'the coordinator under 1 GB, also while leases are acquired',
          reached: `${used.peakMb.toFixed(0)} MB`,
          isMet: used.peakMb < 1_000,
        },
      ],
    }
  },
}

/** Resolves when the coordinator has all of them held. @throws Error when that takes too long, or an agent ends. */
async function whenHeld(
  { say }: BenchContext,
  { coordinator, agents, leases }: { coordinator: CoordinatorProcess; agents: readonly HollowNodes[]; leases: number },
): Promise<void> {
  const startMs = performance.now()
  for (let lookedMs = startMs; ; await sleep(500)) {
    const { held } = await counts(coordinator)
    if (held === leases) return
    if (agents.some(agent => agent.hasEnded)) throw new Error('an agent has ended')
    const nowMs = performance.now()
    if (nowMs - startMs > longestAcquireMs) throw new Error(`only ${held} of ${leases} leases are held`)
    if (nowMs - lookedMs < 10_000) continue
    say(`${held.toLocaleString('en')} leases are held`)
    lookedMs = nowMs
  }
}

/** Resolves when NATS has every event so far. @throws Error when that takes too long. */
async function whenTold(coordinator: CoordinatorProcess): Promise<void> {
  const endMs = performance.now() + longestTellMs
  while ((await coordinator.metric('leasehold_outbox_events')) > 0) {
    if (performance.now() > endMs) throw new Error('events still wait for NATS')
    await sleep(200)
  }
}

/** What the coordinator counts: since its start, but for those held. */
async function counts(coordinator: CoordinatorProcess): Promise<{ held: number; expiries: number; renewals: number }> {
  const metrics = await coordinator.metrics()
  const value = (name: string): number => metrics.get(name) ?? Number.NaN
  return {
    held: value('leasehold_leases{state="held"}'),
    expiries: value('leasehold_expiry_lateness_seconds_count'),
    renewals: value('leasehold_renewal_time_left_seconds_count'),
  }
}

/** Some processes as one. */
const together = (processes: readonly { usage(): Usage }[]): { usage(): Usage } => ({
  usage: () =>
    processes
      .map(process => process.usage())
      .reduce((sum, used) => ({
        cpuSeconds: sum.cpuSeconds + used.cpuSeconds,
        peakBytes: sum.peakBytes + used.peakBytes,
        residentBytes: sum.residentBytes + used.residentBytes,
      })),
})
