import type { BenchCase } from '../harness/bench-case.js'
import { Meter } from '../harness/measured-process.js'
import { Cadence } from '../load/cadence.js'
import { HoldStream } from '../load/hold-stream.js'
import { nodeName } from '../load/node-name.js'
import { connect } from '../load/renewal-stream.js'

const leaseDurationMs = 40_000
const periodMs = 10_000

/** Streams that acquire at a time: their first renewal is due when they have all of their leases. */
const opening = 2

/** For ten million leases, and what a collection of garbage needs beside them. */
const heapMb = 12_000

/** Ten million leases are written whole with each snapshot: once for that much that is appended. */
const snapshotEveryMb = 1_024

export const tenMillion: BenchCase = {
  name: 'ten-million',
  about:
    'Ten million leases of 40 s, renewed every 10 s over a few hundred streams, each with one message for all that it has. ' +
    `Node has ${heapMb.toLocaleString('en')} MB of heap, snapshots come every ${snapshotEveryMb.toLocaleString('en')} MiB, ` +
    'and there is no NATS: it would have ten million events to take first.',
  async run(context) {
    const { streams: count, each } = context.scaled({
      full: { streams: 250, each: 40_000 },
      short: { streams: 50, each: 10_000 },
      smoke: { streams: 3, each: 100 },
    })
    const leases = count * each
    const seconds = context.scaled({ full: 60, short: 20, smoke: 1 })
    const coordinator = await context.startCoordinator({
      nodeFlags: [`--max-old-space-size=${heapMb}`],
      flags: ['--snapshot-every', String(snapshotEveryMb)],
    })

    const startMs = performance.now()
    const acquiring = new Meter(coordinator)
    const cadence = new Cadence({ periodMs: context.scaled({ full: periodMs, short: periodMs, smoke: 500 }), count })
    context.defer(() => cadence.stop())
    const clients = Array.from({ length: opening }, () => connect(coordinator.address))
    context.defer(() => {
      for (const client of clients) client.close()
    })
    let opened = 0
    await Promise.all(
      clients.map(async client => {
        while (opened < count) {
          const index = opened++
          const stream = await HoldStream.open(client, index, {
            leases: each,
            name: i => nodeName(index * each + i),
            leaseDurationMs,
            isAll: true,
          })
          cadence.join(stream)
          if (index % Math.ceil(count / 10) === 0)
            context.say(`${(index * each).toLocaleString('en')} leases are acquired`)
        }
      }),
    )
    const acquireSeconds = (performance.now() - startMs) / 1e3
    const acquired = acquiring.figures(leases)
    context.say(`all leases are acquired after ${acquireSeconds.toFixed(0)} s`)

    const [server, load] = [new Meter(coordinator), new Meter()]
    const renewed = await cadence.measure(seconds)
    const { cpuSeconds, cpuMicros = 0, peakMb } = server.figures(renewed.renewals)
    const expiries = await coordinator.metric('leasehold_expiry_lateness_seconds_count')
    const missing = leases - (await coordinator.metric('leasehold_leases{state="held"}'))
    const loadUsed = load.figures()
    const name = `${leases.toLocaleString('en')} leases`
    return {
      measurements: [
        {
          load: `${name} are acquired`,
          subject: 'leasehold',
          figures: {
            seconds: acquireSeconds,
            acquiresPerSecond: leases / acquireSeconds,
            cores: acquired.cpuSeconds / acquireSeconds,
            ...acquired,
          },
        },
        {
          load: `${name} are renewed`,
          subject: 'leasehold',
          figures: {
            seconds: renewed.seconds,
            renewalsPerSecond: renewed.renewals / renewed.seconds,
            expiries,
            missing,
            cores: cpuSeconds / renewed.seconds,
            cpuSeconds,
            cpuMicros,
            peakMb,
            ...renewed.latencies.figures(),
          },
        },
        {
          load: `${name} are renewed`,
          subject: 'the load',
          figures: { cores: loadUsed.cpuSeconds / renewed.seconds, ...loadUsed },
        },
      ],
      aims: [
        {
          aim: 'no lease expires, also while others are acquired',
          reached: `${expiries} expired, ${missing} missing`,
          isMet: expiries === 0 && missing === 0,
        },
      ],
    }
  },
}
