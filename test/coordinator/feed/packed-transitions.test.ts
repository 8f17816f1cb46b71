import test from 'ava'
import fc from 'fast-check'
import { PackedTransitions } from '../../../services/coordinator/feed/packed-transitions.js'
import { EntryEncoder } from '../../../services/coordinator/journal/entry-codec.js'
import type { Transition } from '../../../services/coordinator/lease/records.js'
import { transitionOf } from '../../support/transition-bytes.js'
import { transition } from './samples.js'

/** What the journal has of a transition. */
const bytesOf = (transition: Transition): Uint8Array | undefined =>
  new EntryEncoder().encode({ epoch: 1, firstRevision: 1, records: [transition] }).transitions[0]

test('is what a plain list would be, whatever is added and dropped', t => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('add' as const), count: fc.integer({ min: 1, max: 600 }) }),
    fc.record({ type: fc.constant('drop' as const), count: fc.integer({ min: 0, max: 700 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      const packed = new PackedTransitions()
      const all: Transition[] = []
      let first = 0
      for (const { type, count } of steps) {
        if (type === 'drop') {
          first = Math.min(first + count, all.length)
          packed.dropBefore(first)
        } else {
          for (let i = 0; i < count; i++) {
            // Not every revision is a transition's.
            const added = transition(3 * all.length + 1, { name: `lease-${all.length}` })
            all.push(added)
            if (i % 2 === 0) packed.add(added)
            else packed.add(added, bytesOf(added))
          }
        }
        t.is(packed.first, first)
        t.is(packed.end, all.length)
        t.is(packed.size, all.length - first)
        for (const position of new Set([first, first + 1, all.length - 400, all.length - 1])) {
          if (position < first || position >= all.length) continue
          const revision = all[position]?.lease.revision ?? 0
          t.deepEqual(packed.at(position), all[position])
          t.deepEqual(transitionOf(packed.packedAt(position)), all[position])
          t.is(packed.packedAt(position).revision, revision)
          t.is(packed.revisionAt(position), revision)
          t.is(packed.positionAfter(revision - 1), position)
          t.is(packed.positionAfter(revision + 1), position + 1)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('transitions of any size follow each other', t => {
  const packed = new PackedTransitions()
  const sizes = [10, 70_000, 20, 65_000, 65_000, 200_000, 30]
  for (let round = 0; round < 3; round++) {
    const from = packed.end
    const all = sizes.map((size, index) => transition(from + index, { annotations: { text: 'x'.repeat(size) } }))
    for (const each of all) packed.add(each)
    t.deepEqual(
      all.map((_, index) => packed.at(from + index)),
      all,
    )
    packed.dropBefore(packed.end)
    t.is(packed.size, 0)
  }
})

test('what was dropped, and what is not there yet, cannot be read', t => {
  const packed = new PackedTransitions()
  packed.add(transition(1))
  packed.add(transition(2))
  packed.dropBefore(1)
  t.throws(() => packed.at(0), { instanceOf: RangeError })
  t.throws(() => packed.at(2), { instanceOf: RangeError })
  t.is(packed.at(1).lease.revision, 2)
})

test('bytes that were taken stay what they are while others come and go', t => {
  const packed = new PackedTransitions()
  packed.add(transition(1))
  packed.add(transition(2))
  const taken = [packed.packedAt(0), packed.packedAt(1)]
  packed.dropBefore(2)
  for (let revision = 3; revision < 2_000; revision++) packed.add(transition(revision))
  t.deepEqual(
    taken.map(each => transitionOf(each)),
    [transition(1), transition(2)],
  )
})
