import type { LeaseImage } from '../lease/lease.js'

/** A lease as the coordinator has it now, which may be ahead of the journal. */
export interface LiveLease {
  /** The lease as a change, or somebody who looked at it, left it: right but for what renewals move. */
  readonly image: LeaseImage
  /** The revision of the last change, renewals included. */
  readonly revision: number
  /** Makes the image of the lease as it is now. */
  current(): LeaseImage
}
