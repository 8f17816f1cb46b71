/** A lease as the JSON that Kubernetes clients send and get. */
import { isDeepStrictEqual } from 'node:util'
import { formatDuration, parseDuration } from '../../../clock/duration.js'
import { fencingTokenAnnotation, stateAnnotation, takeoverDelayAnnotation } from '../../../protos/annotations.js'
import type { WrittenLease } from '../lease/commands.js'
import type { FieldViolation } from '../lease/errors.js'
import { invalid, quoted } from '../lease/field-errors.js'
import { kubernetesLease, kubernetesMetadata } from '../lease/kubernetes-shape.js'
import type { LeaseImage, ManagedFieldsEntry, OwnerReference } from '../lease/lease.js'
import {
  anything,
  bool,
  DecodeError,
  Decoding,
  int32,
  int64,
  isObject,
  type JsonObject,
  list,
  struct,
  text,
  textOf,
  texts,
  time,
} from './decoding.js'
import { badRequest, type StatusError } from './status.js'
import { parseMicroTime, parseTime } from './times.js'
import type { FieldValidation } from './write-options.js'

export type { JsonObject } from './decoding.js'

/** The lease as it is served, with what Kubernetes has no field for in annotations. */
export const leaseObject = (image: LeaseImage): JsonObject => ({ ...kubernetesLease(image, servedAnnotations(image)) })

/** Its metadata alone, as a partial object or a row of a table has it. */
export const leaseMetadata = (image: LeaseImage): JsonObject => kubernetesMetadata(image, servedAnnotations(image))

const servedAnnotations = ({ annotations, state, fencingToken, takeoverDelayMs }: LeaseImage) => ({
  ...annotations,
  [stateAnnotation]: state,
  ...(fencingToken > 0 && { [fencingTokenAnnotation]: String(fencingToken) }),
  ...(takeoverDelayMs !== undefined && { [takeoverDelayAnnotation]: formatDuration(takeoverDelayMs) }),
})

/** What a client says about a lease beside what may be written. What is empty is absent. */
export interface ReadMetadata {
  readonly name?: string
  readonly namespace?: string
  readonly generateName?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
}

/** A lease as a client sent it. */
export interface ReadLease {
  readonly metadata: ReadMetadata
  readonly lease: WrittenLease
  /** The client wants nothing to be remembered about who set which field: `managedFields: []` or `[{}]`. */
  readonly resetsManagedFields: boolean
  /** For people, as headers of the answer. */
  readonly warnings: readonly string[]
  /** What of our own in it is at fault; part of what validateLeaseWrite says. */
  readonly violations: readonly FieldViolation[]
}

/**
 * Reads a lease as an API server's decoder does. Our read-only annotations are taken off, the takeover delay is taken as
 * the field that it is.
 *
 * @param validation what becomes of fields that a Lease does not have, and of those that are there twice.
 * @param duplicates what the text of the body had twice, in words; an object cannot tell any more.
 * @throws StatusError 400
 */
export function readLease(object: unknown, validation: FieldValidation, duplicates: readonly string[] = []): ReadLease {
  const { value, unknownFields } = decoded(object)
  const faults = [...duplicates, ...unknownFields.map(path => `unknown field ${quoted(path)}`)].slice(0, maxFaults)
  if (validation === 'Strict' && faults.length > 0) throw cannotBeHandled(`strict decoding error: ${faults.join(', ')}`)
  const { metadata = {}, spec = {} } = value
  const { owners, repeated } = withoutRepetition(metadata.ownerReferences?.map(ownerReference) ?? [])
  const { takeoverDelayMs, violations } = takeoverDelay(metadata.annotations?.[takeoverDelayAnnotation])
  const { leaseDurationSeconds } = spec
  const { managedFields } = metadata
  const resetsManagedFields = managedFields !== undefined && isReset(managedFields)
  return {
    metadata: {
      ...filled('name', metadata.name),
      ...filled('namespace', metadata.namespace),
      ...filled('generateName', metadata.generateName),
      ...filled('uid', metadata.uid),
      ...filled('resourceVersion', metadata.resourceVersion),
      ...(metadata.generation !== undefined && { generation: metadata.generation }),
    },
    lease: {
      ...filled('labels', metadata.labels),
      ...filled('annotations', clientsOwn(metadata.annotations)),
      ...filled('ownerReferences', owners),
      ...filled('finalizers', metadata.finalizers),
      ...filled('managedFields', resetsManagedFields ? [] : managedFields?.map(managedFieldsEntry)),
      ...present('holderIdentity', spec.holderIdentity),
      ...(leaseDurationSeconds !== undefined && { leaseDurationMs: leaseDurationSeconds * 1e3 }),
      ...present('acquireTime', spec.acquireTime),
      ...present('renewTime', spec.renewTime),
      ...present('leaseTransitions', spec.leaseTransitions),
      ...present('strategy', spec.strategy),
      ...present('preferredHolder', spec.preferredHolder),
      ...present('takeoverDelayMs', takeoverDelayMs),
    },
    resetsManagedFields,
    warnings: [...(validation === 'Warn' ? faults : []), ...repeatedWarning(repeated)],
    violations,
  }
}

/**
 * Reads the record of who set which field, as it is in a JSON object.
 * @throws StatusError 400
 */
export function readManagedFields(entries: unknown): readonly ManagedFieldsEntry[] {
  return readLease({ metadata: { managedFields: entries } }, 'Ignore').lease.managedFields ?? []
}

/** Refuses a body that cannot be read as a Lease. */
const cannotBeHandled = (why: string, version = 'v1', kind = 'Lease'): StatusError =>
  badRequest(`${kind} in version ${quoted(version)} cannot be handled as a Lease: ${why}`)

/** More are not told. */
const maxFaults = 100

const ownerReferenceReader = struct('OwnerReference', {
  apiVersion: text,
  kind: text,
  name: text,
  uid: textOf('types.UID'),
  controller: bool,
  blockOwnerDeletion: bool,
})

const managedFieldsReader = struct('ManagedFieldsEntry', {
  manager: text,
  operation: textOf('v1.ManagedFieldsOperationType'),
  apiVersion: text,
  time: time(parseTime),
  fieldsType: text,
  fieldsV1: anything,
  subresource: text,
})

const leaseReader = struct('Lease', {
  kind: text,
  apiVersion: text,
  metadata: struct('ObjectMeta', {
    name: text,
    generateName: text,
    namespace: text,
    selfLink: text,
    uid: textOf('types.UID'),
    resourceVersion: text,
    generation: int64,
    creationTimestamp: time(parseTime),
    deletionTimestamp: time(parseTime),
    deletionGracePeriodSeconds: int64,
    labels: texts,
    annotations: texts,
    ownerReferences: list(ownerReferenceReader, 'v1.OwnerReference', {}),
    finalizers: list(text, 'string', ''),
    managedFields: list(managedFieldsReader, 'v1.ManagedFieldsEntry', {}),
  }),
  spec: struct('LeaseSpec', {
    holderIdentity: text,
    leaseDurationSeconds: int32,
    acquireTime: time(parseMicroTime),
    renewTime: time(parseMicroTime),
    leaseTransitions: int32,
    strategy: textOf('v1.CoordinatedLeaseStrategy'),
    preferredHolder: text,
  }),
})

type Read<R> = R extends (...args: never[]) => infer T | undefined ? NonNullable<T> : never
type ReadOwner = Read<typeof ownerReferenceReader>
type ReadEntry = Read<typeof managedFieldsReader>

function decoded(object: unknown): { value: Read<typeof leaseReader>; unknownFields: readonly string[] } {
  if (!isObject(object)) throw badRequest('the object provided is unrecognized (must be of type Lease)')
  checkKind(object)
  try {
    const { value = {}, unknownFields } = Decoding.read(object, leaseReader)
    return { value, unknownFields }
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(error.message)
    throw error
  }
}

/** An object may leave out what it is, since the path says it; it may not say otherwise. */
function checkKind({ apiVersion, kind }: JsonObject): void {
  for (const [field, value] of Object.entries({ kind, apiVersion })) {
    if (typeof value === 'string' || value === undefined || value === null) continue
    const type = `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go struct field .${field} of type string`
    const message = 'the object provided is unrecognized (must be of type Lease): '
    throw badRequest(`${message}couldn't get version/kind; json parse error: ${type}`)
  }
  const [wantedVersion, wantedKind] = ['coordination.k8s.io/v1', 'Lease']
  const [version, name] = [String(apiVersion || wantedVersion), String(kind || wantedKind)]
  if (version === wantedVersion && name === wantedKind) return
  throw cannotBeHandled(
    `no kind ${quoted(name)} is registered for version ${quoted(version)}`,
    version.replace(/^.*\//, ''),
    name,
  )
}

const ownerReference = (owner: ReadOwner): OwnerReference => ({
  apiVersion: '',
  kind: '',
  name: '',
  uid: '',
  ...owner,
})

const managedFieldsEntry = ({ fieldsV1 = {}, ...entry }: ReadEntry): ManagedFieldsEntry => ({
  manager: '',
  operation: '',
  apiVersion: '',
  fieldsType: '',
  ...entry,
  fieldsV1: JSON.stringify(fieldsV1),
})

const isReset = (entries: readonly ReadEntry[]): boolean =>
  entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)

/** Annotations without ours. */
const clientsOwn = (annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !ours.has(key)))

const ours: ReadonlySet<string> = new Set([stateAnnotation, fencingTokenAnnotation, takeoverDelayAnnotation])

/** '' and 0 are none. */
function takeoverDelay(duration = ''): { takeoverDelayMs?: number; violations: readonly FieldViolation[] } {
  try {
    const takeoverDelayMs = duration === '' ? 0 : parseDuration(duration)
    return { ...(takeoverDelayMs > 0 && { takeoverDelayMs }), violations: [] }
  } catch {
    const detail = `${takeoverDelayAnnotation} must be a duration, as in 15s, 1m30s or 500ms`
    return { violations: [invalid('metadata.annotations', duration, detail)] }
  }
}

/** The same owner twice is one owner. */
function withoutRepetition(all: readonly OwnerReference[]): {
  owners: readonly OwnerReference[]
  repeated: readonly string[]
} {
  const owners: OwnerReference[] = []
  const repeated = new Set<string>()
  for (const owner of all.slice(0, maxCompared)) {
    if (owners.some(other => isDeepStrictEqual(other, owner))) repeated.add(owner.uid)
    else owners.push(owner)
  }
  return { owners: [...owners, ...all.slice(maxCompared)], repeated: [...repeated] }
}

/** Each owner is compared with all before it. A list as long is refused by its length. */
const maxCompared = 256

function repeatedWarning(uids: readonly string[]): readonly string[] {
  if (uids.length === 0) return []
  const what = '.metadata.ownerReferences contains duplicate entries; each was taken once'
  return [`${what}; duplicate UID(s) observed: ${uids.join(', ')}`]
}

/** The value under its key where there is one. */
const present = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } =>
  // A computed key widens to string; K is the only one there is.
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: V }

/** The same, of a text, a list or a map with something in it. */
const filled = <K extends string, V extends string | object>(key: K, value: V | undefined): { [key in K]?: V } =>
  present(key, value === undefined || Object.keys(value).length === 0 ? undefined : value)
