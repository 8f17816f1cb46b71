import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCase, BenchContext, Measurement } from '../harness/bench-case.js'
import type { CoordinatorProcess } from '../harness/coordinator-process.js'
import { Latencies } from '../harness/latencies.js'
import { Meter } from '../harness/measured-process.js'
import { openFleet } from '../load/fleet.js'
import { HoldCalls } from '../load/hold-calls.js'
import { HoldStream } from '../load/hold-stream.js'
import { pace } from '../load/pace.js'
import { type Renewed, renewClosedLoop, renewOpenLoop } from '../load/renew.js'
import { connect, Streams } from '../load/renewal-stream.js'
import { WatchStream } from '../load/watch-stream.js'

/** Renewals beside the changes. */
const renewing = { streams: 100, perSecond: 1_000 }

/** Over so many streams leases are acquired and released. */
const changingStreams = 50

const watchersPerConnection = 100

/** So many times as long, and so many ms, may a renewal take beside watchers. */
const allowed = { times: 2, moreMs: 5 }

/** Changes that are on their way at the end are waited for so long. */
const longestTellMs = 30_000

export const watch: BenchCase = {
  name: 'watch',
  about:
    'A thousand watchers, as many as there may be, and 10,000 acquires and releases a second: each watcher selects a lease ' +
    'of its own, but for one that watches everything and stops reading. Then what it costs to watch leases being renewed.',
  async run(context) {
    const beside = await manyWatchers(context)
    const told = await watchedRenewals(context)
    return { ...beside, measurements: [...beside.measurements, ...told] }
  },
}

async function manyWatchers(context: BenchContext) {
  const count = context.scaled({ full: 999, short: 999, smoke: 5 })
  const perSecond = context.scaled({ full: 10_000, short: 10_000, smoke: 50 })
  const nats = await context.startNats()
  const coordinator = await context.startCoordinator({ natsUrl: nats.url })
  const seconds = context.scaled({ full: 30, short: 5, smoke: 0.5 })
  const renewals = await Streams.open(coordinator.address, renewing.streams, (client, i) => HoldStream.open(client, i))
  context.defer(() => renewals.close())
  const leases = openLeases(context, coordinator, count)
  const measure = async (load: string, act?: (dueMs: number, index: number) => void) => {
    const server = new Meter(coordinator)
    const startMs = performance.now()
    const [renewed, changes] = await Promise.all([
      renewOpenLoop(renewals.all, { seconds, perSecond: renewing.perSecond }),
      act === undefined ? 0 : pace({ perSecond, seconds }, act),
    ])
    await whenIdle(leases)
    const wallSeconds = (performance.now() - startMs) / 1e3
    const { cpuSeconds, peakMb } = server.figures()
    context.say(`${load}: over after ${wallSeconds.toFixed(1)} of ${seconds} s`)
    const figures = {
      changesPerSecond: changes / wallSeconds,
      cores: cpuSeconds / wallSeconds,
      peakMb,
      ...renewed.latencies.figures(),
    }
    return { load, subject: 'leasehold', figures }
  }

  const change = (index: number): void => leases[index % count]?.change()
  const alone = await measure('renewals alone')
  const unwatched = await measure('changes that nobody watches', (_, index) => change(index))

  const watchers = await openWatchers(context, coordinator, count)
  context.say(`${count} watchers are open`)
  const toldMs = new Latencies()
  const due: number[][] = watchers.map(watcher => {
    const queue: number[] = []
    watcher.onChange = () => toldMs.add(performance.now() - (queue.shift() ?? 0))
    return queue
  })
  const client = connect(coordinator.address)
  context.defer(() => client.close())
  const unread = await WatchStream.open(client)
  unread.stopReading()
  const act = (dueMs: number, index: number): void => {
    due[index % count]?.push(dueMs)
    change(index)
  }
  const watched = await measure(`changes and ${(count + 1).toLocaleString('en')} watchers`, act)
  const made = Math.floor(seconds * perSecond)
  const endMs = performance.now() + longestTellMs
  while (toldMs.count < made && performance.now() < endMs) await sleep(20)
  const cutOff = await coordinator.metric('leasehold_watchers_cut_off_total')
  for (const watcher of watchers) watcher.close()

  const [without, beside] = [unwatched.figures.p99Ms, watched.figures.p99Ms]
  const measurements: Measurement[] = [
    alone,
    unwatched,
    watched,
    {
      load: 'changes, until they are told',
      subject: 'leasehold',
      figures: { told: toldMs.count, cutOff, ...toldMs.figures() },
    },
  ]
  return {
    measurements,
    aims: [
      {
        aim: `no renewal is delayed: p99 below ${allowed.times} times that without watchers, and ${allowed.moreMs} ms`,
        reached: `${beside.toFixed(1)} ms, ${without.toFixed(1)} ms without`,
        isMet: beside < allowed.times * without + allowed.moreMs,
      },
      { aim: 'every change is told', reached: `${toldMs.count} of ${made}`, isMet: toldMs.count === made },
      { aim: 'the watcher that does not read is cut off, and no other', reached: `${cutOff}`, isMet: cutOff === 1 },
    ],
  }
}

/** Leases to be changed, over a few streams. */
function openLeases(context: BenchContext, { address }: CoordinatorProcess, count: number): ChangingLease[] {
  const client = connect(address)
  context.defer(() => client.close())
  const streams = Array.from({ length: Math.min(changingStreams, count) }, (_, i) => new HoldCalls(client, i))
  return Array.from({ length: count }, (_, i) => new ChangingLease(streams, i))
}

/** A lease that is acquired and released in turn, one thing at a time. */
class ChangingLease {
  readonly #calls: HoldCalls | undefined
  readonly #name: string
  #handle: number | undefined
  /** How many changes are to be made. */
  #wanted = 0
  #isChanging = false

  constructor(streams: readonly HoldCalls[], index: number) {
    this.#calls = streams[index % streams.length]
    this.#name = watchedName(index)
  }

  get isIdle(): boolean {
    return this.#wanted === 0
  }

  change(): void {
    this.#wanted++
    if (!this.#isChanging) void this.#changeAll()
  }

  async #changeAll(): Promise<void> {
    this.#isChanging = true
    for (; this.#wanted > 0; this.#wanted--) {
      if (this.#handle === undefined) this.#handle = (await this.#calls?.acquire(this.#name))?.handle
      else {
        await this.#calls?.release(this.#handle)
        this.#handle = undefined
      }
    }
    this.#isChanging = false
  }
}

async function whenIdle(leases: readonly ChangingLease[]): Promise<void> {
  while (leases.some(lease => !lease.isIdle)) await sleep(20)
}

const watchedName = (index: number): string => `watched-${index}`

/** Each watches one lease. */
async function openWatchers(
  context: BenchContext,
  { address }: CoordinatorProcess,
  count: number,
): Promise<WatchStream[]> {
  const watchers: WatchStream[] = []
  while (watchers.length < count) {
    const first = watchers.length
    const client = connect(address)
    context.defer(() => client.close())
    const names = Array.from({ length: Math.min(watchersPerConnection, count - first) }, (_, i) => first + i)
    const open = names.map(index => WatchStream.open(client, { namespace: 'bench', name: watchedName(index) }))
    watchers.push(...(await Promise.all(open)))
  }
  return watchers
}

const kinds = [
  { name: 'nobody watches', renewals: undefined },
  { name: 'one compact watch', renewals: 'compact' },
  { name: 'one full watch', renewals: 'full' },
] as const

/** Leases are renewed, once a second each and then as fast as it goes, while one watches that wants to hear of it. */
async function watchedRenewals(context: BenchContext): Promise<Measurement[]> {
  const leases = context.scaled({ full: 100_000, short: 100_000, smoke: 100 })
  const streams = context.scaled({ full: 100, short: 100, smoke: 2 })
  const seconds = context.scaled({ full: 10, short: 4, smoke: 0.5 })
  const coordinator = await context.startCoordinator()
  const fleet = await openFleet(coordinator.address, { leases, streams })
  context.defer(() => fleet.close())
  const client = connect(coordinator.address)
  context.defer(() => client.close())
  const paces: readonly { name: string; renew(): Promise<Renewed> }[] = [
    { name: 'each lease once a second', renew: () => renewOpenLoop(fleet.all, { seconds, perSecond: streams }) },
    { name: 'as fast as it goes', renew: () => renewClosedLoop(fleet.all, { seconds, window: 1 }) },
  ]
  const measurements: Measurement[] = []
  for (const { name, renewals } of kinds) {
    const watcher = renewals && (await WatchStream.open(client, { renewals }))
    for (const pace of paces) {
      const server = new Meter(coordinator)
      const before = toldTo(watcher)
      const renewed = await pace.renew()
      const { cpuMicros = 0, peakMb } = server.figures(renewed.renewals)
      measurements.push({
        load: `${leases.toLocaleString('en')} leases, ${pace.name}: ${name}`,
        subject: 'leasehold',
        figures: {
          renewalsPerSecond: renewed.renewals / renewed.seconds,
          toldPerSecond: (toldTo(watcher) - before) / renewed.seconds,
          cpuMicros,
          peakMb,
          p50Ms: renewed.latencies.percentile(50),
          p99Ms: renewed.latencies.percentile(99),
        },
      })
    }
    watcher?.close()
  }
  return measurements
}

const toldTo = (watcher: WatchStream | undefined): number =>
  watcher === undefined ? 0 : watcher.changes + watcher.renewedIds
