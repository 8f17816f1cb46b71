import type { Lease, LeaseChange } from '../../client/index.js'
import { statusOf } from './node-status.js'

/** What of a lease that was told in full is compared with the next time. */
export type Sight = Pick<Lease, 'renewTime' | 'fencingToken'>

/**
 * Whether a change of a node's lease tells that the node has acted.
 *
 * A lease that is told anew, since a watch begins or somebody changed its labels, does when its renew time or its token
 * is another than what was told last: the renewal itself may not be told besides. Another, not a later one, since a
 * renew time may come from a clock that was set back.
 *
 * @param last how the lease was told before.
 * @see Kubernetes issue 113081: a node whose clock was set back
 */
export function isHeartbeat({ type, lease }: LeaseChange, last: Sight): boolean {
  if (isAct(type)) return hasHolder(lease)
  if (type !== 'existing' && type !== 'updated') return false
  return lease.state === 'held' && (lease.renewTime !== last.renewTime || lease.fencingToken !== last.fencingToken)
}

/**
 * The same for a lease that was not told before: a held one does, unless a monitor has called its node Unknown. That one
 * is heard when it acts.
 */
export const isFirstHeartbeat = ({ type, lease }: LeaseChange): boolean =>
  isAct(type) ? hasHolder(lease) : lease.state === 'held' && statusOf(lease) !== 'Unknown'

/** What only a holder does. */
const isAct = (type: LeaseChange['type']): boolean =>
  type === 'created' || type === 'acquired' || type === 'transferred' || type === 'renewed'

const hasHolder = ({ holderIdentity = '' }: Lease): boolean => holderIdentity !== ''
