import type { Scheduled } from './deadlines.js'
import type { LeaseImage, LeaseState, MicroTime } from './lease.js'
import { imageOf, noRareFields, rareFieldsOf } from './lease-image.js'
import type { Session } from './session.js'
import type { SharedValues } from './shared-values.js'

/**
 * A lease as the coordinator has it: what the journal says of it, and what is volatile (deadline, session). There may be
 * a million of them, so it is one object without an image; an image is made where one is asked for.
 */
export class LeaseNode implements Scheduled {
  readonly id: number
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly creationTimestamp: number
  state: LeaseState = 'unheld'
  fencingToken = 0
  holderIdentity: string | undefined
  leaseDurationMs: number | undefined
  instance: string | undefined
  rare = noRareFields
  /** The revision of the last transition. */
  changeRevision = 0
  /** With `revision` all that a renewal moves of what the journal says. */
  renewTime: MicroTime | undefined
  revision = 0

  deadline = Number.POSITIVE_INFINITY
  heapIndex = -1
  /** False for a grant that was pushed to a waiter, until its first renewal. */
  isConfirmed = true
  /** The session that holds, and its handle there. */
  session: Session | undefined
  handle = 0

  constructor(image: LeaseImage, values: SharedValues) {
    this.id = image.id
    this.namespace = values.shared(image.namespace)
    this.name = image.name
    this.uid = image.uid
    this.creationTimestamp = image.creationTimestamp
    this.change(image, values)
  }

  get labels(): LeaseImage['labels'] {
    return this.rare.labels
  }

  /** What a transition has made of the lease. */
  change(image: LeaseImage, values: SharedValues): void {
    const { holderIdentity, instance, leaseDurationMs } = image
    this.state = image.state
    this.fencingToken = image.fencingToken
    this.holderIdentity = holderIdentity === this.name ? this.name : holderIdentity && values.shared(holderIdentity)
    this.leaseDurationMs = leaseDurationMs && values.shared(leaseDurationMs)
    this.instance = instance && values.shared(instance)
    this.rare = rareFieldsOf(image)
    this.changeRevision = image.revision
    this.renewTime = image.renewTime
    this.revision = image.revision
  }

  /** Makes the image of the lease as it is now. */
  current(): LeaseImage {
    return imageOf(this, this.rare)
  }
}
