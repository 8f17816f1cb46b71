import test from 'ava'
import { Term } from '../../../agents/node-monitor/monitor.js'
import type { LeaseholdClient, LeasePage, WatchEvent, WatchOptions } from '../../../client/index.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { FakeHold, fakeContext } from '../fake-session.js'
import { FakeLeases, FakeNats } from './fake-nodes.js'
import { change, idOf, nodeLease, ready } from './nodes.js'

/** A clock whose time of day a test sets. */
class WallClock extends VirtualClock {
  offsetMicros = 0

  override wallMicros(): number {
    return super.wallMicros() + this.offsetMicros
  }
}

/** A watch that the test tells what to tell. */
class FakeWatch {
  options: WatchOptions | undefined
  readonly #events: WatchEvent[] = []
  #wake: () => void = () => {}

  push(...events: readonly WatchEvent[]): void {
    this.#events.push(...events)
    this.#wake()
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    this.options = options
    const wake = (): void => this.#wake()
    options.signal?.addEventListener('abort', wake)
    while (!options.signal?.aborted) {
      const event = this.#events.shift()
      if (event !== undefined) yield event
      else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
  }
}

async function start(...names: readonly string[]) {
  const clock = new WallClock()
  const { context, stop, notes } = fakeContext(clock)
  const watch = new FakeWatch()
  const leases = new FakeLeases()
  const nats = new FakeNats()
  const state = { revision: 1_000, answers: true }
  const client: Pick<LeaseholdClient, 'get' | 'update' | 'watch' | 'list'> = {
    get: name => leases.get(name),
    update: update => leases.update(update),
    watch: (options = {}) => watch.watch(options),
    async *list(): AsyncGenerator<LeasePage, void, void> {
      if (!state.answers) throw new Error('no answer')
      yield { leases: [], revision: state.revision, journalId: 'j' }
    },
  }
  const hold = new FakeHold(
    { namespace: 'kube-system', name: 'node-monitor', holderIdentity: 'm', leaseDurationMs: 15_000 },
    clock,
  )
  hold.grant(7)
  let blindMs = 0
  const options = { namespace: 'kube-node-lease', graceMs: 50_000, disruptionPercent: 55, connect: nats.connect }
  // Everything of a client that a term uses.
  const termContext = { ...context, client: client as LeaseholdClient }
  const term = new Term(hold, termContext, options, {
    blind: ms => {
      blindMs += ms
    },
  })
  const over = term.run()
  for (const name of names) {
    leases.add(name, { labels: ready })
    watch.push(change('existing', nodeLease(name, { labels: ready })))
  }
  watch.push({ type: 'synced', revision: 1_000, journalId: 'j' })
  await clock.run(0)
  /** Seconds pass with a bookmark each; these nodes renew. */
  const pass = async (seconds: number, ...alive: readonly string[]): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await clock.run(1_000)
      state.revision += 1
      if (alive.length > 0) watch.push({ type: 'renewals', leaseIds: alive.map(idOf) })
      watch.push({ type: 'bookmark', revision: state.revision })
      await clock.run(0)
    }
  }
  return { clock, context, stop, notes, watch, leases, nats, state, hold, term, over, pass, blindMs: () => blindMs }
}

test('it watches the renewals as numbers, with a bookmark every second', async t => {
  const { watch } = await start()
  t.like(watch.options, {
    namespace: 'kube-node-lease',
    includeRenewals: true,
    compactRenewals: true,
    bookmarkIntervalMs: 1_000,
  })
})

test('a silent node is told as Unknown, and as Ready when it is heard: once each', async t => {
  const { leases, nats, pass } = await start('n-1', 'n-2')
  await pass(60, 'n-2')
  t.is(leases.status('n-1'), 'Unknown')
  await pass(60, 'n-1', 'n-2')
  t.is(leases.status('n-1'), 'Ready')
  t.deepEqual(nats.subjects, ['nodes.n-1.unknown', 'nodes.n-1.ready'])
})

test('the time of day jumps: nobody is called Unknown that keeps its heartbeat, and who does not still is', async t => {
  const { clock, leases, nats, pass } = await start('n-1', 'n-2')
  for (const days of [1, -400, 20_000, -1]) {
    clock.offsetMicros += days * 86_400e6
    await pass(20, 'n-1', 'n-2')
  }
  t.deepEqual(nats.subjects, [])
  await pass(60, 'n-2')
  t.is(leases.status('n-1'), 'Unknown')
})

test('the machine was suspended: nobody is called Unknown', async t => {
  const { clock, nats, pass } = await start('n-1')
  await pass(40)
  clock.suspend(3_600_000)
  await pass(5, 'n-1')
  t.deepEqual(nats.subjects, [])
})

test('the process was stopped: what waited in the socket is heard before anybody is judged', async t => {
  const { clock, nats, watch, state, pass, blindMs } = await start('n-1')
  await pass(40)
  clock.block(100_000)
  state.revision += 100
  watch.push({ type: 'bookmark', revision: state.revision - 50 })
  await clock.run(0)
  watch.push({ type: 'renewals', leaseIds: [idOf('n-1')] }, { type: 'bookmark', revision: state.revision })
  await pass(40)
  t.deepEqual(nats.subjects, [])
  t.is(blindMs(), 100_000)
})

test('a coordinator that does not say its revision: nobody is called Unknown', async t => {
  const { nats, state, pass } = await start('n-1')
  state.answers = false
  await pass(100)
  t.deepEqual(nats.subjects, [])
})

test('a monitor that lost its lease tells nothing, and its term is over', async t => {
  const { nats, leases, hold, over, pass } = await start('n-1')
  await pass(50)
  hold.state = 'lost'
  await pass(2)
  await over
  t.deepEqual(nats.subjects, [])
  t.is(leases.status('n-1'), 'Ready')
})

test('a stop ends the term after what was decided is told', async t => {
  const { clock, nats, leases, stop, over, watch } = await start()
  nats.goAway()
  leases.add('n-1')
  watch.push(change('created', nodeLease('n-1')))
  await clock.run(0)
  stop()
  await clock.run(0)
  t.is(leases.status('n-1'), undefined)
  await clock.run(3_000)
  await over
  t.is(leases.status('n-1'), 'Ready')
})

test('a disruption is told once when it begins and once when it ends, and noted for the health file meanwhile', async t => {
  const names = ['n-1', 'n-2', 'n-3', 'n-4'] as const
  const { nats, notes, term, pass } = await start(...names)
  await pass(200)
  t.deepEqual(nats.subjects, ['nodes._disruption.began'])
  t.deepEqual(notes, ['disruption: 4 of 4 nodes are silent at once, and none is called Unknown'])
  t.like(term.figures(), { ready: 4, unknown: 0, isDisrupted: true })
  await pass(1, ...names)
  t.deepEqual(nats.subjects, ['nodes._disruption.began', 'nodes._disruption.ended'])
  t.is(notes.at(-1), undefined)
  const [began] = nats.messages
  t.like(JSON.parse(began?.data ?? ''), { lost: 4, ready: 4, nodes: 4, monitor: 'm', monitorFencingToken: '7' })
})
