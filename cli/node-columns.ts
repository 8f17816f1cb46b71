import { statusLabel } from '../agents/node-monitor/node-status.js'
import type { Lease } from '../client/lease.js'
import {
  ageColumn,
  around,
  type Column,
  type ColumnOptions,
  holderColumn,
  nameColumn,
  since,
  tokenColumn,
} from './lease-columns.js'

/** NAME, STATUS, HOLDER, LAST-HEARTBEAT and AGE: nodes by their leases. */
export const nodeColumns = (options: ColumnOptions): Column[] =>
  around(
    options,
    [
      nameColumn,
      { title: 'STATUS', cell: nodeStatus },
      holderColumn,
      { title: 'LAST-HEARTBEAT', cell: ({ renewTime }, wallMicros) => since(renewTime, wallMicros) },
      ageColumn,
    ],
    [{ title: 'LEASE', cell: ({ state }) => state }, tokenColumn],
  )

/** What the node-monitor said; of a node that it never saw, whether the lease is held. */
const nodeStatus = ({ labels, state }: Lease): string => labels[statusLabel] ?? (state === 'held' ? 'Ready' : 'Unknown')
