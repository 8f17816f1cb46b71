/** What every object has, and what requests and answers have around them. */
import { bool, int32, int64, listOf, refer, reference, type Schemas, text, texts, textsByKey } from './schema.js'

/** The beginning of these schemas' names. */
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export const objectMeta = `${meta}.ObjectMeta`
export const listMeta = `${meta}.ListMeta`
export const microTime = `${meta}.MicroTime`
export const patch = `${meta}.Patch`
export const status = `${meta}.Status`
export const deleteOptions = `${meta}.DeleteOptions`
const fieldsV1 = `${meta}.FieldsV1`
const managedFieldsEntry = `${meta}.ManagedFieldsEntry`
const ownerReference = `${meta}.OwnerReference`
const preconditions = `${meta}.Preconditions`
const statusCause = `${meta}.StatusCause`
const statusDetails = `${meta}.StatusDetails`
const time = `${meta}.Time`

export const metadataSchemas: Schemas = {
  [objectMeta]: {
    type: 'object',
    description: 'It is the same in every object.',
    properties: {
      annotations: textsByKey(
        'Notes of people and programs, which nothing is selected by. On a lease, leasehold.dev/takeover-delay may be ' +
          "set to a duration as in 30s: for so long nobody else gets the lease after its holder's time ran out. " +
          'leasehold.dev/state (held, expired, released, unheld) and leasehold.dev/fencing-token, which a guarded ' +
          'resource compares with the greatest it has seen, are shown and cannot be set.',
      ),
      creationTimestamp: reference(time, 'When the object was created. Set by the server.'),
      deletionGracePeriodSeconds: int64('Always 0 while a deletion waits for finalizers. Set by the server.'),
      deletionTimestamp: reference(
        time,
        'When the deletion of the object was asked for; it is there until its finalizers are gone. Set by the server.',
      ),
      finalizers: {
        ...texts(
          'Names of those who have work to do before the object may go; each takes its own off when it is done.',
        ),
        'x-kubernetes-list-type': 'set',
        'x-kubernetes-patch-strategy': 'merge',
      },
      generateName: text(
        'The beginning of a name, for a create without one: the server adds five characters that make it unique.',
      ),
      generation: int64('A number of the desired state. The server neither sets nor counts it for leases.'),
      labels: textsByKey('Keys and values that objects are selected by, as in -l app=billing.'),
      managedFields: {
        ...listOf(managedFieldsEntry, 'Who has set which fields, for server-side apply. Kept by the server.'),
        'x-kubernetes-list-type': 'atomic',
      },
      name: text('What the object is called. No other of its kind has this name in the namespace; it never changes.'),
      namespace: text('The namespace of the object, default where none is given; it never changes.'),
      ownerReferences: {
        ...listOf(
          ownerReference,
          'The objects that this one belongs to. They are kept; nothing here is deleted for them.',
        ),
        'x-kubernetes-list-map-keys': ['uid'],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-patch-merge-key': 'uid',
        'x-kubernetes-patch-strategy': 'merge',
      },
      resourceVersion: text(
        'Changes with every write, renewals included, and only grows. In a write: the version that the object must ' +
          'still have. Watches begin at one.',
      ),
      selfLink: text('Not used.'),
      uid: text('Tells the object from others that had its name before. Set by the server.'),
    },
  },
  [listMeta]: {
    type: 'object',
    description: 'What every list has.',
    properties: {
      continue: text('The parameter with which the next page is asked for; absent on the last one.'),
      remainingItemCount: int64('How many objects follow on later pages, where that is known.'),
      resourceVersion: text('The version of the whole: a watch that begins here misses nothing.'),
      selfLink: text('Not used.'),
    },
  },
  [ownerReference]: {
    type: 'object',
    description: 'An object that another one belongs to.',
    required: ['apiVersion', 'kind', 'name', 'uid'],
    properties: {
      apiVersion: text('The version of its API, as in apps/v1.'),
      blockOwnerDeletion: bool('Whether the owner should stay while this object is there.'),
      controller: bool('Whether the owner manages the object; at most one does.'),
      kind: text('What the owner is.'),
      name: text("The owner's name."),
      uid: text("The owner's uid."),
    },
    'x-kubernetes-map-type': 'atomic',
  },
  [managedFieldsEntry]: {
    type: 'object',
    description: 'The fields that one manager has set.',
    properties: {
      apiVersion: text('The version of the API in which the fields are named.'),
      fieldsType: text('The form of the fields: FieldsV1.'),
      fieldsV1: reference(fieldsV1, 'The fields.'),
      manager: text('Who set them.'),
      operation: text('How: Apply or Update.'),
      subresource: text('The subresource through which they were set; empty for the object itself.'),
      time: reference(time, 'When the manager last changed which fields are its own.'),
    },
  },
  [fieldsV1]: {
    type: 'object',
    description: 'A set of fields as a tree: f:NAME is a field, k:KEYS and v:VALUE an item of a list.',
  },
  [time]: { type: 'string', format: 'date-time', description: 'RFC 3339 with whole seconds, in UTC.' },
  [microTime]: {
    type: 'string',
    format: 'date-time',
    description: 'RFC 3339 with exactly six digits of a second, as in 2026-01-31T08:00:00.000000Z.',
  },
  [patch]: { type: 'object', description: 'A change to an object, in the form that Content-Type names.' },
  [deleteOptions]: {
    type: 'object',
    description: 'How an object is deleted.',
    properties: {
      apiVersion: text('v1, or nothing.'),
      dryRun: texts('All: answer as if, and delete nothing.'),
      gracePeriodSeconds: int64('Means nothing for leases: they go at once.'),
      kind: text('DeleteOptions, or nothing.'),
      orphanDependents: bool('Means nothing here.'),
      preconditions: reference(preconditions, 'What the object must be, else nothing is deleted.'),
      propagationPolicy: text('Means nothing here: what belongs to the object is not deleted with it.'),
    },
  },
  [preconditions]: {
    type: 'object',
    description: 'What an object must be.',
    properties: {
      resourceVersion: text('The version that it must have.'),
      uid: text('The uid that it must have.'),
    },
  },
  [status]: {
    type: 'object',
    description: 'What became of a request that has no object for an answer.',
    properties: {
      apiVersion: text('v1.'),
      code: int32('The status code of HTTP.'),
      details: reference(statusDetails, 'What it is about.'),
      kind: text('Status.'),
      message: text('What happened, for people.'),
      metadata: { allOf: [refer(listMeta)], description: 'Of a list that has expired, the token to go on with.' },
      reason: text('What went wrong, for programs, as in NotFound.'),
      status: text('Success or Failure.'),
    },
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Status' }],
  },
  [statusDetails]: {
    type: 'object',
    description: 'What a Status is about.',
    properties: {
      causes: listOf(statusCause, 'Each thing that is wrong.'),
      group: text('The group of the object.'),
      kind: text('The resource; for fields at fault, the kind.'),
      name: text('The name of the object.'),
      retryAfterSeconds: int32('After how many seconds another try may do.'),
      uid: text('The uid of the object.'),
    },
  },
  [statusCause]: {
    type: 'object',
    description: 'One thing that is wrong.',
    properties: {
      field: text('The field at fault, as in spec.leaseDurationSeconds.'),
      message: text('What is wrong with it, for people.'),
      reason: text('The same for programs, as in FieldValueInvalid.'),
    },
  },
}
