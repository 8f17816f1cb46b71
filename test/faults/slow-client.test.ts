import test from 'ava'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { acquire, RawHold } from '../support/raw-hold.js'
import { until } from '../support/until.js'

const slowClients = 2
const placesEach = 499
const mib = 1024 * 1024

const title =
  'rule 7: a client that never reads its stream is cut off before it costs memory, while others renew in time'

test.serial(title, async t => {
  const coordinator = await CoordinatorProcess.start(t)
  const client = coordinator.client(t)
  const session = client.openSession()
  const other = { namespace: 'default', holderIdentity: 'me', leaseDurationMs: 20_000, renewIntervalMs: 50 }
  const holds = Array.from({ length: 20 }, (_, number) => session.acquire({ ...other, name: `other-${number}` }))
  await Promise.all(holds.map(hold => hold.whenHeld()))
  const tokens = holds.map(({ fencingToken }) => fencingToken)

  const popular = { namespace: 'default', name: 'popular', leaseDurationMs: 60_000 }
  const { fencingToken } = (await client.acquireOnce({ ...popular, holderIdentity: 'first' })).lease
  // Each change of the holder is told to every place in the queue: 500 KB to each of these.
  const long = 'x'.repeat(1_000)
  const next = new RawHold(coordinator.address)
  t.teardown(() => next.close())
  await next.request(acquire({ ...popular, holderIdentity: long, priority: 1, waitTimeoutMs: 600_000 }))
  for (let number = 0; number < slowClients; number++) {
    const slow = new RawHold(coordinator.address, { reads: false })
    t.teardown(() => slow.close())
    for (let place = 0; place < placesEach; place++) {
      slow.send(acquire({ ...popular, holderIdentity: `slow-${number}-${place}`, waitTimeoutMs: 600_000 }))
    }
  }
  await until(async () => (await coordinator.metric('leasehold_waiters')) === slowClients * placesEach + 1)
  const before = await coordinator.metrics()
  await client.release({ ...popular, fencingToken })
  await until(() => next.pushed.some(({ type }) => type === 'acquired'))
  await next.request({ type: 'renew', handles: 'all' })
  let supersedes = 0
  await until(async () => {
    const instance = String(++supersedes).padStart(32, '0')
    await client.acquireOnce({ ...popular, holderIdentity: long, instance, supersede: true })
    // A place is lost when its session falls silent, so the first few changes come without a look in between.
    return supersedes > 3 && (await coordinator.metric('leasehold_clients_cut_off_total')) === slowClients
  })

  const after = await coordinator.metrics()
  const growthOf = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  t.is(after.get('leasehold_waiters'), 0, 'their places are gone')
  t.true(growthOf('leasehold_renewal_time_left_seconds_count') > 0)
  const growth = growthOf('process_resident_memory_bytes')
  t.log(`cut off after ${supersedes} changes of the holder; resident memory grew by ${Math.round(growth / mib)} MiB`)
  t.true(growth < 100 * mib)
  t.true(holds.every(hold => hold.isHeld()))
  t.deepEqual(
    holds.map(hold => hold.fencingToken),
    tokens,
  )
})
