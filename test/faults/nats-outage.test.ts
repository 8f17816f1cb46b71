import test, { type ExecutionContext } from 'ava'
import type { LeaseholdClient } from '../../client/index.js'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { journaledTransitions, streamedEvents } from '../support/events.js'
import { NatsServer } from '../support/nats.js'
import { until } from '../support/until.js'
import { Results } from './results.js'

const title =
  'rule 6: NATS away and back, killed or stopped: leases go on, and afterwards each event is there once, in order, none ' +
  'missing'

test.serial(title, async t => {
  const { nats, coordinator } = await startBoth(t)
  const results = new Results('NATS away and back')
  const client = coordinator.client(t)
  const write = writer(client)
  await write(50)
  await published(coordinator)

  await nats.kill()
  results.injected('NATS killed')
  await write(200)
  t.true((await coordinator.metric('leasehold_outbox_events')) >= 200, 'events wait while NATS is away')
  await nats.start()
  await published(coordinator)

  nats.signal('SIGSTOP')
  results.injected('NATS stopped')
  await write(200)
  nats.signal('SIGCONT')
  await published(coordinator)

  await Promise.all([write(400), nats.kill().then(() => nats.start())])
  results.injected('NATS killed')
  await published(coordinator)
  await checkStream(t, nats, coordinator, results)
})

test.serial('rule 6: events of a time in which NATS was away outlive a kill -9 of the coordinator', async t => {
  const { nats, coordinator } = await startBoth(t)
  const results = new Results('NATS away and back')
  const write = writer(coordinator.client(t))
  await write(50)
  await nats.kill()
  results.injected('NATS killed')
  await write(100)
  await coordinator.kill()
  results.injected('coordinator killed')
  await coordinator.start()
  await write(100)
  await nats.start()
  await published(coordinator)
  await checkStream(t, nats, coordinator, results)
})

test.serial(
  'rule 6: a coordinator that starts while NATS is away serves leases, and its events arrive later',
  async t => {
    const nats = await NatsServer.prepare()
    t.teardown(() => nats.remove())
    const results = new Results('NATS away and back')
    results.injected('NATS away at the start')
    const coordinator = await CoordinatorProcess.start(t, { nats: nats.url })
    await writer(coordinator.client(t))(100)
    t.is(await coordinator.metric('leasehold_nats_connected'), 0)
    await nats.start()
    await published(coordinator)
    await checkStream(t, nats, coordinator, results)
  },
)

async function startBoth(t: ExecutionContext): Promise<{ nats: NatsServer; coordinator: CoordinatorProcess }> {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  await nats.start()
  return { nats, coordinator: await CoordinatorProcess.start(t, { nats: nats.url }) }
}

/** Creates so many leases, a transition each; the names go on where the last call ended. */
function writer(client: LeaseholdClient): (count: number) => Promise<void> {
  let number = 0
  return async count => {
    const names = Array.from({ length: count }, () => `lease-${number++}`)
    await Promise.all(
      names.map(name =>
        client.acquireOnce({ namespace: 'default', name, holderIdentity: 'me', leaseDurationMs: 60_000 }),
      ),
    )
  }
}

async function published(coordinator: CoordinatorProcess): Promise<void> {
  await until(async () => (await coordinator.metric('leasehold_outbox_events')) === 0)
}

/** Ends the coordinator and compares what NATS has with the journal. */
async function checkStream(
  t: ExecutionContext,
  nats: NatsServer,
  coordinator: CoordinatorProcess,
  results: Results,
): Promise<void> {
  await coordinator.stop()
  const events = await streamedEvents(nats.url)
  const { journalId, changes } = await journaledTransitions(coordinator.directory)
  t.deepEqual(
    events.map(({ id, change }) => `${id} ${change}`),
    changes.map(change => `${journalId}.${change}`),
  )
  results.add({ events: events.length })
  results.write(t)
}
