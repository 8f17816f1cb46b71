import test from 'ava'
import { Outbox } from '../../../services/coordinator/feed/outbox.js'
import { transitionOf } from '../../support/transition-bytes.js'
import { transition, transitions } from './samples.js'

function filled(limit: number, fromRevision: number, throughRevision: number): Outbox {
  const outbox = new Outbox(limit)
  for (const each of transitions(fromRevision, throughRevision)) outbox.add(each, each.lease.revision)
  return outbox
}

/** Everything that is to publish, as `transition@revision` and `gap@from-through`. */
function toPublish(outbox: Outbox): string[] {
  const told: string[] = []
  for (let next = outbox.nextAfter(0); next !== undefined; next = outbox.nextAfter(next.revision)) {
    if (next.type === 'gap') told.push(`gap@${next.gap.fromRevision}-${next.gap.throughRevision}`)
    else told.push(`transition@${next.revision}`)
  }
  return told
}

test('transitions wait in revision order until they are published', t => {
  const outbox = filled(10, 1, 3)
  t.deepEqual(toPublish(outbox), ['transition@1', 'transition@2', 'transition@3'])
  outbox.publishedThrough(2)
  t.deepEqual(toPublish(outbox), ['transition@3'])
  t.is(outbox.size, 1)
})

test('a transition that is known, or was published, is not added again', t => {
  const outbox = filled(10, 1, 3)
  outbox.add(transition(3), 0)
  outbox.publishedThrough(3)
  outbox.add(transition(2), 0)
  t.true(outbox.isEmpty)
})

test('at its limit nothing is given up, and one transition more makes the oldest a gap', t => {
  const outbox = filled(3, 1, 3)
  t.is(outbox.state.gap, undefined)
  outbox.add(transition(4), 0)
  t.deepEqual(outbox.state.gap, { fromRevision: 1, throughRevision: 1 })
  t.is(outbox.size, 3)
})

test('the gap grows until it is told, and is told before the transitions', t => {
  const outbox = filled(2, 11, 16)
  t.deepEqual(toPublish(outbox), ['gap@11-14', 'transition@15', 'transition@16'])
  outbox.publishedThrough(14)
  t.is(outbox.state.gap, undefined)
})

test('of a gap that grew while it was being told the rest is still to be told', t => {
  const outbox = filled(2, 1, 5)
  const told = outbox.nextAfter(0)
  outbox.add(transition(6), 0)
  outbox.publishedThrough(told?.revision ?? 0)
  t.deepEqual(toPublish(outbox), ['gap@4-4', 'transition@5', 'transition@6'])
})

test('a snapshot and the records after it make the same outbox, also when records come twice', t => {
  const outbox = filled(4, 1, 8)
  outbox.publishedThrough(5)
  const restored = new Outbox(4)
  for (const each of outbox.after(0, 100)) restored.add(transitionOf(each), 0)
  restored.restore(outbox.state)
  for (const each of transitions(3, 9)) restored.add(each, 0)
  restored.publishedThrough(4)
  outbox.add(transition(9), 0)
  t.deepEqual(toPublish(restored), toPublish(outbox))
  t.deepEqual(restored.state, outbox.state)
})

test('a snapshot whose slices were taken while the oldest were given up restores the gap', t => {
  const outbox = filled(4, 1, 4)
  const first = outbox.after(0, 2)
  for (const each of transitions(5, 7)) outbox.add(each, 0)
  const second = outbox.after(2, 100)
  const restored = new Outbox(4)
  for (const each of [...first, ...second]) restored.add(transitionOf(each), 0)
  restored.restore(outbox.state)
  t.deepEqual(toPublish(restored), ['gap@1-3', 'transition@4', 'transition@5', 'transition@6', 'transition@7'])
})

test('the oldest that waits says since when', t => {
  const outbox = filled(10, 1, 3)
  t.is(outbox.oldestAddedMs, 1)
  outbox.publishedThrough(1)
  t.is(outbox.oldestAddedMs, 2)
  outbox.publishedThrough(3)
  t.is(outbox.oldestAddedMs, undefined)
})

test('also where several came at the same time, and after the oldest were given up', t => {
  const outbox = new Outbox(4)
  for (const each of transitions(1, 6)) outbox.add(each, each.lease.revision <= 3 ? 10 : 20)
  t.is(outbox.oldestAddedMs, 10)
  outbox.publishedThrough(3)
  t.is(outbox.oldestAddedMs, 20)
  outbox.publishedThrough(6)
  outbox.add(transition(7), 30)
  t.is(outbox.oldestAddedMs, 30)
})

test('what comes next is found wherever it is asked for', t => {
  const outbox = filled(100, 11, 60)
  outbox.publishedThrough(20)
  for (const revision of [30, 31, 30, 59, 60, 20, 0, 21, 60, 45]) {
    t.is(outbox.nextAfter(revision)?.revision, revision >= 60 ? undefined : Math.max(revision, 20) + 1)
  }
})

test('a hundred thousand transitions pass through an outbox of ten thousand', t => {
  const outbox = new Outbox(10_000)
  for (let revision = 1; revision <= 100_000; revision += 1) {
    outbox.add(transition(revision), 0)
    if (revision % 5_000 === 0) outbox.publishedThrough(revision)
  }
  t.true(outbox.isEmpty)
  t.deepEqual(outbox.state, { publishedThrough: 100_000 })
})
