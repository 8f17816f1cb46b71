import test from 'ava'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { ShownSlices } from '../../../services/coordinator/reads/shown-slices.js'

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
