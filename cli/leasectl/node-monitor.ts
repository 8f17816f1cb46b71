import { monitorLease } from '../../agents/node-monitor/node-status.js'
import type { LeaseholdClient } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import type { Surroundings } from '../surroundings.js'
import { callBound } from './connection.js'

/** Says that the statuses of nodes may be old when there is nobody to change them. */
export async function warnWithoutMonitor(client: LeaseholdClient, { err, signal }: Surroundings): Promise<void> {
  const lease = await client.get(monitorLease, { ...callBound, signal }).catch((error: unknown) => {
    if (error instanceof TransportError && error.reason === 'LEASE_NOT_FOUND') return undefined
    throw error
  })
  if (lease?.state === 'held') return
  err('leasectl: no node-monitor leads: STATUS is what it last said, or else whether the lease is held\n')
}
