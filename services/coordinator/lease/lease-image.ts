import type { LeaseImage } from './lease.js'

/** The fields that every lease has. */
type ConstantField = 'id' | 'namespace' | 'name' | 'uid' | 'creationTimestamp' | 'state' | 'fencingToken' | 'revision'

/** The fields that most leases have besides, sooner or later. */
type UsualField =
  | 'holderIdentity'
  | 'leaseDurationMs'
  | 'acquireTime'
  | 'renewTime'
  | 'leaseTransitions'
  | 'instance'
  | 'freeSince'

/** Those of them that may be a bigint. */
type TimeField = 'acquireTime' | 'renewTime' | 'freeSince'

/** What few leases have: fields without a place in each node, and times that are not exact as numbers. */
export type RareFields = Omit<LeaseImage, ConstantField | UsualField> & { readonly [Field in TimeField]?: bigint }

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

/** What every image is made of; its rare fields come with it, or beside. */
type Source = Pick<LeaseFields, ConstantField | UsualField>

/**
 * The image of a lease: without the fields that are undefined, and in the same shape for all leases that have the same
 * fields. Images put together in other ways have shapes of their own, each larger than the image.
 */
export function imageOf(fields: LeaseFields): LeaseImage
export function imageOf(fields: Source, rare: RareFields): LeaseImage
export function imageOf(fields: Source, rare = fields as LeaseFields | RareFields): LeaseImage {
  const { id, namespace, name, uid, creationTimestamp, state, fencingToken, revision } = fields
  const { holderIdentity, leaseDurationMs, acquireTime, renewTime, leaseTransitions, instance, freeSince } = fields
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
  if (acquireTime !== undefined) image.acquireTime = acquireTime
  if (renewTime !== undefined) image.renewTime = renewTime
  if (leaseTransitions !== undefined) image.leaseTransitions = leaseTransitions
  if (instance !== undefined) image.instance = instance
  if (freeSince !== undefined) image.freeSince = freeSince
  if (rare !== noRareFields) addRareFields(image, rare)
  return image
}

/** The rare fields of a lease that are there; always the same object for none. */
export function rareFieldsOf(lease: LeaseImage): RareFields {
  const { acquireTime, renewTime, freeSince } = lease
  const rare: Mutable<RareFields> = {}
  addRareFields(rare, lease)
  if (typeof acquireTime === 'bigint') rare.acquireTime = acquireTime
  if (typeof renewTime === 'bigint') rare.renewTime = renewTime
  if (typeof freeSince === 'bigint') rare.freeSince = freeSince
  for (const _ in rare) return rare
  return noRareFields
}

/** Those that are no times. */
function addRareFields(to: Mutable<Omit<RareFields, TimeField>>, from: Loose<Omit<RareFields, TimeField>>): void {
  const { generateName, generation, deletionTimestamp, labels, annotations, ownerReferences, finalizers } = from
  const { managedFields, strategy, preferredHolder, takeoverDelayMs, isWritten } = from
  if (generateName !== undefined) to.generateName = generateName
  if (generation !== undefined) to.generation = generation
  if (deletionTimestamp !== undefined) to.deletionTimestamp = deletionTimestamp
  if (labels !== undefined) to.labels = labels
  if (annotations !== undefined) to.annotations = annotations
  if (ownerReferences !== undefined) to.ownerReferences = ownerReferences
  if (finalizers !== undefined) to.finalizers = finalizers
  if (managedFields !== undefined) to.managedFields = managedFields
  if (strategy !== undefined) to.strategy = strategy
  if (preferredHolder !== undefined) to.preferredHolder = preferredHolder
  if (takeoverDelayMs !== undefined) to.takeoverDelayMs = takeoverDelayMs
  if (isWritten !== undefined) to.isWritten = isWritten
}
