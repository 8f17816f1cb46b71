import { Counter, Gauge, type Registry } from 'prom-client'
import type { Figures } from './monitor.js'

/** What a monitor tells Prometheus, beside what every agent does. Only the one that holds the lease knows the nodes. */
export class MonitorMetrics {
  readonly #blind: Counter

  /** @param figures those of the present term; undefined between terms. */
  constructor(registry: Registry, figures: () => Figures | undefined) {
    const registers = [registry]
    const gauge = (name: string, help: string, read: (figures: Figures) => number): void => {
      new Gauge({
        name: `leasehold_node_monitor_${name}`,
        help,
        registers,
        collect() {
          const present = figures()
          if (present === undefined) this.reset()
          else this.set(read(present))
        },
      })
    }
    new Gauge({
      name: 'leasehold_nodes',
      help: 'Nodes by what they are called; new: nothing yet',
      labelNames: ['status'],
      registers,
      collect() {
        this.reset()
        const present = figures()
        if (present === undefined) return
        this.set({ status: 'ready' }, present.ready)
        this.set({ status: 'unknown' }, present.unknown)
        this.set({ status: 'new' }, present.new)
      },
    })
    gauge('disruption', '1 while verdicts are held back, since most nodes are silent at once', ({ isDisrupted }) =>
      isDisrupted ? 1 : 0,
    )
    gauge('untold', 'Nodes whose new status is not in their label yet', ({ untold }) => untold)
    gauge('untold_events', 'Events that are not on NATS yet', ({ untoldEvents }) => untoldEvents)
    gauge(
      'bookmark_age_seconds',
      'Since the coordinator last said that everything was told',
      figure => figure.bookmarkAgeMs / 1e3,
    )
    this.#blind = new Counter({
      name: 'leasehold_node_monitor_blind_seconds_total',
      help: 'Time in which the monitor, while it held the lease, could not see the nodes for longer than a moment',
      registers,
    })
  }

  blind(blindMs: number): void {
    this.#blind.inc(blindMs / 1e3)
  }
}
