import test from 'ava'
import fc from 'fast-check'
import type { JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import {
  objectOfProtobuf,
  ProtobufError,
  protobufOf,
} from '../../../../services/coordinator/kubernetes/protobuf/objects.js'
import { fixtures } from './fixtures.js'

for (const [index, { object, hex }] of fixtures.entries()) {
  test(`${object.kind} ${index} is written as Kubernetes writes it`, t => {
    t.is(protobufOf({ ...object }).toString('hex'), hex)
  })

  test(`${object.kind} ${index} of Kubernetes is read`, t => {
    t.deepEqual(objectOfProtobuf(Buffer.from(hex, 'hex')), object)
  })
}

test('an object without its kind is a Lease', t => {
  t.deepEqual(objectOfProtobuf(Buffer.from('6b387300', 'hex')), {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
  })
})

test('an object of an unknown kind is its kind alone', t => {
  const pod = Buffer.concat([
    Buffer.from('k8s\0'),
    Buffer.from([10, 9, 10, 2]),
    Buffer.from('v1'),
    Buffer.from([18, 3]),
  ])
  t.deepEqual(objectOfProtobuf(Buffer.concat([pod, Buffer.from('Pod'), Buffer.from([18, 1, 0xff])])), {
    apiVersion: 'v1',
    kind: 'Pod',
  })
  t.throws(() => protobufOf({ apiVersion: 'v1', kind: 'Pod' }), { message: 'v1 Pod has no message' })
})

test('options of a deletion are known in every group', t => {
  for (const apiVersion of ['v1', 'coordination.k8s.io/v1', 'meta.k8s.io/v1']) {
    const options = { kind: 'DeleteOptions', apiVersion, dryRun: ['All'] }
    t.deepEqual(objectOfProtobuf(protobufOf(options)), options)
  }
})

test('an empty time is none, and the first moment of 1970 is one', t => {
  const lease = (time: number[]) => {
    const renewTime = [34, time.length, ...time]
    const raw = [18, renewTime.length, ...renewTime]
    return objectOfProtobuf(Buffer.concat([Buffer.from('k8s\0'), Buffer.from([18, raw.length, ...raw])]))
  }
  t.like(lease([]), { spec: {} })
  t.like(lease([8, 0, 16, 0]), { spec: { renewTime: '1970-01-01T00:00:00.000000Z' } })
})

test('times are cut to what Kubernetes keeps of them', t => {
  const nanos = [8, 1, 16, 0x87, 0xad, 0x4b] // 1.001234567 s
  const renewTime = [34, nanos.length, ...nanos]
  const raw = [18, renewTime.length, ...renewTime]
  const object = objectOfProtobuf(Buffer.concat([Buffer.from('k8s\0'), Buffer.from([18, raw.length, ...raw])]))
  t.like(object, { spec: { renewTime: '1970-01-01T00:00:01.001234Z' } })
})

test('bytes without the prefix, of a wrong type or cut off are refused', t => {
  for (const hex of [
    '',
    '00',
    '6b3873',
    '6b387301',
    '6b387300ff',
    '6b38730008',
    '6b387300120410',
    '6b3873001202080a',
  ]) {
    t.throws(() => objectOfProtobuf(Buffer.from(hex, 'hex')), { instanceOf: ProtobufError }, hex)
  }
})

test('groups inside groups without end are refused', t => {
  const groups = Buffer.alloc(1_000_000, (5 << 3) | 3)
  t.throws(() => objectOfProtobuf(Buffer.concat([Buffer.from('k8s\0'), groups])), { instanceOf: ProtobufError })
})

test('any bytes are an object or refused, and cut or changed ones too', t => {
  const read = (bytes: Buffer): void => {
    try {
      objectOfProtobuf(bytes)
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error
    }
  }
  fc.assert(fc.property(fc.uint8Array(), bytes => read(Buffer.concat([Buffer.from('k8s\0'), bytes]))))
  const valid = fc.constantFrom(...fixtures).map(({ hex }) => Buffer.from(hex, 'hex'))
  fc.assert(
    fc.property(valid, fc.nat(), fc.nat(255), fc.nat(), (bytes, at, byte, end) => {
      const changed = Buffer.from(bytes)
      changed[at % bytes.length] = byte
      read(changed.subarray(0, end % 2 === 0 ? bytes.length : end % bytes.length))
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})

test('keys of maps are kept whatever they are', t => {
  const text = fc.oneof(fc.constantFrom('__proto__', 'constructor', ''), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), pairs => {
      const labels = Object.fromEntries(pairs)
      const object: JsonObject = {
        kind: 'Lease',
        apiVersion: 'coordination.k8s.io/v1',
        metadata: Object.keys(labels).length === 0 ? {} : { labels },
        spec: {},
      }
      t.deepEqual(objectOfProtobuf(protobufOf(object)), object)
    }),
  )
})
