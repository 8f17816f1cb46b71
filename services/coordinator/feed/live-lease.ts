import type { LeaseImage, LeaseState, Selectable } from '../lease/lease.js'

/** A lease as the coordinator has it now, which may be ahead of the journal. */
export interface LiveLease extends Selectable {
  readonly id: number
  readonly state: LeaseState
  /** The revision of the last transition. */
  readonly changeRevision: number
  /** The revision of the last change, renewals included. */
  readonly revision: number
  /** Makes the image of the lease as it is now. */
  current(): LeaseImage
}
