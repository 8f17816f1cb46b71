import { setTimeout as sleep } from 'node:timers/promises'
import { connectClient, type Hold } from '../../client/index.js'
import type { BenchCase, BenchContext, Measurement, Scale } from '../harness/bench-case.js'
import { Latencies } from '../harness/latencies.js'
import { Meter } from '../harness/measured-process.js'
import { nodeName } from '../load/node-name.js'

const leaseDurationMs = 15_000

/** Sessions that are opened together, before the coordinator goes. */
const openedAtOnce = 100

/** How long nobody is there. */
const downMs = 1_000

/** Who has not come, or come back, after so long is given up. */
const longestMs = 30_000

const aimMs = 5_000

interface Fleet {
  readonly sessions: number
  readonly sessionsPerConnection: number
}

/**
 * One behind proxies, and one where every node has a connection of its own; with as many of those as one process can
 * play, beside as many as are asked for.
 */
const fleets: Record<Scale, readonly Fleet[]> = {
  full: [
    { sessions: 10_000, sessionsPerConnection: 100 },
    { sessions: 2_000, sessionsPerConnection: 1 },
    { sessions: 10_000, sessionsPerConnection: 1 },
  ],
  short: [
    { sessions: 1_000, sessionsPerConnection: 100 },
    { sessions: 1_000, sessionsPerConnection: 1 },
  ],
  smoke: [{ sessions: 20, sessionsPerConnection: 100 }],
}

async function measure(context: BenchContext, { sessions, sessionsPerConnection }: Fleet): Promise<Measurement> {
  const nats = await context.startNats()
  const coordinator = await context.startCoordinator({ natsUrl: nats.url })
  const clients = Array.from({ length: Math.ceil(sessions / sessionsPerConnection) }, () =>
    connectClient({ addresses: [coordinator.address] }),
  )
  const opened = clients.flatMap(client => Array.from({ length: sessionsPerConnection }, () => client.openSession()))
  const holds: Hold[] = []
  try {
    while (holds.length < sessions) {
      const round = opened.slice(holds.length, Math.min(holds.length + openedAtOnce, sessions)).map((session, i) => {
        const name = nodeName(holds.length + i)
        const lease = { namespace: 'kube-node-lease', name, holderIdentity: name, leaseDurationMs }
        return session.acquire({ ...lease, waitTimeoutMs: longestMs })
      })
      await Promise.all(round.map(hold => hold.whenHeld()))
      holds.push(...round)
    }
    const sharing = sessionsPerConnection === 1 ? 'a connection each' : `${sessionsPerConnection} on a connection`
    const tokens = holds.map(hold => hold.fencingToken)
    context.say(`${sessions.toLocaleString('en')} sessions are open`)

    await coordinator.stop('SIGKILL')
    await sleep(downMs)
    const load = new Meter()
    const startMs = performance.now()
    const back = resumed(holds, startMs)
    await coordinator.start()
    const servingMs = performance.now() - startMs
    const latencies = await back
    const { cpuSeconds, peakBytes } = coordinator.usage()
    const kept = holds.filter((hold, i) => hold.isHeld() && hold.fencingToken === tokens[i]).length
    return {
      load: `${sessions.toLocaleString('en')} sessions, ${sharing}`,
      subject: 'leasehold',
      figures: {
        servingMs,
        ...latencies.figures(),
        lostLeases: sessions - kept,
        cpuSeconds,
        peakMb: peakBytes / 1e6,
        loadCpuSeconds: load.figures().cpuSeconds,
      },
    }
  } finally {
    await Promise.all(clients.map(client => client.close({ release: false })))
    await coordinator.remove()
    await nats.remove()
  }
}

/** When each lease was renewed on a new stream, all that are not lost; counted from a time. */
async function resumed(holds: readonly Hold[], startMs: number): Promise<Latencies> {
  const latencies = new Latencies()
  const waiting = new Set(holds)
  let onAll: () => void = () => {}
  const all = new Promise<void>(resolve => {
    onAll = resolve
  })
  const ends = holds.map(hold =>
    hold.onChange(({ state }) => {
      if (state === 'jeopardy' || !waiting.delete(hold)) return
      if (state === 'held') latencies.add(performance.now() - startMs)
      if (waiting.size === 0) onAll()
    }),
  )
  const timer = setTimeout(() => onAll(), longestMs)
  await all
  clearTimeout(timer)
  for (const end of ends) end()
  return latencies
}

export const reconnect: BenchCase = {
  name: 'reconnect',
  about:
    `Sessions of the client, with a lease of ${leaseDurationMs / 1e3} s each, lose their coordinator to a kill; another ` +
    `is started in its place ${downMs / 1e3} s later. Times are from that start until the lease is resumed and renewed.`,
  async run(context) {
    const measurements: Measurement[] = []
    for (const fleet of context.scaled(fleets)) measurements.push(await measure(context, fleet))
    const aims = measurements.map(({ load, figures: { lostLeases = 1, maxMs = Number.POSITIVE_INFINITY } }) => ({
      aim: `${load}: no lease lost, all renewed within ${aimMs / 1e3} s of the start`,
      reached: lostLeases > 0 ? `${lostLeases.toLocaleString('en')} lost` : `${(maxMs / 1e3).toFixed(2)} s`,
      isMet: lostLeases === 0 && maxMs < aimMs,
    }))
    return { measurements, aims }
  },
}
