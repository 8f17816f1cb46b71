import type { LeaseImage } from './lease.js'

/** The fields that every lease has. */
type ConstantField = 'id' | 'namespace' | 'name' | 'uid' | 'creationTimestamp' | 'state' | 'fencingToken' | 'revision'

/** The fields that most leases have besides. */
type UsualField = 'holderIdentity' | 'leaseDurationMs' | 'renewTime' | 'instance'

/** What few leases have, or what is asked for too seldom to have a place in each node. */
export type RareFields = Omit<LeaseImage, ConstantField | UsualField>

/** Fields of which any may be undefined instead of absent. */
type Loose<Fields> = { [Field in keyof Fields]: Fields[Field] | undefined }

/** Every field of a lease, undefined where it has none. */
export type LeaseFields = Pick<LeaseImage, ConstantField> & Required<Loose<Omit<LeaseImage, ConstantField>>>

type Mutable<Fields> = { -readonly [Field in keyof Fields]: Fields[Field] }

export const noRareFields: RareFields = {}

// Fields are written out in this file: a loop over their names, and a spread of images of many shapes, take ten times as
// long, and this is most of what an acquire or an expiry does.

/** The fields of an image, to be changed and made an image again: in one shape, whatever the lease has. */
export const fieldsOf = (lease: LeaseImage): LeaseFields => ({
  id: lease.id,
  namespace: lease.namespace,
  name: lease.name,
  uid: lease.uid,
  creationTimestamp: lease.creationTimestamp,
  state: lease.state,
  fencingToken: lease.fencingToken,
  revision: lease.revision,
  holderIdentity: lease.holderIdentity,
  leaseDurationMs: lease.leaseDurationMs,
  renewTime: lease.renewTime,
  instance: lease.instance,
  generateName: lease.generateName,
  generation: lease.generation,
  deletionTimestamp: lease.deletionTimestamp,
  labels: lease.labels,
  annotations: lease.annotations,
  ownerReferences: lease.ownerReferences,
  finalizers: lease.finalizers,
  managedFields: lease.managedFields,
  acquireTime: lease.acquireTime,
  leaseTransitions: lease.leaseTransitions,
  strategy: lease.strategy,
  preferredHolder: lease.preferredHolder,
  takeoverDelayMs: lease.takeoverDelayMs,
  isWritten: lease.isWritten,
  freeSince: lease.freeSince,
})

/** What an image is made of that has no other home: the fields, or a node with its rare ones beside. */
type Source = Pick<LeaseFields, ConstantField | UsualField>

/**
 * The image of a lease: without the fields that are undefined, and in the same shape for all leases that have the same
 * fields. Images put together in other ways have shapes of their own, each larger than the image.
 */
export function imageOf(fields: LeaseFields): LeaseImage
export function imageOf(fields: Source, rare: RareFields): LeaseImage
export function imageOf(fields: Source, rare = fields as LeaseFields | RareFields): LeaseImage {
  const { id, namespace, name, uid, creationTimestamp, state, fencingToken, revision } = fields
  const { holderIdentity, leaseDurationMs, renewTime, instance } = fields
  const image: Mutable<LeaseImage> = {
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
  if (rare !== noRareFields) addRareFields(image, rare)
  return image
}

/** The rare fields of a lease that are there; always the same object for none. */
export function rareFieldsOf(lease: LeaseImage): RareFields {
  const rare: Mutable<RareFields> = {}
  return addRareFields(rare, lease) ? rare : noRareFields
}

/** Whether there were any. */
function addRareFields(to: Mutable<RareFields>, from: RareFields | LeaseFields): boolean {
  const { generateName, generation, deletionTimestamp, labels, annotations, ownerReferences, finalizers } = from
  const { managedFields, acquireTime, leaseTransitions, strategy, preferredHolder, takeoverDelayMs } = from
  const { isWritten, freeSince } = from
  if (generateName !== undefined) to.generateName = generateName
  if (generation !== undefined) to.generation = generation
  if (deletionTimestamp !== undefined) to.deletionTimestamp = deletionTimestamp
  if (labels !== undefined) to.labels = labels
  if (annotations !== undefined) to.annotations = annotations
  if (ownerReferences !== undefined) to.ownerReferences = ownerReferences
  if (finalizers !== undefined) to.finalizers = finalizers
  if (managedFields !== undefined) to.managedFields = managedFields
  if (acquireTime !== undefined) to.acquireTime = acquireTime
  if (leaseTransitions !== undefined) to.leaseTransitions = leaseTransitions
  if (strategy !== undefined) to.strategy = strategy
  if (preferredHolder !== undefined) to.preferredHolder = preferredHolder
  if (takeoverDelayMs !== undefined) to.takeoverDelayMs = takeoverDelayMs
  if (isWritten !== undefined) to.isWritten = isWritten
  if (freeSince !== undefined) to.freeSince = freeSince
  for (const _ in to) return true
  return false
}
