import test from 'ava'
import { CoordinatorMetrics } from '../../services/coordinator/metrics.js'
import { acquireOf } from '../support/core.js'
import { VirtualCoordinator } from '../support/virtual-coordinator.js'

/** The value of one line of the metrics. */
const figureOf = (text: string, series: string): number => {
  const line = text.split('\n').find(each => each.startsWith(`${series} `))
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1))
}

test('leases are counted by state, sessions and places by what is open, as they are when somebody asks', async t => {
  const world = await VirtualCoordinator.start()
  const metrics = new CoordinatorMetrics()
  metrics.watch(world.open)
  const { sessions } = world.open
  void world.acquire('brief', { leaseDurationMs: 1_000 })
  void world.acquire('leader', { leaseDurationMs: 60_000 })
  const command = { ...acquireOf({ holderIdentity: 'B' }), priority: 0, waitTimeoutMs: 600_000 }
  const session = world.openSession('B')
  void world.ask('wait', 'write', (_, time) => sessions.acquire(session, command, time))
  await world.pass(1_000)
  const text = await metrics.registry.metrics()
  t.is(figureOf(text, 'leasehold_leases{state="held"}'), 1)
  t.is(figureOf(text, 'leasehold_leases{state="expired"}'), 1)
  t.is(figureOf(text, 'leasehold_sessions'), 1)
  t.is(figureOf(text, 'leasehold_waiters'), 1)
  t.is(figureOf(text, 'leasehold_queued_commands'), 0)
  t.is(figureOf(text, 'leasehold_revision'), world.open.core.revision)
})

test('a pause is counted, with the time that no lease was blamed for', async t => {
  const world = await VirtualCoordinator.start()
  const metrics = new CoordinatorMetrics()
  metrics.watch(world.open)
  world.clock.block(5_100)
  await world.pass(0)
  const text = await metrics.registry.metrics()
  t.is(figureOf(text, 'leasehold_event_loop_gaps_total'), 1)
  t.is(figureOf(text, 'leasehold_lease_clock_skipped_seconds_total'), 5)
})

test('renewals, expiries and appends are histograms in seconds', async t => {
  const metrics = new CoordinatorMetrics()
  metrics.renewed(7_500)
  metrics.expired(3)
  metrics.appended(100, 2_000, 4)
  const text = await metrics.registry.metrics()
  t.is(figureOf(text, 'leasehold_renewal_time_left_seconds_bucket{le="5"}'), 0)
  t.is(figureOf(text, 'leasehold_renewal_time_left_seconds_bucket{le="7.5"}'), 1)
  t.is(figureOf(text, 'leasehold_expiry_lateness_seconds_sum'), 0.003)
  t.is(figureOf(text, 'leasehold_batch_changes_bucket{le="100"}'), 1)
  t.is(figureOf(text, 'leasehold_journal_append_seconds_count'), 1)
  t.is(figureOf(text, 'leasehold_journal_append_bytes_total'), 2_000)
})

test('every metric has a name that Prometheus takes, with its unit, and says what it is', async t => {
  const world = await VirtualCoordinator.start()
  const metrics = new CoordinatorMetrics()
  metrics.watch(world.open)
  for (const { name, help, type } of await metrics.registry.getMetricsAsJSON()) {
    if (!name.startsWith('leasehold_')) continue
    t.regex(name, /^[a-z_]+$/)
    t.true(help.endsWith('.'), name)
    t.is(String(type) === 'counter', name.endsWith('_total'), name)
  }
})
