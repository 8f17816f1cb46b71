import test from 'ava'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { journaledEntries } from '../support/events.js'
import { until } from '../support/until.js'

const leaseCount = 20
const names = Array.from({ length: leaseCount }, (_, number) => `lease-${String(number).padStart(2, '0')}`)

const title =
  'rule 3: a lease that nobody renews expires soon after its deadline, and in the same batch its first live waiter has it, ' +
  'by priority and then by arrival'

test.serial(title, async t => {
  const coordinator = await CoordinatorProcess.start(t)
  const client = coordinator.client(t)
  const lease = { namespace: 'default', leaseDurationMs: 60_000 }
  const holder = { ...lease, holderIdentity: 'holder' }
  await Promise.all(names.map(name => client.acquireOnce({ ...holder, name })))
  let places = 0
  const untilPlaces = (count: number) =>
    until(async () => {
      places = await coordinator.metric('leasehold_waiters')
      return places === count
    })
  const wait = async (holderIdentity: string, priority: number) => {
    const waiting = coordinator.client(t)
    const session = waiting.openSession()
    const holds = names.map(name => session.acquire({ ...lease, name, holderIdentity, priority }))
    await untilPlaces(places + leaseCount)
    return { holds, waiting }
  }
  await wait('early', 0)
  const { holds } = await wait('first', 5)
  await wait('second', 5)
  const { waiting: gone } = await wait('gone', 9)
  await gone.close({ release: false })
  await untilPlaces(3 * leaseCount)

  // A resume with a short duration is the last that is heard of the holder.
  await Promise.all(names.map(name => client.acquireOnce({ ...holder, name, leaseDurationMs: 1_000 })))
  await Promise.all(holds.map(hold => hold.whenHeld()))
  const metrics = await coordinator.metrics()
  const expired = (bucket: string) => metrics.get(`leasehold_expiry_lateness_seconds_bucket{le="${bucket}"}`) ?? 0
  const meanMs = ((metrics.get('leasehold_expiry_lateness_seconds_sum') ?? 0) / leaseCount) * 1e3
  t.log(`${expired('0.02')} of ${leaseCount} expired within 20 ms of the deadline, ${meanMs.toFixed(1)} ms on average`)
  t.is(expired('+Inf'), leaseCount)
  t.is(expired('1'), leaseCount)

  await coordinator.stop()
  const { entries } = await journaledEntries(coordinator.directory)
  for (const hold of holds) {
    const batch = entries.find(changes => changes.some(change => change.endsWith(` expired default/${hold.name}`)))
    t.true(batch?.includes(`${hold.fencingToken} acquired default/${hold.name}`), `${hold.name}: ${batch}`)
  }
})
