import test from 'ava'
import {
  alreadyExists,
  badRequest,
  conflict,
  deleted,
  expired,
  forbiddenRequest,
  internalError,
  invalidLease,
  invalidObject,
  leaseResource,
  methodNotAllowed,
  namespaceResource,
  notAcceptable,
  notFound,
  type StatusError,
  staleVersion,
  statusOf,
  tooLargeBody,
  tooLargeResourceVersion,
  tooManyRequests,
  unsupportedMediaType,
  versionInCreate,
} from '../../../services/coordinator/kubernetes/status.js'
import { invalidRequest, LeaseError, type LeaseErrorCode } from '../../../services/coordinator/lease/errors.js'
import {
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../services/coordinator/lease/field-errors.js'

const group = 'coordination.k8s.io'
const ofLease = { name: 'n', group, kind: 'leases' }

const refusals: readonly (readonly [StatusError, number, string, string, object | undefined])[] = [
  [badRequest('x'), 400, 'BadRequest', 'x', undefined],
  [notFound('n'), 404, 'NotFound', 'leases.coordination.k8s.io "n" not found', ofLease],
  [notFound('n', namespaceResource), 404, 'NotFound', 'namespaces "n" not found', { name: 'n', kind: 'namespaces' }],
  [forbiddenRequest('n', 'why'), 403, 'Forbidden', 'leases.coordination.k8s.io "n" is forbidden: why', ofLease],
  [
    forbiddenRequest('', 'why', leaseResource),
    403,
    'Forbidden',
    'leases.coordination.k8s.io is forbidden: why',
    { group, kind: 'leases' },
  ],
  [methodNotAllowed(), 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {}],
  [
    notAcceptable(['a/b', 'c/d']),
    406,
    'NotAcceptable',
    'only the following media types are accepted: a/b, c/d',
    undefined,
  ],
  [alreadyExists('n'), 409, 'AlreadyExists', 'leases.coordination.k8s.io "n" already exists', ofLease],
  [
    staleVersion('n'),
    409,
    'Conflict',
    'Operation cannot be fulfilled on leases.coordination.k8s.io "n": the object has been modified; please apply your changes to the latest version and try again',
    ofLease,
  ],
  [
    conflict('n', 'why'),
    409,
    'Conflict',
    'Operation cannot be fulfilled on leases.coordination.k8s.io "n": why',
    ofLease,
  ],
  [tooLargeBody(7), 413, 'RequestEntityTooLarge', 'Request entity too large: limit is 7', undefined],
  [
    unsupportedMediaType(['a/b']),
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: a/b',
    undefined,
  ],
  [tooManyRequests('busy', 3), 429, 'TooManyRequests', 'busy', { retryAfterSeconds: 3 }],
  [
    tooLargeResourceVersion('9', 5),
    504,
    'Timeout',
    'Timeout: Too large resource version: 9, current: 5',
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  ],
  [internalError('x'), 500, 'InternalError', 'Internal error occurred: x', { causes: [{ message: 'x' }] }],
]

for (const [error, code, reason, message, details] of refusals) {
  test(`${code} ${reason} is worded as Kubernetes words it: ${message}`, t => {
    t.deepEqual(error.status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details && { details }),
      code,
    })
    t.is(error.code, code)
    t.is(error.message, message)
  })
}

test('a create with a version is answered as Kubernetes does: 500 without a reason', t => {
  t.deepEqual(versionInCreate().status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'resourceVersion should not be set on objects to be created',
    code: 500,
  })
})

test('fields at fault are causes, with their reason and without their name in the text', t => {
  t.deepEqual(invalidLease('n', [invalid('spec.leaseDurationSeconds', 0, 'must be greater than 0')]).status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'Lease.coordination.k8s.io "n" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    reason: 'Invalid',
    details: {
      name: 'n',
      group,
      kind: 'Lease',
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: 0: must be greater than 0',
          field: 'spec.leaseDurationSeconds',
        },
      ],
    },
    code: 422,
  })
})

test('several faults are a list in the text', t => {
  const { message } = invalidLease('n', [required('a'), forbidden('b', 'no')])
  t.is(message, 'Lease.coordination.k8s.io "n" is invalid: [a: Required value, b: Forbidden: no]')
})

test('every kind of fault has its reason', t => {
  const { status } = invalidObject({ group: '', kind: 'Thing', name: '' }, [
    required('f'),
    invalid('f', 1, 'x'),
    forbidden('f', 'x'),
    notSupported('f', 'x', ['a', 'b']),
    tooLong('f', 1),
    tooMany('f', 2, 1),
    { field: '', description: 'of our own' },
  ])
  t.deepEqual(
    status.details?.causes?.map(({ reason }) => reason),
    [
      'FieldValueRequired',
      'FieldValueInvalid',
      'FieldValueForbidden',
      'FieldValueNotSupported',
      'FieldValueTooLong',
      'FieldValueTooMany',
      'FieldValueInvalid',
    ],
  )
  t.regex(status.message ?? '', /^Thing "" is invalid: \[f: Required value, .*, of our own\]$/)
})

test('an expired list may say where to go on', t => {
  t.deepEqual(expired('gone').status.metadata, {})
  t.deepEqual(expired('gone', 'token').status.metadata, { continue: 'token' })
  t.like(expired('gone').status, { code: 410, reason: 'Expired' })
})

test('a deletion that is done is a Success without a code', t => {
  t.deepEqual(deleted('n', 'u'), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'n', group, kind: 'leases', uid: 'u' },
  })
})

const codes: Readonly<Record<LeaseErrorCode, readonly [number, string]>> = {
  INVALID_REQUEST: [400, 'BadRequest'],
  LEASE_NOT_FOUND: [404, 'NotFound'],
  LEASE_EXISTS: [409, 'AlreadyExists'],
  LEASE_HELD: [409, 'Conflict'],
  LEASE_NOT_HELD: [409, 'Conflict'],
  REVISION_MISMATCH: [409, 'Conflict'],
  STALE_FENCING_TOKEN: [409, 'Conflict'],
  WAIT_TIMEOUT: [504, 'Timeout'],
  QUEUE_FULL: [429, 'TooManyRequests'],
  SESSION_FULL: [429, 'TooManyRequests'],
  OVERLOADED: [429, 'TooManyRequests'],
  STORAGE_FULL: [503, 'ServiceUnavailable'],
  REVISION_TOO_OLD: [410, 'Expired'],
  REVISION_TOO_NEW: [504, 'Timeout'],
  WRONG_JOURNAL: [410, 'Expired'],
  SLOW_WATCHER: [410, 'Expired'],
  DRAINING: [503, 'ServiceUnavailable'],
}

for (const [code, [status, reason]] of Object.entries(codes)) {
  test(`${code} is ${status} ${reason}`, t => {
    // The keys are what the type of the record says.
    const { status: answer } = statusOf(new LeaseError(code as LeaseErrorCode, 'why', { lease: 'ns/n' }))
    t.like(answer, { code: status, reason })
  })
}

test('a refusal names the lease that the error is about, or the one that was asked for', t => {
  t.regex(statusOf(new LeaseError('LEASE_HELD', 'b has it', { lease: 'ns/n' }), 'other').message, /"n": b has it$/)
  t.regex(statusOf(new LeaseError('LEASE_NOT_FOUND', 'gone'), 'other').message, /"other" not found$/)
})

test('an error with violations is 422', t => {
  const { status } = statusOf(invalidRequest([required('spec.x')]), 'n')
  t.like(status, { code: 422, reason: 'Invalid' })
  t.is(status.message, 'Lease.coordination.k8s.io "n" is invalid: spec.x: Required value')
})

test('what can be tried later says when, in whole seconds and not at once', t => {
  const after = (retryAfterMs?: number) =>
    statusOf(new LeaseError('OVERLOADED', 'x', retryAfterMs === undefined ? {} : { retryAfterMs })).retryAfterSeconds
  t.is(after(), 1)
  t.is(after(10), 1)
  t.is(after(1_001), 2)
  t.is(notFound('n').retryAfterSeconds, undefined)
})

test('an unexpected error is 500, and does not say what it was', t => {
  t.deepEqual(statusOf(new Error('secret')).status.code, 500)
  t.notRegex(JSON.stringify(statusOf(new Error('secret')).status), /secret/)
})

test('a StatusError is itself', t => {
  const error = notFound('n')
  t.is(statusOf(error), error)
})
