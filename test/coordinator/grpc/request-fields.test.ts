import test from 'ava'
import { asProtoPaths, millisecondsOf, safeIntegerOf } from '../../../services/coordinator/grpc/request-fields.js'

test('a duration is read in milliseconds, with fractions', t => {
  t.is(millisecondsOf({ seconds: '15', nanos: 0 }), 15_000)
  t.is(millisecondsOf({ seconds: '1', nanos: 1_500_000 }), 1001.5)
  t.is(millisecondsOf({ seconds: '-1', nanos: -500_000_000 }), -1500)
  t.is(millisecondsOf(null), undefined)
})

test('a duration that protobuf does not know is none', t => {
  t.is(millisecondsOf({ seconds: '1', nanos: -1 }), Number.NaN)
  t.is(millisecondsOf({ seconds: '0', nanos: 1_000_000_000 }), Number.NaN)
  t.is(millisecondsOf({ seconds: '9223372036854775807', nanos: 0 }), Number.NaN)
})

test('an int64 is read where a number is exact', t => {
  t.is(safeIntegerOf('9007199254740991'), 9_007_199_254_740_991)
  t.is(safeIntegerOf('9007199254740992'), undefined)
  t.is(safeIntegerOf('-5'), -5)
})

test('paths are told as the protos have them', t => {
  t.deepEqual(asProtoPaths([{ field: 'lease.metadata.ownerReferences.apiVersion', description: 'aB' }]), [
    { field: 'lease.metadata.owner_references.api_version', description: 'aB' },
  ])
})
