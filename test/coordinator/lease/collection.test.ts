import test from 'ava'
import { type CollectionRule, collectionIntervalMs } from '../../../services/coordinator/lease/collection.js'
import { parseLabelSelector } from '../../../services/coordinator/lease/label-selector.js'
import { acquireOf, CoreWorld, instanceA } from '../../support/core.js'

const hourMs = 3_600_000
const label = { 'k8s.io/component': 'kube-apiserver' }

const ruleOf = (fields: { namespace?: string; selector?: string; expiredForMs?: number } = {}): CollectionRule => ({
  namespace: fields.namespace ?? 'kube-system',
  matches: parseLabelSelector(fields.selector ?? 'k8s.io/component=kube-apiserver', 'labelSelector'),
  expiredForMs: fields.expiredForMs ?? 0,
})

function worldOf(...rules: CollectionRule[]): CoreWorld {
  const world = new CoreWorld({ rules: rules.length > 0 ? rules : [ruleOf()] })
  world.core.start(world.now)
  return world
}

/** A lease that somebody holds. */
function hold(world: CoreWorld, name: string, fields: { namespace?: string; labels?: Record<string, string> } = {}) {
  const { namespace = 'kube-system', labels = label } = fields
  return world.core.acquire(
    acquireOf({ namespace, name, instance: instanceA, leaseDurationMs: hourMs, labels }),
    world.time,
  ).lease
}

/** Lets time pass with a batch each interval, and the last at the end. */
function pass(world: CoreWorld, ms: number): void {
  for (let left = ms; left > 0; left -= collectionIntervalMs) {
    world.pass(Math.min(left, collectionIntervalMs))
    while (world.settle());
  }
}

const names = (world: CoreWorld): string[] => [...world.table.images()].map(({ name }) => name)

test('an identity lease is collected an hour after its last renewal, and not before', t => {
  const world = worldOf()
  const { fencingToken } = hold(world, 'api-1')
  pass(world, 1_800_000)
  world.core.renew({ namespace: 'kube-system', name: 'api-1', fencingToken }, world.time)
  pass(world, hourMs - 1)
  t.deepEqual(names(world), ['api-1'])
  pass(world, 1 + collectionIntervalMs)
  t.deepEqual(names(world), [])
})

test('the event of a collected lease says that a rule did it, after one of its expiry', t => {
  const world = worldOf()
  hold(world, 'api-1')
  world.records()
  pass(world, hourMs + collectionIntervalMs)
  const [expired, deleted] = world.transitions()
  t.is(expired?.type, 'expired')
  t.like(deleted, { type: 'deleted', cause: 'rule', lease: { name: 'api-1', state: 'expired' } })
  t.is(deleted?.previousHolder, undefined)
})

test('a held lease, one without the label and one of another namespace are kept', t => {
  const world = worldOf()
  hold(world, 'other-label', { labels: { 'k8s.io/component': 'kube-scheduler' } })
  hold(world, 'no-label', { labels: {} })
  hold(world, 'other-namespace', { namespace: 'kube-systems' })
  hold(world, 'gone')
  pass(world, 2 * hourMs)
  hold(world, 'alive')
  pass(world, hourMs / 2)
  t.deepEqual(names(world).sort(), ['alive', 'no-label', 'other-label', 'other-namespace'])
})

test('one that nobody ever held, or that was released, is collected too', t => {
  const world = worldOf()
  world.core.create({ namespace: 'kube-system', name: 'never', changes: { labels: label } }, world.time)
  const { fencingToken } = hold(world, 'released')
  world.core.release({ namespace: 'kube-system', name: 'released', fencingToken }, world.time)
  pass(world, collectionIntervalMs)
  t.deepEqual(names(world), [])
})

test('whoever acquires the lease in the batch that would collect it keeps it', t => {
  const world = worldOf(ruleOf({ expiredForMs: hourMs }))
  const before = hold(world, 'api-1')
  pass(world, 2 * hourMs - collectionIntervalMs)
  world.pass(collectionIntervalMs)
  const { uid } = hold(world, 'api-1')
  world.settle()
  t.is(uid, before.uid)
  t.deepEqual(names(world), ['api-1'])
})

test('a lease goes when nobody has held it for as long as its rule says, and not a round before', t => {
  const world = worldOf(ruleOf({ expiredForMs: 10 * collectionIntervalMs }))
  hold(world, 'api-1')
  pass(world, hourMs + 9 * collectionIntervalMs)
  t.deepEqual(names(world), ['api-1'])
  pass(world, collectionIntervalMs)
  t.deepEqual(names(world), [])
})

test('a rule without a namespace looks at all of them', t => {
  const world = worldOf(ruleOf({ namespace: '' }))
  hold(world, 'a', { namespace: 'one' })
  hold(world, 'b', { namespace: 'two' })
  hold(world, 'c', { namespace: 'two', labels: {} })
  pass(world, hourMs + collectionIntervalMs)
  t.deepEqual(names(world), ['c'])
})

test('a lease that two rules match is collected once', t => {
  const world = worldOf(ruleOf(), ruleOf({ selector: '' }))
  hold(world, 'api-1')
  world.records()
  pass(world, hourMs + collectionIntervalMs)
  t.deepEqual(world.changes(), ['expired', 'deleted'])
})

test('finalizers hold a collection up: the lease is marked once, and goes when they are gone', t => {
  const world = worldOf()
  const name = { namespace: 'kube-system', name: 'api-1' }
  hold(world, 'api-1')
  world.core.update({ ...name, changes: { finalizers: ['example.com/x'] } }, world.time)
  world.records()
  pass(world, hourMs + 3 * collectionIntervalMs)
  t.deepEqual(world.changes(), ['expired', 'updated'])
  world.core.update({ ...name, changes: { finalizers: undefined } }, world.time)
  t.deepEqual(names(world), [])
})

test('a lease that is kept for its last holder is not collected yet', t => {
  const world = worldOf()
  const command = acquireOf({ namespace: 'kube-system', name: 'api-1', labels: label, takeoverDelayMs: hourMs })
  world.core.acquire(command, world.time)
  pass(world, hourMs)
  t.deepEqual(names(world), ['api-1'])
  pass(world, 2 * collectionIntervalMs)
  t.deepEqual(names(world), [])
})

test('rounds are a minute apart: the core is due for the next, and not before', t => {
  const world = worldOf()
  t.is(world.core.nextDeadline, collectionIntervalMs)
  pass(world, collectionIntervalMs)
  t.is(world.core.nextDeadline, 2 * collectionIntervalMs)
  t.is(new CoreWorld().core.nextDeadline, Number.POSITIVE_INFINITY)
})

test('a round of very many leases goes over several batches, and misses none', t => {
  const world = worldOf(ruleOf(), ruleOf({ namespace: 'one', selector: '' }))
  const count = 7_000
  for (let i = 0; i < count; i++) {
    world.core.create({ namespace: i % 7 === 0 ? 'one' : 'kube-system', name: `n-${i}`, changes: {} }, world.time)
    world.core.create({ namespace: 'kube-system', name: `api-${i}`, changes: { labels: label } }, world.time)
  }
  world.records()
  world.pass(collectionIntervalMs)
  let batches = 0
  for (let isMore = true; isMore; batches++) {
    isMore = world.settle(10_000)
    t.true(world.records().length <= 500)
    t.is(world.core.nextDeadline === Number.NEGATIVE_INFINITY, isMore)
  }
  t.true(batches > count / 500)
  t.is(world.table.size, count - count / 7)
  t.true([...world.table.images()].every(({ labels }) => labels === undefined))
})

test('a batch that is full leaves collection to the next', t => {
  const world = worldOf()
  for (let i = 0; i < 20; i++) {
    world.core.create({ namespace: 'kube-system', name: `api-${i}`, changes: { labels: label } }, world.time)
  }
  world.records()
  world.pass(collectionIntervalMs)
  t.true(world.settle(8))
  t.is(world.records().length, 8)
  while (world.settle(8)) t.true(world.records().length <= 8)
  t.is(world.table.size, 0)
})
