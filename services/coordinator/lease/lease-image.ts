import type { LeaseImage } from './lease.js'

/** The fields that every lease has. */
type ConstantField = 'id' | 'namespace' | 'name' | 'uid' | 'creationTimestamp' | 'state' | 'fencingToken' | 'revision'

/** The fields that most leases have besides. */
type UsualField = 'holderIdentity' | 'leaseDurationMs' | 'renewTime' | 'instance'

/** What few leases have, or what is asked for too seldom to have a place in each node. */
export type RareFields = Omit<LeaseImage, ConstantField | UsualField>

/** Fields of which any may be undefined instead of absent. */
type Loose<Fields> = { readonly [Field in keyof Fields]?: Fields[Field] | undefined }

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

export const noRareFields: RareFields = {}

/**
 * The image of a lease: without the fields that are undefined, and in the same shape for all leases that have the same
 * fields. Images put together in other ways have shapes of their own, each larger than the image.
 */
export function imageOf(
  lease: Pick<LeaseImage, ConstantField> & Loose<Omit<LeaseImage, ConstantField>>,
  rare: Loose<RareFields> = lease,
): LeaseImage {
  const { id, namespace, name, uid, creationTimestamp, state, fencingToken, revision } = lease
  const { holderIdentity, leaseDurationMs, renewTime, instance } = lease
  const image: { -readonly [Field in keyof LeaseImage]: LeaseImage[Field] } = {
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
  return rare === noRareFields ? image : Object.assign(image, rareFieldsOf(rare))
}

/** The rare fields of a lease that are there; always the same object for none. */
export function rareFieldsOf(lease: Loose<RareFields>): RareFields {
  let rare: Record<string, unknown> | undefined
  for (const field of rareFields) {
    if (lease[field] === undefined) continue
    rare ??= {}
    rare[field] = lease[field]
  }
  return rare ?? noRareFields
}
