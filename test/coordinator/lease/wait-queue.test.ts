import test from 'ava'
import fc from 'fast-check'
import { Session, Waiter } from '../../../services/coordinator/lease/session.js'
import { WaitQueue } from '../../../services/coordinator/lease/wait-queue.js'
import { acquireOf } from '../../support/core.js'

const session = new Session(() => {})

const waiter = (handle: number, priority = 0): Waiter =>
  new Waiter(session, handle, 'key', acquireOf(), priority, Number.POSITIVE_INFINITY)

const handles = (queue: WaitQueue): number[] => Array.from(queue, ({ handle }) => handle)

test('who came first goes first', t => {
  const queue = new WaitQueue()
  t.is(queue.add(waiter(1)), 0)
  t.is(queue.add(waiter(2)), 1)
  t.is(queue.first?.handle, 1)
})

test('the greater priority goes before whoever came earlier, and behind its equals', t => {
  const queue = new WaitQueue()
  for (const [handle, priority] of [
    [1, 0],
    [2, 5],
    [3, 5],
    [4, -1],
    [5, 0],
  ] as const)
    queue.add(waiter(handle, priority))
  t.deepEqual(handles(queue), [2, 3, 1, 5, 4])
})

test('who leaves gives up its place, and leaving twice is harmless', t => {
  const queue = new WaitQueue()
  const [first, second] = [waiter(1), waiter(2)]
  queue.add(first)
  queue.add(second)
  queue.remove(first)
  queue.remove(first)
  t.is(queue.size, 1)
  t.is(queue.ahead(second), 0)
})

test('the order is that of a stable sort by priority', t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 }), priorities => {
      const queue = new WaitQueue()
      const waiters = priorities.map((priority, handle) => waiter(handle, priority))
      for (const each of waiters) t.is(queue.add(each), queue.ahead(each))
      t.deepEqual(
        [...queue],
        waiters.toSorted((a, b) => b.priority - a.priority),
      )
    }),
  )
})
