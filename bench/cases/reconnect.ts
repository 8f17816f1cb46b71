import { setTimeout as sleep } from 'node:timers/promises'
import { connectClient, type Hold, type LeaseholdClient } from '../../client/index.js'
import type { BenchCase, BenchContext, Measurement } from '../harness/bench-case.js'
import { Latencies } from '../harness/latencies.js'
import { Meter } from '../harness/measured-process.js'
import { nodeName } from '../load/node-name.js'

const leaseDurationMs = 15_000

/** How long nobody is there. */
const downMs = 1_000

/** Who is not back after so long is given up: its lease has long run out. */
const longestMs = 30_000

const aimMs = 5_000

/** Sessions on a connection: a fleet behind proxies, and one where every node has a connection of its own. */
const sharings = { full: [100, 1], short: [100, 1], smoke: [100] }

interface Outcome {
  readonly measurement: Measurement
  readonly lost: number
  readonly lastMs: number
}

async function measure(context: BenchContext, sessions: number, sessionsPerConnection: number): Promise<Outcome> {
  const nats = await context.startNats()
  const coordinator = await context.startCoordinator({ natsUrl: nats.url })
  const clients: LeaseholdClient[] = []
  const holds: Hold[] = []
  try {
    while (holds.length < sessions) {
      const client = connectClient({ addresses: [coordinator.address] })
      clients.push(client)
      const opened = Array.from({ length: Math.min(sessionsPerConnection, sessions - holds.length) }, (_, i) => {
        const name = nodeName(holds.length + i)
        return client
          .openSession()
          .acquire({ namespace: 'kube-node-lease', name, holderIdentity: name, leaseDurationMs, noWait: true })
      })
      await Promise.all(opened.map(hold => hold.whenHeld()))
      holds.push(...opened)
    }
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
    const { maxMs, ...times } = latencies.figures()
    return {
      measurement: {
        load: sessionsPerConnection === 1 ? 'a connection each' : `${sessionsPerConnection} on a connection`,
        subject: 'leasehold',
        figures: {
          servingMs,
          ...times,
          maxMs,
          lostLeases: sessions - kept,
          cpuSeconds,
          peakMb: peakBytes / 1e6,
          loadCpuSeconds: load.figures().cpuSeconds,
        },
      },
      lost: sessions - kept,
      lastMs: maxMs,
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
    const sessions = context.scaled({ full: 10_000, short: 1_000, smoke: 20 })
    const outcomes: Outcome[] = []
    for (const sharing of context.scaled(sharings)) outcomes.push(await measure(context, sessions, sharing))
    const lost = outcomes.reduce((sum, outcome) => sum + outcome.lost, 0)
    const lastMs = Math.max(...outcomes.map(outcome => outcome.lastMs))
    return {
      measurements: outcomes.map(({ measurement }) => measurement),
      aims: [
        { aim: 'no lease is lost', reached: `${lost.toLocaleString('en')} are`, isMet: lost === 0 },
        {
          aim: `all renewed within ${aimMs / 1e3} s of the start`,
          reached: `${(lastMs / 1e3).toFixed(2)} s`,
          isMet: lost === 0 && lastMs < aimMs,
        },
      ],
    }
  },
}
