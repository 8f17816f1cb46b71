import test from 'ava'
import fc from 'fast-check'
import { LeaseNode } from '../../../services/coordinator/lease/lease-node.js'
import { LeaseNumbers } from '../../../services/coordinator/lease/lease-numbers.js'
import { SharedStrings } from '../../../services/coordinator/lease/shared-strings.js'
import { image } from '../feed/samples.js'
import { leaseImage } from '../journal/arbitraries.js'

const room = () => ({ strings: new SharedStrings(), numbers: new LeaseNumbers() })

test('a lease gives the very image that it was made of', t => {
  fc.assert(fc.property(leaseImage, of => t.deepEqual(new LeaseNode(of, room()).current(), of)))
})

test('a lease gives the image of its last transition, with nothing of those before', t => {
  fc.assert(
    fc.property(leaseImage, leaseImage, (before, change) => {
      const { id, namespace, name, uid, creationTimestamp } = before
      const after = { ...change, id, namespace, name, uid, creationTimestamp }
      const common = room()
      const node = new LeaseNode(before, common)
      node.change(after, common)
      t.deepEqual(node.current(), after)
      t.is(node.changeRevision, after.revision)
    }),
  )
})

test('a renewal changes when a lease was renewed, and its revision, and nothing else', t => {
  fc.assert(
    fc.property(leaseImage, of => {
      const node = new LeaseNode(of, room())
      node.renewed(1_000, of.revision + 1)
      t.deepEqual(node.current(), { ...of, renewTime: 1_000, revision: of.revision + 1 })
    }),
  )
})

test('an image does not change with the lease', t => {
  const node = new LeaseNode(image(10), room())
  const before = node.current()
  node.renewed(1_000, 11)
  t.deepEqual(before, image(10))
  t.is(node.current().revision, 11)
})

test('leases keep their numbers apart, also where one takes the place of another that has gone', t => {
  fc.assert(
    fc.property(fc.array(leaseImage, { minLength: 3, maxLength: 50 }), fc.nat(), (images, choice) => {
      const common = room()
      const nodes = images.map(of => new LeaseNode(of, common))
      const gone = choice % nodes.length
      nodes[gone]?.leave(common)
      const last = new LeaseNode({ ...image(7), name: 'last' }, common)
      last.renewed(5, 8)
      last.deadline = 9
      t.deepEqual(
        nodes.map(node => node.current()),
        images,
      )
      t.deepEqual(last.current(), { ...image(7), name: 'last', renewTime: 5, revision: 8 })
      t.is(nodes[gone]?.deadline, Number.POSITIVE_INFINITY)
    }),
  )
})
