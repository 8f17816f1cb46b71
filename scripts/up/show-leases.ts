import { isLeaseChange, type Lease, type LeaseholdClient } from '../../client/index.js'
import type { Clock, Timer } from '../../clock/clock.js'
import type { Screen } from './screen.js'

/** Changes that come together make one table. */
const gatherMs = 1_000

/** Prints the table of all leases whenever something in it has changed but ages, until the signal. */
export async function showLeases(
  client: LeaseholdClient,
  { screen, clock, signal }: { screen: Screen; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const leases = new Map<string, Lease>()
  let timer: Timer | undefined
  const print = () => {
    timer = undefined
    screen.leases([...leases].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lease]) => lease))
  }
  for await (const event of client.watch({ signal })) {
    if (event.type === 'restarted') leases.clear()
    if (!isLeaseChange(event)) continue
    const key = `${event.lease.namespace}/${event.lease.name}`
    if (event.type === 'deleted') leases.delete(key)
    else leases.set(key, event.lease)
    // An update, as of a node's status, changes what the table does not show.
    if (event.type !== 'updated') timer ??= clock.setTimer(gatherMs, print)
  }
  timer?.cancel()
}
