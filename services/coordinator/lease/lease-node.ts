import type { Scheduled } from './deadlines.js'
import type { LeaseImage, LeaseState, MicroTime } from './lease.js'
import type { Session } from './session.js'
import type { SharedStrings } from './shared-strings.js'

/** What few leases have, or what is asked for too seldom to have a place in each node. */
export type RareFields = Omit<LeaseImage, UsualField>

type UsualField =
  | 'id'
  | 'namespace'
  | 'name'
  | 'uid'
  | 'creationTimestamp'
  | 'state'
  | 'fencingToken'
  | 'revision'
  | 'holderIdentity'
  | 'leaseDurationMs'
  | 'renewTime'
  | 'instance'

const rareFieldSet: Record<keyof RareFields, true> = {
  generateName: true,
  generation: true,
  deletionTimestamp: true,
  labels: true,
  annotations: true,
  ownerReferences: true,
  finalizers: true,
  managedFields: true,
  acquireTime: true,
  leaseTransitions: true,
  strategy: true,
  preferredHolder: true,
  takeoverDelayMs: true,
  isWritten: true,
  freeSince: true,
}

// Its keys are what its type says.
const rareFields = Object.keys(rareFieldSet) as (keyof RareFields)[]

const noRareFields: RareFields = {}

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

  constructor(image: LeaseImage, strings: SharedStrings) {
    this.id = image.id
    this.namespace = strings.shared(image.namespace)
    this.name = image.name
    this.uid = image.uid
    this.creationTimestamp = image.creationTimestamp
    this.change(image, strings)
  }

  get labels(): LeaseImage['labels'] {
    return this.rare.labels
  }

  /** What a transition has made of the lease. */
  change(image: LeaseImage, strings: SharedStrings): void {
    const { holderIdentity, instance } = image
    this.state = image.state
    this.fencingToken = image.fencingToken
    this.holderIdentity = holderIdentity === this.name ? this.name : holderIdentity && strings.shared(holderIdentity)
    this.leaseDurationMs = image.leaseDurationMs
    this.instance = instance && strings.shared(instance)
    this.rare = rareFieldsOf(image)
    this.changeRevision = image.revision
    this.renewTime = image.renewTime
    this.revision = image.revision
  }

  /** Makes the image of the lease as it is now. */
  current(): LeaseImage {
    const { id, namespace, name, uid, creationTimestamp, state, fencingToken, revision } = this
    const { holderIdentity, leaseDurationMs, renewTime, instance, rare } = this
    const image: { -readonly [field in keyof LeaseImage]: LeaseImage[field] } = {
      id,
      namespace,
      name,
      uid,
      creationTimestamp,
      state,
      fencingToken,
      revision,
    }
    if (holderIdentity !== undefined) image.holderIdentity = holderIdentity
    if (leaseDurationMs !== undefined) image.leaseDurationMs = leaseDurationMs
    if (renewTime !== undefined) image.renewTime = renewTime
    if (instance !== undefined) image.instance = instance
    return rare === noRareFields ? image : Object.assign(image, rare)
  }
}

function rareFieldsOf(image: LeaseImage): RareFields {
  let rare: Record<string, unknown> | undefined
  for (const field of rareFields) {
    if (image[field] === undefined) continue
    rare ??= {}
    rare[field] = image[field]
  }
  return rare ?? noRareFields
}
