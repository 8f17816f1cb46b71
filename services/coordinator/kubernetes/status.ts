/**
 * How a refusal looks to a client of Kubernetes: a Status, whose `reason` and `code` programs go by. The texts are those
 * of a Kubernetes API server, for the clients and scripts that match on them.
 * @see Kubernetes apimachinery, pkg/api/errors
 */
import { type FieldViolation, LeaseError, type LeaseErrorCode } from '../lease/errors.js'
import { quoted } from '../lease/field-errors.js'

/** One of several things that are wrong, or one field. */
export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  /** The plural resource; the kind where the fields of an object are at fault. */
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** What is said about a request instead of an object. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  /** Mostly empty; of an expired list it has the token with which to go on. */
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string }
  readonly status: 'Failure' | 'Success'
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code?: number
}

/** A refusal: the answer is its Status, under its code. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status
  /** The status code of HTTP. */
  readonly code: number
  /** The header Retry-After; a client of Go that sees it tries again by itself. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: Status, retryAfterSeconds?: number) {
    super(status.message)
    this.status = status
    this.code = status.code ?? 500
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** What an object is called in a Status. */
export interface ResourceName {
  /** '' for the core group. */
  readonly group: string
  /** The plural. */
  readonly resource: string
  readonly kind: string
}

export const leaseResource: ResourceName = { group: 'coordination.k8s.io', resource: 'leases', kind: 'Lease' }
export const namespaceResource: ResourceName = { group: '', resource: 'namespaces', kind: 'Namespace' }

/** The Status of a deletion that is done. */
export function deleted(name: string, uid: string, resource = leaseResource): Status {
  const details = { ...detailsOf(resource, name), uid }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

/** A request that cannot be read, or that contradicts itself. */
export const badRequest = (message: string): StatusError => failure(400, 'BadRequest', message)

/** A request that nobody may make here, as `forbidden: <why>` says; without a name it is about the collection. */
export function forbiddenRequest(name: string, why: string, resource = leaseResource): StatusError {
  const subject = name === '' ? qualified(resource) : `${qualified(resource)} ${quoted(name)}`
  return failure(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(resource, name))
}

/** An object that is not there. */
export function notFound(name: string, resource = leaseResource): StatusError {
  return failure(404, 'NotFound', `${qualified(resource)} ${quoted(name)} not found`, detailsOf(resource, name))
}

/** A path that is not there. */
export const noSuchPath = (): StatusError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {})

/** A method that the path does not have. */
export const methodNotAllowed = (): StatusError =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** Nothing that the client would read can be answered. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
}

/** A create of what is there already. */
export function alreadyExists(name: string, resource = leaseResource): StatusError {
  const message = `${qualified(resource)} ${quoted(name)} already exists`
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name))
}

/** A write to an object that is otherwise than the client believes; clients of Kubernetes read it again. */
export function conflict(name: string, why: string, resource = leaseResource): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} ${quoted(name)}: ${why}`
  return failure(409, 'Conflict', message, detailsOf(resource, name))
}

/** A write with a resourceVersion that is no longer the object's. */
export const staleVersion = (name: string, resource = leaseResource): StatusError =>
  conflict(
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
    resource,
  )

/** Fields that another manager has set, one cause each. */
export const applyConflict = (message: string, causes: readonly StatusCause[]): StatusError =>
  failure(409, 'Conflict', message, { causes })

/** History that is gone: list again, or go on from the token, where there is one. */
export function expired(message: string, continueToken?: string): StatusError {
  const status = failure(410, 'Expired', message).status
  if (continueToken === undefined) return new StatusError(status)
  return new StatusError({ ...status, metadata: { continue: continueToken } })
}

/** A body of more bytes than are read. */
export const tooLargeBody = (maxBytes: number): StatusError =>
  failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`)

/** A body of a type that is not read here. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = 'the body of the request was in an unknown format - accepted media types include'
  return failure(415, 'UnsupportedMediaType', `${message}: ${accepted.join(', ')}`)
}

/** Fields at fault of a Lease; '' where a generated name is not known yet. */
export const invalidLease = (name: string, violations: readonly FieldViolation[]): StatusError =>
  invalidObject({ group: leaseResource.group, kind: 'Lease', name }, violations)

/** Fields at fault of an object, or the options of a request, each a cause with its field. */
export function invalidObject(
  { group, kind, name }: { readonly group: string; readonly kind: string; readonly name: string },
  violations: readonly FieldViolation[],
): StatusError {
  const texts = violations.map(({ field, description }) => (field === '' ? description : `${field}: ${description}`))
  const [only = 'unknown'] = texts
  const all = texts.length > 1 ? `[${texts.join(', ')}]` : only
  const message = `${group === '' ? kind : `${kind}.${group}`} ${quoted(name)} is invalid: ${all}`
  return failure(422, 'Invalid', message, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind,
    causes: violations.map(({ field, description }) => ({
      reason: causeReason(description),
      message: description,
      field,
    })),
  })
}

/** Options of a request at fault, each a cause with its name. */
export const invalidOptions = (kind: string, violations: readonly FieldViolation[]): StatusError =>
  invalidObject({ group: 'meta.k8s.io', kind, name: '' }, violations)

/** A body that can be read, and does not fit what is there: a test of a JSON patch that fails, as an example. */
export const unprocessable = (message: string): StatusError => failure(422, 'Invalid', message, {})

/** Too much is asked; the client is told when to come back. */
export const tooManyRequests = (message: string, retryAfterSeconds = 1): StatusError =>
  retryLater(429, 'TooManyRequests', message, retryAfterSeconds)

/** A resourceVersion that this coordinator has not reached: it may be that of another journal. */
export function tooLargeResourceVersion(given: number | string, current: number | string): StatusError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  const message = `Timeout: Too large resource version: ${given}, current: ${current}`
  return retryLater(504, 'Timeout', message, 1, causes)
}

/** The coordinator cannot do it now; another time it can. */
const unavailable = (message: string, retryAfterSeconds = 1): StatusError =>
  retryLater(503, 'ServiceUnavailable', message, retryAfterSeconds)

/** A fault of ours. */
export const internalError = (message: string): StatusError =>
  failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

/** A create that names a version: Kubernetes answers it with this code, and without a reason. */
export const versionInCreate = (): StatusError =>
  failure(500, '', 'resourceVersion should not be set on objects to be created')

/**
 * The refusal that an error is. A LeaseError says what it says; anything else is a fault of ours, which the log should
 * get and the client does not.
 *
 * @param name the lease that the request is about; '' where it has none.
 */
export function statusOf(error: unknown, name = ''): StatusError {
  if (error instanceof StatusError) return error
  if (!(error instanceof LeaseError)) return internalError('the log of the coordinator has it')
  return refusals[error.code](error, error.details.lease?.replace(/^.*?\//, '') ?? name)
}

type Refusal = (error: LeaseError, name: string) => StatusError

/** What the coordinator decided, said to a client that may only believe what it last saw: it looks again. */
const otherwise: Refusal = ({ message }, name) => conflict(name, message)

const busy: Refusal = ({ message, details }) => tooManyRequests(message, secondsOf(details.retryAfterMs))

/** A Record, so that the compiler finds a code without a status. */
const refusals: Readonly<Record<LeaseErrorCode, Refusal>> = {
  INVALID_REQUEST: ({ message, details: { violations } }, name) =>
    violations === undefined || violations.length === 0 ? badRequest(message) : invalidLease(name, violations),
  LEASE_NOT_FOUND: (_, name) => notFound(name),
  LEASE_EXISTS: (_, name) => alreadyExists(name),
  LEASE_HELD: otherwise,
  LEASE_NOT_HELD: otherwise,
  REVISION_MISMATCH: (_, name) => staleVersion(name),
  STALE_FENCING_TOKEN: otherwise,
  WAIT_TIMEOUT: ({ message }) => retryLater(504, 'Timeout', message, 1),
  QUEUE_FULL: busy,
  SESSION_FULL: busy,
  OVERLOADED: busy,
  STORAGE_FULL: ({ message, details }) => unavailable(message, secondsOf(details.retryAfterMs)),
  REVISION_TOO_OLD: ({ message }) => expired(message),
  REVISION_TOO_NEW: ({ message }) => retryLater(504, 'Timeout', message, 1),
  WRONG_JOURNAL: ({ message }) => expired(message),
  SLOW_WATCHER: ({ message }) => expired(message),
  DRAINING: ({ message, details }) => unavailable(message, secondsOf(details.retryAfterMs)),
}

/** Retry-After has whole seconds. */
const secondsOf = (retryAfterMs = 1_000): number => Math.max(1, Math.ceil(retryAfterMs / 1e3))

/** The first words of a violation, and what Kubernetes calls its kind. */
const causeReasons: readonly (readonly [string, string])[] = [
  ['Required value', 'FieldValueRequired'],
  ['Invalid value', 'FieldValueInvalid'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Not found', 'FieldValueNotFound'],
  ['Internal error', 'InternalError'],
]

const causeReason = (description: string): string =>
  causeReasons.find(([words]) => description.startsWith(words))?.[1] ?? 'FieldValueInvalid'

function failure(code: number, reason: string, message: string, details?: StatusDetails): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason !== '' && { reason }),
    ...(details !== undefined && { details }),
    code,
  })
}

function retryLater(
  code: number,
  reason: string,
  message: string,
  retryAfterSeconds: number,
  causes?: readonly StatusCause[],
): StatusError {
  const details = { ...(causes !== undefined && { causes }), retryAfterSeconds }
  return new StatusError(failure(code, reason, message, details).status, retryAfterSeconds)
}

const detailsOf = ({ group, resource }: ResourceName, name: string): StatusDetails => ({
  ...(name !== '' && { name }),
  ...(group !== '' && { group }),
  kind: resource,
})

const qualified = ({ group, resource }: ResourceName): string => (group === '' ? resource : `${resource}.${group}`)
