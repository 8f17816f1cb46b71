import type { LeaseEvent } from '../../cli/events/lease-event.js'
import type { NodeEvent, NodeStatusEvent } from '../../cli/events/node-event.js'
import type { Lease, LeaseholdClient } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import type { Child } from '../fleet/child.js'
import type { Fleet } from '../fleet/fleet.js'
import type { Place } from '../fleet/place.js'
import type { GuardedFile } from './guarded-file.js'
import type { Guide } from './guide.js'
import type { History } from './history.js'
import { runLeasectl } from './leasectl.js'

/** What the steps of the tour share. */
export interface Tour {
  readonly place: Place
  readonly fleet: Fleet
  readonly guide: Guide
  readonly client: LeaseholdClient
  /** What the coordinator tells a watch. */
  readonly history: History
  /** What NATS delivers of leases and nodes, in order. */
  readonly events: (LeaseEvent | NodeEvent)[]
  /** What the leaders write to. */
  readonly report: GuardedFile
  /** The processes by their names, each as it was started last. */
  readonly processes: Map<string, Child>
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
}

export const leaderLease = 'kube-system/kube-scheduler'

/** Shows what a leasectl command prints. */
export async function showLeasectl(tour: Tour, ...args: string[]): Promise<void> {
  tour.guide.show(['leasectl', ...args.map(quoted)].join(' '), await runLeasectl(args, tour))
}

/** As people type it into a shell. */
const quoted = (arg: string): string => (/^[-\w./=,:]+$/.test(arg) ? arg : `'${arg}'`)

/** Every lease, by NAMESPACE/NAME. */
export async function leases({ client, signal }: Tour): Promise<Map<string, Lease>> {
  const all = new Map<string, Lease>()
  for await (const page of client.list({}, { timeoutMs: 5_000, signal })) {
    for (const lease of page.leases) all.set(`${lease.namespace}/${lease.name}`, lease)
  }
  return all
}

/** What NATS has delivered of the nodes' statuses, in order. */
export const nodeStatuses = ({ events }: Tour): NodeStatusEvent[] => events.filter(event => event.kind === 'node')

/** Ends a process with SIGKILL, as kill -9 and the kernel's out-of-memory killer do. */
export async function killNow({ processes }: Tour, name: string): Promise<void> {
  const child = processes.get(name)
  child?.kill()
  await child?.ended
}

/** Asks a process to end, and waits until it has. */
export async function stopInOrder({ processes }: Tour, name: string): Promise<void> {
  await processes.get(name)?.stop(10_000)
}
