import type { Lease } from '../../client/index.js'

/** What a node is called. */
export type NodeStatus = 'Ready' | 'Unknown'

/** The label of a node's lease that has the status which was told last. */
export const statusLabel = 'leasehold.dev/node-status'

/** The lease that monitors hold by turns, unless they are told another. */
export const monitorLease = { namespace: 'kube-system', name: 'node-monitor' }

/** What the lease's label says; undefined for a node that no monitor has called anything yet. */
export function statusOf({ labels }: Pick<Lease, 'labels'>): NodeStatus | undefined {
  const status = labels[statusLabel]
  return status === 'Ready' || status === 'Unknown' ? status : undefined
}

/** A node is to be called something else than before. */
export interface StatusChange {
  readonly node: string
  readonly status: NodeStatus
  /** Absent for a node that had no status. */
  readonly previousStatus: NodeStatus | undefined
  /** How long the monitor had not heard of the node, before this. */
  readonly silentForMs: number
  /** The token of the node's lease as it was told last. */
  readonly fencingToken: number
}
