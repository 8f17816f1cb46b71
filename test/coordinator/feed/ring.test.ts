import test from 'ava'
import { Ring } from '../../../services/coordinator/feed/ring.js'

function ringOf(count: number): Ring<number> {
  const ring = new Ring<number>()
  for (let item = 0; item < count; item += 1) ring.add(item)
  return ring
}

test('a position never changes, however much comes and goes', t => {
  const ring = ringOf(10_000)
  ring.dropBefore(9_990)
  for (let item = 10_000; item < 10_100; item += 1) ring.add(item)
  t.is(ring.first, 9_990)
  t.is(ring.end, 10_100)
  for (let position = ring.first; position < ring.end; position += 1) t.is(ring.at(position), position)
})

test('what has gone, and what is not there yet, is a RangeError', t => {
  const ring = ringOf(100)
  ring.dropBefore(90)
  t.throws(() => ring.at(89), { instanceOf: RangeError })
  t.throws(() => ring.at(100), { instanceOf: RangeError })
})

test('nothing is dropped twice, and no more than there is', t => {
  const ring = ringOf(3)
  ring.dropBefore(-1)
  ring.dropBefore(2)
  ring.dropBefore(1)
  t.is(ring.first, 2)
  ring.dropBefore(100)
  t.is(ring.first, 3)
  ring.add(3)
  t.is(ring.at(3), 3)
})

test('the first position past something is found, or the end', t => {
  const ring = ringOf(100)
  ring.dropBefore(40)
  t.is(
    ring.firstWhere(item => item > 56),
    57,
  )
  t.is(
    ring.firstWhere(item => item > 3),
    40,
  )
  t.is(
    ring.firstWhere(() => false),
    100,
  )
})
