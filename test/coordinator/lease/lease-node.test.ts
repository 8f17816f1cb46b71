import test from 'ava'
import fc from 'fast-check'
import { LeaseNode } from '../../../services/coordinator/lease/lease-node.js'
import { SharedValues } from '../../../services/coordinator/lease/shared-values.js'
import { image } from '../feed/samples.js'
import { leaseImage } from '../journal/arbitraries.js'

test('a lease gives the very image that it was made of', t => {
  fc.assert(fc.property(leaseImage, of => t.deepEqual(new LeaseNode(of, new SharedValues()).current(), of)))
})

test('a lease gives the image of its last transition, with nothing of those before', t => {
  fc.assert(
    fc.property(leaseImage, leaseImage, (before, change) => {
      const { id, namespace, name, uid, creationTimestamp } = before
      const after = { ...change, id, namespace, name, uid, creationTimestamp }
      const values = new SharedValues()
      const node = new LeaseNode(before, values)
      node.change(after, values)
      t.deepEqual(node.current(), after)
      t.is(node.changeRevision, after.revision)
    }),
  )
})

test('an image does not change with the lease', t => {
  const node = new LeaseNode(image(10), new SharedValues())
  const before = node.current()
  node.revision = 11
  t.deepEqual(before, image(10))
  t.is(node.current().revision, 11)
})
