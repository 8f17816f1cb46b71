import { status } from '@grpc/grpc-js'
import test from 'ava'
import { decodeStatusDetails, statusDetailsKey } from '../../../protos/status-details.js'
import { statusFor, statusOf } from '../../../services/coordinator/grpc/status-details.js'
import { invalidRequest, LeaseError } from '../../../services/coordinator/lease/errors.js'

const silent = { error: () => {} }

function detailsOf(error: unknown) {
  const { metadata } = statusFor(error, silent, '/call')
  const [bytes] = metadata.get(statusDetailsKey)
  return bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined
}

test('every code has the status that the contract promises', t => {
  t.like(statusOf, {
    INVALID_REQUEST: status.INVALID_ARGUMENT,
    LEASE_NOT_FOUND: status.NOT_FOUND,
    LEASE_EXISTS: status.ALREADY_EXISTS,
    LEASE_HELD: status.FAILED_PRECONDITION,
    LEASE_NOT_HELD: status.FAILED_PRECONDITION,
    REVISION_MISMATCH: status.ABORTED,
    STALE_FENCING_TOKEN: status.FAILED_PRECONDITION,
    WAIT_TIMEOUT: status.DEADLINE_EXCEEDED,
    QUEUE_FULL: status.RESOURCE_EXHAUSTED,
    SLOW_WATCHER: status.RESOURCE_EXHAUSTED,
    REVISION_TOO_OLD: status.OUT_OF_RANGE,
    WRONG_JOURNAL: status.OUT_OF_RANGE,
    DRAINING: status.UNAVAILABLE,
  })
})

test('the details name the reason, the lease, its holder and its token', t => {
  const details = { lease: 'ns/n', holderIdentity: 'node-1', fencingToken: 42 }
  const error = new LeaseError('LEASE_HELD', 'lease ns/n is held by node-1', details)
  t.deepEqual(detailsOf(error), {
    code: status.FAILED_PRECONDITION,
    message: 'lease ns/n is held by node-1',
    reason: 'LEASE_HELD',
    metadata: { lease: 'ns/n', holder: 'node-1', fencingToken: '42' },
    violations: [],
  })
})

test('a retry delay travels as RetryInfo', t => {
  t.is(detailsOf(new LeaseError('QUEUE_FULL', 'full', { retryAfterMs: 1500 }))?.retryAfterMs, 1500)
  t.is(detailsOf(new LeaseError('QUEUE_FULL', 'full'))?.retryAfterMs, undefined)
})

test('a retry delay is also what the retries of a service config obey', t => {
  const pushback = (error: LeaseError) => statusFor(error, silent, '/call').metadata.get('grpc-retry-pushback-ms')
  t.deepEqual(pushback(new LeaseError('QUEUE_FULL', 'full', { retryAfterMs: 1500.2 })), ['1501'])
  t.deepEqual(pushback(new LeaseError('LEASE_HELD', 'held')), [])
})

test('violations travel as BadRequest', t => {
  const violations = [{ field: 'name', description: 'Required value' }]
  t.deepEqual(detailsOf(invalidRequest(violations))?.violations, violations)
})

test('what cannot fit into the trailers is cut off, and counted', t => {
  const violations = Array.from({ length: 5000 }, (_, index) => ({ field: `f${index}`, description: 'é'.repeat(9000) }))
  const { details, metadata } = statusFor(invalidRequest(violations), silent, '/call')
  const [bytes] = metadata.get(statusDetailsKey)
  t.true(encodeURI(details).length + (bytes?.length ?? 0) * 1.4 < 8192)
  const told = detailsOf(invalidRequest(violations))?.violations ?? []
  t.regex(told[0]?.description ?? '', /^é+…$/)
  t.is(told.at(-1)?.description, `and ${5000 - told.length + 1} more`)
})

test('an unexpected error is INTERNAL, logged, and none of its text goes out', t => {
  const logged: object[] = []
  const error = new Error('secret path')
  const answer = statusFor(error, { error: fields => logged.push(fields) }, '/call')
  t.is(answer.code, status.INTERNAL)
  t.notRegex(answer.details, /secret/)
  t.deepEqual(answer.metadata.getMap(), {})
  t.deepEqual(logged, [{ err: error, call: '/call' }])
})
