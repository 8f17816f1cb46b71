import test from 'ava'
import fc from 'fast-check'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import {
  decodeHoldRequest,
  decodeHoldResponse,
  encodeHoldRequest,
  encodeHoldResponse,
} from '../../protos/hold-codec.js'
import { packageDefinition } from '../../protos/load.js'

interface MethodCodec {
  requestSerialize(value: object): Buffer
  requestDeserialize(bytes: Buffer): object
  responseSerialize(value: object): Buffer
  responseDeserialize(bytes: Buffer): object
}

const { Hold: hold } = packageDefinition['leasehold.v1.SessionService'] as unknown as { Hold: MethodCodec }

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const safe = fc.maxSafeNat()
/** Milliseconds that nanoseconds hold exactly. */
const ms = fc.integer({ min: 0, max: 2 ** 40 })
const text = fc.string({ unit: 'binary', maxLength: 20 })
const optional = { requiredKeys: [] as never[] }

const requests: fc.Arbitrary<HoldRequest> = fc.oneof(
  fc
    .record({
      type: fc.constant('acquire' as const),
      requestId: uint32,
      namespace: text,
      name: text,
      holderIdentity: text,
      instance: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes).toString('hex')),
      leaseDurationMs: ms,
      priority: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      supersede: fc.boolean(),
      more: fc.record(
        { labels: fc.dictionary(text, text, { minKeys: 1 }), waitTimeoutMs: ms, takeoverDelayMs: ms },
        optional,
      ),
    })
    .map(({ more, ...message }) => ({ ...message, ...more })),
  fc.record({
    type: fc.constant('renew' as const),
    requestId: uint32,
    handles: fc.oneof(fc.constant('all' as const), fc.array(uint32)),
  }),
  fc.record({ type: fc.constant('release' as const), requestId: uint32, handle: uint32 }),
)

const responses: fc.Arbitrary<HoldResponse> = fc.oneof(
  fc.record({
    type: fc.constant('acquired' as const),
    requestId: uint32,
    handle: uint32,
    fencingToken: safe,
    renewAfterMs: ms,
    leaseDurationMs: ms,
    resumed: fc.boolean(),
    unconfirmed: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('waiting' as const),
    requestId: uint32,
    handle: uint32,
    holderIdentity: text,
    ahead: uint32,
    renewAfterMs: ms,
  }),
  fc.record({
    type: fc.constant('renewed' as const),
    requestId: uint32,
    failures: fc.array(fc.record({ handle: uint32, reason: text })),
    renewAfterMs: ms,
  }),
  fc.record({ type: fc.constant('released' as const), requestId: uint32, handle: uint32 }),
  fc.record({
    type: fc.constant('failed' as const),
    requestId: uint32,
    reason: text,
    message: text,
    handle: uint32,
    holderIdentity: text,
    violations: fc.array(fc.record({ field: text, description: text })),
    retryAfterMs: ms,
  }),
  fc.record({
    type: fc.constant('lost' as const),
    handle: uint32,
    cause: fc.constantFrom('expired' as const, 'revoked' as const, 'superseded' as const),
  }),
  fc.record({
    type: fc.constant('holderChanged' as const),
    handle: uint32,
    holderIdentity: text,
    state: fc.constantFrom('LEASE_STATE_HELD' as const, 'LEASE_STATE_RELEASED' as const),
  }),
  fc.record({ type: fc.constant('draining' as const), reconnectAfterMs: ms }),
)

/** The bytes as a foreign implementation would write them again. */
const foreignRequest = (bytes: Buffer): Buffer => hold.requestSerialize(hold.requestDeserialize(bytes))
const foreignResponse = (bytes: Buffer): Buffer => hold.responseSerialize(hold.responseDeserialize(bytes))

const plain = (message: object): unknown => JSON.parse(JSON.stringify(message))

test('every request survives the way through the bytes, and through another implementation', t => {
  fc.assert(
    fc.property(requests, message => {
      t.deepEqual(plain(decodeHoldRequest(encodeHoldRequest(message))), plain(message))
      t.deepEqual(plain(decodeHoldRequest(foreignRequest(encodeHoldRequest(message)))), plain(message))
    }),
  )
})

test('every response survives the way through the bytes, and through another implementation', t => {
  fc.assert(
    fc.property(responses, message => {
      t.deepEqual(plain(decodeHoldResponse(encodeHoldResponse(message))), plain(message))
      t.deepEqual(plain(decodeHoldResponse(foreignResponse(encodeHoldResponse(message)))), plain(message))
    }),
  )
})

test('a fraction of a millisecond survives', t => {
  const message = { type: 'draining' as const, reconnectAfterMs: 1.5 }
  t.deepEqual(decodeHoldResponse(encodeHoldResponse(message)), message)
})

test('an empty request is refused', t => {
  t.throws(() => decodeHoldRequest(Buffer.from([0x08, 0x01])), { message: /send one of acquire, renew, release/ })
})

test('handles beside `all` are refused', t => {
  t.throws(() => decodeHoldRequest(Buffer.from([0x1a, 0x05, 0x0a, 0x01, 0x07, 0x10, 0x01])), {
    message: /renew\.handles/,
  })
})

test('bytes that are cut off are refused', t => {
  const whole = encodeHoldRequest({ type: 'renew', requestId: 1, handles: [1, 2, 3] })
  t.throws(() => decodeHoldRequest(whole.subarray(0, -1)))
})

test('a field of a later version is skipped', t => {
  const message = { type: 'release' as const, requestId: 7, handle: 9 }
  const withUnknown = Buffer.concat([encodeHoldRequest(message), Buffer.from([0xfa, 0x01, 0x02, 0x01, 0x02])])
  t.deepEqual(decodeHoldRequest(withUnknown), message)
})
