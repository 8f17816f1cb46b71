import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { BatchObserver } from './coordinator.js'
import { Distribution } from './distribution.js'
import type { TenancyObserver } from './lease/tenancies.js'
import type { OpenCoordinator } from './open-coordinator.js'

/** What the coordinator counts while it works; everything else is read when somebody asks. */
export class CoordinatorMetrics implements BatchObserver, TenancyObserver {
  readonly registry = new Registry()
  readonly #timeLeft = new Distribution(
    'leasehold_renewal_time_left_seconds',
    'How much of its time a lease had left when it was renewed; near 0, leases are about to be lost.',
    [0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 300, 3600],
  )
  readonly #lateness = new Distribution(
    'leasehold_expiry_lateness_seconds',
    'How long after its deadline a lease was expired.',
    [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
  )
  readonly #batchChanges = new Distribution(
    'leasehold_batch_changes',
    'How many changes of leases went into one entry of the journal.',
    [1, 2, 5, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000],
  )
  readonly #appendSeconds = new Distribution(
    'leasehold_journal_append_seconds',
    'How long an entry took to be durable.',
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
  )
  readonly #appendBytes = new Counter({
    name: 'leasehold_journal_append_bytes_total',
    help: 'Bytes of entries appended to the journal.',
    registers: [this.registry],
  })

  readonly #collected = new Counter({
    name: 'leasehold_leases_collected_total',
    help: 'Leases deleted by a rule, since nobody held them.',
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
    for (const distribution of [this.#timeLeft, this.#lateness, this.#batchChanges, this.#appendSeconds]) {
      this.register(distribution)
    }
    this.gauge(
      'leasehold_buffer_bytes',
      'Memory in buffers beside the heap: that of leases and of transitions that wait, too, which V8 does not count.',
      () => process.memoryUsage().arrayBuffers,
    )
  }

  renewed(timeLeftMs: number): void {
    this.#timeLeft.observe(timeLeftMs / 1e3)
  }

  expired(latenessMs: number): void {
    this.#lateness.observe(latenessMs / 1e3)
  }

  collected(): void {
    this.#collected.inc()
  }

  appended(changes: number, bytes: number, durationMs: number): void {
    this.#batchChanges.observe(changes)
    this.#appendSeconds.observe(durationMs / 1e3)
    this.#appendBytes.inc(bytes)
  }

  /** A figure that is read when somebody asks for it. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read())
      },
    })
  }

  /** A count that something else keeps. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  /** The figures of an open coordinator. */
  watch({ coordinator, table, core, sessions, feed, outbox, leaseClock }: OpenCoordinator): void {
    const leases = new Gauge({
      name: 'leasehold_leases',
      help: 'Leases by state.',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        for (const [state, count] of Object.entries(table.counts)) leases.set({ state }, count)
      },
    })
    this.gauge('leasehold_revision', 'The revision of the last change.', () => core.revision)
    this.gauge('leasehold_sessions', 'Open Hold streams.', () => sessions.open)
    this.gauge('leasehold_waiters', 'Places in the queues of held leases.', () => sessions.waiting)
    this.gauge('leasehold_queued_commands', 'Requests that wait for a batch.', () => coordinator.queued)
    this.gauge(
      'leasehold_cadence_stretch',
      'How much further apart than usual clients are told to renew, since requests wait: 1 is as usual, 2 half as often.',
      () => coordinator.cadenceStretch,
    )
    this.gauge('leasehold_watchers', 'Open watches.', () => feed.figures.watchers)
    this.gauge('leasehold_watch_backlog', 'How far the slowest watch is behind, in changes.', () => feed.figures.queued)
    this.gauge('leasehold_watch_window', 'Changes that a watch can resume over.', () => feed.figures.windowSize)
    this.counter('leasehold_watchers_cut_off_total', 'Watches ended for being slow.', () => feed.figures.cutOff)
    this.gauge('leasehold_outbox_events', 'Events that wait for NATS.', () => outbox.size)
    this.counter(
      'leasehold_event_loop_gaps_total',
      'Times the process stood still for over 100 ms.',
      () => leaseClock.gaps,
    )
    this.counter(
      'leasehold_lease_clock_skipped_seconds_total',
      'Time that did not count against leases since the process stood still.',
      () => leaseClock.skippedMs / 1e3,
    )
  }

  /** Takes in a metric that is not prom-client's own; the registry asks it for nothing but `name` and `get()`. */
  register(metric: Distribution): void {
    this.registry.registerMetric(metric as unknown as Gauge)
  }
}
