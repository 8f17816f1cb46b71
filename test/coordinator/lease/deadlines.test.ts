import test from 'ava'
import fc from 'fast-check'
import { Deadlines, type Scheduled } from '../../../services/coordinator/lease/deadlines.js'

class Item implements Scheduled {
  readonly name: number
  #deadline: number
  /** How often somebody asked for the deadline: what a look at the item costs. */
  looks = 0
  heapIndex = -1

  constructor(name: number, deadline: number) {
    this.name = name
    this.#deadline = deadline
  }

  get deadline(): number {
    this.looks++
    return this.#deadline
  }

  set deadline(deadline: number) {
    this.#deadline = deadline
  }
}

const names = (items: readonly Item[]): number[] => items.map(({ name }) => name).sort((a, b) => a - b)

function popAll(deadlines: Deadlines<Item>, now: number): Item[] {
  const due: Item[] = []
  for (let item = deadlines.popDue(now); item !== undefined; item = deadlines.popDue(now)) due.push(item)
  return due
}

test('an item is due at its deadline, and not before', t => {
  const deadlines = new Deadlines<Item>()
  const item = new Item(1, 100)
  deadlines.schedule(item)
  t.is(deadlines.popDue(99.999), undefined)
  t.is(deadlines.popDue(100), item)
  t.is(deadlines.popDue(100), undefined)
})

test('what is due comes out with the earliest deadline first', t => {
  const deadlines = new Deadlines<Item>()
  for (const deadline of [50, 10, 40, 20, 30]) deadlines.schedule(new Item(deadline, deadline))
  t.deepEqual(
    popAll(deadlines, 45).map(({ name }) => name),
    [10, 20, 30, 40],
  )
})

test('a deadline that moves later needs no word to the heap', t => {
  const deadlines = new Deadlines<Item>()
  const item = new Item(1, 100)
  deadlines.schedule(item)
  item.deadline = 200
  t.is(deadlines.popDue(100), undefined)
  t.is(deadlines.popDue(199), undefined)
  t.is(deadlines.popDue(200), item)
})

test('a deadline that moves earlier counts once it is scheduled again', t => {
  const deadlines = new Deadlines<Item>()
  const item = new Item(1, 100)
  deadlines.schedule(new Item(2, 70))
  deadlines.schedule(item)
  item.deadline = 50
  deadlines.schedule(item)
  t.is(deadlines.next, 50)
  t.is(deadlines.popDue(50), item)
  t.is(deadlines.size, 1)
})

test('what was removed is never due, and removing it again is harmless', t => {
  const deadlines = new Deadlines<Item>()
  const item = new Item(1, 100)
  deadlines.schedule(item)
  deadlines.remove(item)
  deadlines.remove(item)
  t.is(deadlines.popDue(1_000), undefined)
  t.is(deadlines.next, Number.POSITIVE_INFINITY)
})

test('next is never after the earliest deadline', t => {
  const deadlines = new Deadlines<Item>()
  const [first, second] = [new Item(1, 100), new Item(2, 150)]
  deadlines.schedule(first)
  deadlines.schedule(second)
  first.deadline = 300
  t.true(deadlines.next <= 150)
  t.is(deadlines.popDue(100), undefined)
  t.is(deadlines.next, 150)
})

test('an item without an end is never due', t => {
  const deadlines = new Deadlines<Item>()
  deadlines.schedule(new Item(1, Number.POSITIVE_INFINITY))
  t.is(deadlines.popDue(Number.MAX_SAFE_INTEGER), undefined)
})

test('behaves as a list that is searched from end to end', t => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('schedule' as const), item: fc.nat(9), deadline: fc.nat(100) }),
    fc.record({ do: fc.constant('later' as const), item: fc.nat(9), by: fc.nat(50) }),
    fc.record({ do: fc.constant('remove' as const), item: fc.nat(9) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat(30) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const deadlines = new Deadlines<Item>()
      const items = Array.from({ length: 10 }, (_, name) => new Item(name, 0))
      const scheduled = new Set<Item>()
      let now = 0
      for (const step of steps) {
        const item = 'item' in step ? items[step.item] : undefined
        if (step.do === 'pass') now += step.ms
        else if (item === undefined) continue
        else if (step.do === 'remove') {
          deadlines.remove(item)
          scheduled.delete(item)
        } else if (step.do === 'later') item.deadline += step.by
        else {
          item.deadline = now + step.deadline
          deadlines.schedule(item)
          scheduled.add(item)
        }
        const due = [...scheduled].filter(({ deadline }) => deadline <= now)
        for (const item of due) scheduled.delete(item)
        t.deepEqual(names(popAll(deadlines, now)), names(due))
        t.is(deadlines.size, scheduled.size)
        t.true([...scheduled].every(({ deadline }) => deadlines.next <= deadline))
      }
    }),
  )
})

test('renewals cost a look at each item once a lease duration, however often they come', t => {
  const count = 2_000
  const durationMs = 10_000
  const lookEveryMs = 10
  const deadlines = new Deadlines<Item>()
  const items = Array.from({ length: count }, (_, name) => new Item(name, durationMs + name))
  for (const item of items) deadlines.schedule(item)
  for (const item of items) item.looks = 0
  const durations = 5
  for (let now = 0; now < durations * durationMs; now += lookEveryMs) {
    if (now % 1_000 === 0) for (const item of items) item.deadline = now + durationMs
    t.is(deadlines.popDue(now), undefined)
  }
  const looks = items.reduce((sum, item) => sum + item.looks, 0)
  // Two questions a look, and a renewal now and then lets an item be met a little early.
  t.true(looks <= 2 * 2 * count * durations, `${looks} looks`)
})

test('with a budget items that have moved are looked at in steps, and nothing due is forgotten', t => {
  const deadlines = new Deadlines<Item>()
  const items = Array.from({ length: 100 }, (_, index) => new Item(index, 10))
  for (const item of items) deadlines.schedule(item)
  for (const item of items.slice(0, 90)) item.deadline = 1_000
  const looks = (): number => items.reduce((sum, item) => sum + item.looks, 0)
  const due: Item[] = []
  while (deadlines.next <= 10) {
    const before = looks()
    const item = deadlines.popDue(10, { moves: 5 })
    t.true(looks() - before <= 6)
    if (item !== undefined) due.push(item)
  }
  t.deepEqual(names(due), names(items.slice(90)))
  t.is(deadlines.next, 1_000)
})
