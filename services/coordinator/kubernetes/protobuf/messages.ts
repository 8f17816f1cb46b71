/**
 * The messages of Kubernetes that this face reads or writes: the numbers of their fields, and which of them Kubernetes
 * writes even when they are empty (its types have no pointer there).
 * @see Kubernetes, the generated.proto of coordination/v1, core/v1, authentication/v1, authorization/v1 and meta/v1
 */

export type FieldType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  /** RFC 3339 with whole seconds; a Timestamp. */
  | 'time'
  /** RFC 3339 with six digits; a Timestamp. */
  | 'microTime'
  /** Any JSON, in one field of a message. */
  | 'json'
  /** An object of texts. */
  | 'texts'
  | Message

export interface Field {
  readonly number: number
  readonly type: FieldType
  /** always: written also when empty, and left out of JSON when empty. given: there or not there. */
  readonly rule: 'always' | 'given' | 'list'
}

/** By the names of the fields in JSON. */
export interface Message {
  readonly [name: string]: Field
}

const always = (number: number, type: FieldType = 'string'): Field => ({ number, type, rule: 'always' })
const given = (number: number, type: FieldType = 'string'): Field => ({ number, type, rule: 'given' })
const list = (number: number, type: FieldType = 'string'): Field => ({ number, type, rule: 'list' })

const ownerReference: Message = {
  kind: always(1),
  name: always(3),
  uid: always(4),
  apiVersion: always(5),
  controller: given(6, 'bool'),
  blockOwnerDeletion: given(7, 'bool'),
}

const managedFieldsEntry: Message = {
  manager: always(1),
  operation: always(2),
  apiVersion: always(3),
  time: given(4, 'time'),
  fieldsType: always(6),
  fieldsV1: given(7, 'json'),
  subresource: always(8),
}

const objectMeta: Message = {
  name: always(1),
  generateName: always(2),
  namespace: always(3),
  selfLink: always(4),
  uid: always(5),
  resourceVersion: always(6),
  generation: always(7, 'int64'),
  creationTimestamp: always(8, 'time'),
  deletionTimestamp: given(9, 'time'),
  deletionGracePeriodSeconds: given(10, 'int64'),
  labels: given(11, 'texts'),
  annotations: given(12, 'texts'),
  ownerReferences: list(13, ownerReference),
  finalizers: list(14),
  managedFields: list(17, managedFieldsEntry),
}

const listMeta: Message = {
  selfLink: always(1),
  resourceVersion: always(2),
  continue: always(3),
  remainingItemCount: given(4, 'int64'),
}

const lease: Message = {
  metadata: always(1, objectMeta),
  spec: always(2, {
    holderIdentity: given(1),
    leaseDurationSeconds: given(2, 'int32'),
    acquireTime: given(3, 'microTime'),
    renewTime: given(4, 'microTime'),
    leaseTransitions: given(5, 'int32'),
    strategy: given(6),
    preferredHolder: given(7),
  }),
}

const namespace: Message = {
  metadata: always(1, objectMeta),
  spec: always(2, { finalizers: list(1) }),
  status: always(3, { phase: always(1) }),
}

const status: Message = {
  metadata: always(1, listMeta),
  status: always(2),
  message: always(3),
  reason: always(4),
  details: given(5, {
    name: always(1),
    group: always(2),
    kind: always(3),
    causes: list(4, { reason: always(1), message: always(2), field: always(3) }),
    retryAfterSeconds: always(5, 'int32'),
    uid: always(6),
  }),
  code: always(6, 'int32'),
}

const deleteOptions: Message = {
  gracePeriodSeconds: given(1, 'int64'),
  preconditions: given(2, { uid: given(1), resourceVersion: given(2) }),
  orphanDependents: given(3, 'bool'),
  propagationPolicy: given(4),
  dryRun: list(5),
}

const partialObject: Message = { metadata: always(1, objectMeta) }

const selfSubjectReview: Message = {
  metadata: always(1, objectMeta),
  status: always(2, { userInfo: always(1, { username: always(1), uid: always(2), groups: list(3) }) }),
}

const selfSubjectAccessReview: Message = {
  metadata: always(1, objectMeta),
  spec: always(2, {
    resourceAttributes: given(1, {
      namespace: always(1),
      verb: always(2),
      group: always(3),
      version: always(4),
      resource: always(5),
      subresource: always(6),
      name: always(7),
    }),
    nonResourceAttributes: given(2, { path: always(1), verb: always(2) }),
  }),
  status: always(3, {
    allowed: always(1, 'bool'),
    reason: always(2),
    evaluationError: always(3),
    denied: always(4, 'bool'),
  }),
}

const selfSubjectRulesReview: Message = {
  metadata: always(1, objectMeta),
  spec: always(2, { namespace: always(1) }),
  status: always(3, {
    resourceRules: list(1, { verbs: list(1), apiGroups: list(2), resources: list(3), resourceNames: list(4) }),
    nonResourceRules: list(2, { verbs: list(1), nonResourceURLs: list(2) }),
    incomplete: always(3, 'bool'),
    evaluationError: always(4),
  }),
}

const listOf = (item: Message): Message => ({ metadata: always(1, listMeta), items: list(2, item) })

const messages: ReadonlyMap<string, Message> = new Map([
  ['coordination.k8s.io/v1 Lease', lease],
  ['coordination.k8s.io/v1 LeaseList', listOf(lease)],
  ['v1 Status', status],
  ['v1 Namespace', namespace],
  ['v1 NamespaceList', listOf(namespace)],
  ['meta.k8s.io/v1 PartialObjectMetadata', partialObject],
  ['meta.k8s.io/v1 PartialObjectMetadataList', listOf(partialObject)],
  ['meta.k8s.io/v1beta1 PartialObjectMetadata', partialObject],
  ['meta.k8s.io/v1beta1 PartialObjectMetadataList', listOf(partialObject)],
  ['authentication.k8s.io/v1 SelfSubjectReview', selfSubjectReview],
  ['authorization.k8s.io/v1 SelfSubjectAccessReview', selfSubjectAccessReview],
  ['authorization.k8s.io/v1 SelfSubjectRulesReview', selfSubjectRulesReview],
])

/** The message of a kind. Options of a deletion are in every group. */
export const messageOf = (apiVersion: string, kind: string): Message | undefined =>
  kind === 'DeleteOptions' ? deleteOptions : messages.get(`${apiVersion} ${kind}`)

/** What is around every object: its kind, and its bytes. */
export const envelope = { typeMeta: 1, raw: 2, contentEncoding: 3, contentType: 4 } as const

/** In the envelope. */
export const typeMeta: Message = { apiVersion: always(1), kind: always(2) }
