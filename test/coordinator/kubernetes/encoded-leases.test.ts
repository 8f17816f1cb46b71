import test from 'ava'
import { EncodedLeases } from '../../../services/coordinator/kubernetes/encoded-leases.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'

const lease = (id: number): LeaseImage => ({
  id,
  namespace: 'ns',
  name: `n${id}`,
  uid: 'u',
  creationTimestamp: 0,
  state: 'unheld',
  fencingToken: 0,
  revision: id,
})

/** Encodes every lease in so many bytes, and counts how often. */
function counting(bytes: number): { encoded: EncodedLeases; count(): number } {
  let count = 0
  const encoded = new EncodedLeases(() => {
    count++
    return Buffer.alloc(bytes)
  })
  return { encoded, count: () => count }
}

test('a lease that many are told is encoded once', t => {
  const { encoded, count } = counting(500)
  const image = lease(1)
  const bytes = encoded.of(image)
  t.is(encoded.of(image), bytes)
  t.is(count(), 1)
  t.not(encoded.of({ ...image, revision: 2 }), bytes)
  t.is(count(), 2)
})

test('what is asked for now and then is kept while others come and go', t => {
  const { encoded, count } = counting(1_000_000)
  const image = lease(1)
  for (let id = 2; id < 22; id++) {
    encoded.of(image)
    encoded.of(lease(id))
  }
  t.is(count(), 21)
})

test('what nobody asks for again is forgotten', t => {
  const { encoded, count } = counting(1_000_000)
  const image = lease(1)
  encoded.of(image)
  for (let id = 2; id < 12; id++) encoded.of(lease(id))
  encoded.of(image)
  t.is(count(), 12)
})
