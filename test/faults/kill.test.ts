import test, { type ExecutionContext } from 'ava'
import { type Lease, type LeaseholdClient, LeaseLostError } from '../../client/index.js'
import { Churn } from '../support/churn.js'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { journaledTransitions, type StreamedEvent, streamedEvents } from '../support/events.js'
import { listAll } from '../support/list-all.js'
import { NatsServer } from '../support/nats.js'
import { Tokens } from '../support/tokens.js'
import { until } from '../support/until.js'
import { Results } from './results.js'

const kills = 5

const title =
  'rules 2, 5, 6: kill -9 of the coordinator under load, again and again: no acknowledged write is lost, tokens grow, ' +
  'a resumed lease keeps its token, and every event is on NATS once and in order'

test.serial(title, async t => {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  await nats.start()
  const coordinator = await CoordinatorProcess.start(t, { nats: nats.url })
  const tokens = new Tokens()
  const observer = coordinator.client(t)
  const churn = new Churn(coordinator.client(t), tokens, { lanes: 12, prefix: 'churn' })
  t.teardown(() => churn.stop())
  const holdings = await holdMany(coordinator.client(t), 100)
  const rivals = Array.from({ length: 3 }, (_, number) => new Rival(coordinator.client(t), tokens, `rival-${number}`))
  t.teardown(() => Promise.all(rivals.map(rival => rival.stop())))

  const results = new Results('kill -9 under load, with NATS')
  for (let round = 1; round <= kills; round++) {
    const winsBefore = rivals.map(({ wins }) => wins)
    await churn.progress(300)
    await until(() => rivals.some(({ wins }, index) => wins > (winsBefore[index] ?? 0)))
    await coordinator.kill()
    results.injected('coordinator killed')
    const paused = churn.pause()
    await coordinator.start()
    await paused
    t.deepEqual(churn.missing(await listAll(observer, 'churn')), [], `after kill ${round}`)
    churn.resume()
    await until(() => holdings.every(({ hold }) => hold.state === 'held'))
    t.deepEqual(
      holdings.filter(({ hold, token }) => hold.fencingToken !== token),
      [],
    )
  }

  await Promise.all([churn.pause(), ...rivals.map(rival => rival.stop())])
  await churn.stop()
  const held = new Map((await listAll(observer, 'held')).map(lease => [lease.name, lease]))
  t.true(holdings.every(({ hold, token }) => held.get(hold.name)?.fencingToken === token))
  t.deepEqual(churn.faults, [])
  t.deepEqual(tokens.faults, [])
  results.add({ 'acknowledged writes': churn.acknowledged, tokens: tokens.size })
  results.write(t)

  await until(async () => (await coordinator.metric('leasehold_outbox_events')) === 0)
  const leases = await listAll(observer)
  t.is((await coordinator.stop()).code, 0)
  const events = await streamedEvents(nats.url)
  const { journalId, changes } = await journaledTransitions(coordinator.directory)
  t.deepEqual(
    events.map(({ revision, change }) => `${revision} ${change}`),
    changes,
  )
  t.deepEqual(
    events.map(({ id }) => id),
    changes.map(change => `${journalId}.${change.split(' ')[0]}`),
  )
  t.deepEqual(fold(t, events), leases.map(shown))
})

test.serial('rule 2: kill -9 while snapshots are taken and trimmed: no acknowledged write is lost', async t => {
  const coordinator = await CoordinatorProcess.start(t, { flags: ['--snapshot-every', '1'] })
  const tokens = new Tokens()
  const churn = new Churn(coordinator.client(t), tokens, { lanes: 8, prefix: 'churn', annotationBytes: 50_000 })
  t.teardown(() => churn.stop())
  const observer = coordinator.client(t)
  const results = new Results('kill -9 while snapshots are taken')
  for (let round = 1; round <= 3; round++) {
    await until(() => coordinator.hasLogged('snapshot taken'))
    await churn.progress(20 * round)
    await coordinator.kill()
    results.injected('coordinator killed')
    const paused = churn.pause()
    await coordinator.start()
    await paused
    t.deepEqual(churn.missing(await listAll(observer, 'churn')), [], `after kill ${round}`)
    churn.resume()
  }
  t.deepEqual([churn.faults, tokens.faults], [[], []])
  results.add({ 'acknowledged writes': churn.acknowledged, tokens: tokens.size })
  results.write(t)
})

async function holdMany(client: LeaseholdClient, count: number) {
  const session = client.openSession()
  const holds = Array.from({ length: count }, (_, number) =>
    session.acquire({
      namespace: 'held',
      name: `held-${String(number).padStart(3, '0')}`,
      holderIdentity: 'holder',
      leaseDurationMs: 60_000,
      renewIntervalMs: 100,
    }),
  )
  await Promise.all(holds.map(hold => hold.whenHeld()))
  return holds.map(hold => ({ hold, token: hold.fencingToken }))
}

/** Wins leases that others want too, and gives them back at once. */
class Rival {
  wins = 0
  readonly #client: LeaseholdClient
  readonly #tokens: Tokens
  readonly #identity: string
  readonly #end = new AbortController()
  readonly #running: Promise<unknown>

  constructor(client: LeaseholdClient, tokens: Tokens, identity: string) {
    this.#client = client
    this.#tokens = tokens
    this.#identity = identity
    this.#running = Promise.all(['left', 'right'].map(name => this.#contend(name)))
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#running
  }

  async #contend(name: string): Promise<void> {
    const lease = { namespace: 'contended', name, holderIdentity: this.#identity, leaseDurationMs: 10_000 }
    while (!this.#end.signal.aborted) {
      try {
        await this.#client.withLease({ ...lease, abandonWait: this.#end.signal }, ({ fencingToken }) => {
          this.#tokens.told(name, `${this.#identity} win ${++this.wins}`, fencingToken)
        })
      } catch (error) {
        if (!this.#end.signal.aborted && !(error instanceof LeaseLostError)) throw error
      }
    }
  }
}

/** What is compared of a lease. Renewals are no transitions, so their time and revision are not in the events. */
const shown = ({ namespace, name, state, holderIdentity, fencingToken, labels }: Lease) => ({
  ...{ namespace, name, state, holderIdentity, fencingToken, labels },
})

/** The leases that follow from the events alone. */
function fold(t: ExecutionContext, events: readonly StreamedEvent[]) {
  const leases = new Map<string, ReturnType<typeof shown>>()
  for (const { change, data } of events) {
    const [type, path = ''] = change.split(' ')
    if (type === 'deleted') {
      t.true(leases.delete(path), `${path} was there before it was deleted`)
      continue
    }
    const [namespace = '', name = ''] = path.split('/')
    leases.set(path, {
      namespace,
      name,
      state: data.state as Lease['state'],
      holderIdentity: data.spec.holderIdentity,
      fencingToken: Number(data.fencingToken),
      labels: (data.metadata.labels ?? {}) as Lease['labels'],
    })
  }
  return [...leases].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, lease]) => lease)
}
