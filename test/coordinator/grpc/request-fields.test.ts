import test from 'ava'
import { asProtoPaths, millisecondsOf, safeIntegerOf } from '../../../services/coordinator/grpc/request-fields.js'
import { ShownSlices } from '../../../services/coordinator/grpc/shown-slices.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'

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

const lease = (name: string, revision: number): LeaseImage => ({
  id: 1,
  namespace: 'ns',
  name,
  uid: 'u',
  creationTimestamp: 0,
  state: 'unheld',
  fencingToken: 0,
  revision,
})

test('a change is in the initial state when it is not newer than the slice with its lease', t => {
  const shown = new ShownSlices()
  shown.add(10, 'ns\0f')
  shown.add(20, 'ns\0p')
  shown.add(30, undefined)
  t.true(shown.has(lease('a', 10)))
  t.false(shown.has(lease('a', 11)))
  t.true(shown.has(lease('f', 10)))
  t.true(shown.has(lease('g', 20)))
  t.false(shown.has(lease('g', 21)))
  t.true(shown.has(lease('z', 30)))
  t.false(shown.has(lease('z', 31)))
})

test('the slices are forgotten when what is told has passed the last one', t => {
  const shown = new ShownSlices()
  shown.add(10, undefined)
  shown.forget(9)
  t.true(shown.has(lease('a', 10)))
  shown.forget(10)
  t.false(shown.has(lease('a', 10)))
})
