import test from 'ava'
import { patched } from '../../../../services/coordinator/kubernetes/patch/patched.js'
import { lease, refusal } from './leases.js'

const held = lease({ metadata: { finalizers: ['x', 'y'] }, spec: { holderIdentity: 'h' } })
const refused = (...patch: readonly unknown[]) => refusal(() => patched('json', held, patch))

test('operations come one after the other', t => {
  const patch = [
    { op: 'test', path: '/spec/holderIdentity', value: 'h' },
    { op: 'replace', path: '/spec/holderIdentity', value: 'i' },
    { op: 'copy', from: '/spec/holderIdentity', path: '/spec/preferredHolder' },
    { op: 'move', from: '/metadata/finalizers/0', path: '/metadata/finalizers/1' },
    { op: 'add', path: '/metadata/finalizers/-', value: 'z' },
    { op: 'add', path: '/metadata/labels', value: {} },
    { op: 'add', path: '/metadata/labels/example.com~1a', value: '1' },
  ]
  t.deepEqual(
    patched('json', held, patch),
    lease({
      metadata: { finalizers: ['y', 'x', 'z'], labels: { 'example.com/a': '1' } },
      spec: { holderIdentity: 'i', preferredHolder: 'i' },
    }),
  )
})

test('a test that fails is refused as Kubernetes does it, and says where', t => {
  const { code, reason, message, details } = refused({ op: 'test', path: '/spec/holderIdentity', value: 'other' })
  t.is(code, 422)
  t.is(reason, 'Invalid')
  t.is(message, 'the server rejected our request due to an error in our request')
  t.is(details?.causes?.[0]?.field, '/spec/holderIdentity')
})

test('a field that is not there passes a test for null, and can be replaced', t => {
  const patch = [
    { op: 'test', path: '/spec/strategy', value: null },
    { op: 'replace', path: '/spec/strategy', value: 'OldestEmulationVersion' },
  ]
  t.like(patched('json', held, patch), { spec: { strategy: 'OldestEmulationVersion' } })
})

test('a path that leads nowhere is refused', t => {
  for (const operation of [
    { op: 'remove', path: '/spec/strategy' },
    { op: 'remove', path: '/metadata/finalizers/2' },
    { op: 'remove', path: '/metadata/finalizers/-' },
    { op: 'remove', path: '/metadata/finalizers/length' },
    { op: 'remove', path: '/spec/toString' },
    { op: 'remove', path: '' },
    { op: 'replace', path: '', value: {} },
    { op: 'replace', path: '/metadata/finalizers/x', value: 'z' },
    { op: 'replace', path: '/metadata/finalizers/2', value: 'z' },
    { op: 'add', path: '/metadata/finalizers/3', value: 'z' },
    { op: 'add', path: '/metadata/finalizers/01', value: 'z' },
    { op: 'add', path: '/metadata/labels/a', value: '1' },
    { op: 'add', path: '/spec/holderIdentity/0', value: 'x' },
    { op: 'copy', from: '/spec/strategy', path: '/spec/preferredHolder' },
    { op: 'move', from: '/spec', path: '/spec/inside' },
  ]) {
    t.is(refused(operation).code, 422, JSON.stringify(operation))
  }
})

test('what is no operation is a bad request', t => {
  for (const operation of [
    null,
    'add',
    {},
    { op: 'constructor', path: '/spec' },
    { op: 'add', path: '/spec' },
    { op: 'add', path: 'spec', value: 1 },
    { op: 'add', path: 1, value: 1 },
    { op: 'copy', path: '/spec' },
    { op: 'remove', path: '/a'.repeat(100) },
  ]) {
    t.is(refused(operation).code, 400, JSON.stringify(operation))
  }
  t.is(refusal(() => patched('json', held, { op: 'remove', path: '/spec' })).code, 400)
})

test('10000 operations are done, and not one more', t => {
  const test = { op: 'test', path: '/spec/holderIdentity', value: 'h' }
  t.deepEqual(patched('json', held, Array(10_000).fill(test)), held)
  const { code, message } = refused(...Array(10_001).fill(test))
  t.is(code, 413)
  t.regex(message ?? '', /The allowed maximum operations in a JSON patch is 10000, got 10001$/)
})

test('copies that double what they copy come to an end', t => {
  const copies = Array.from({ length: 100 }, (_, i) => ({ op: 'copy', from: '/spec', path: `/spec/${i}x` }))
  t.is(refused(...copies).code, 422)
  const moves = Array.from({ length: 1_000 }, (_, i) => ({
    op: 'move',
    from: `/metadata/${i % 2 === 0 ? 'a' : 'b/c'}`,
    path: `/metadata/${i % 2 === 0 ? 'b/c' : 'a'}`,
  }))
  const start = [
    { op: 'add', path: '/metadata/a', value: Array(5_000).fill('x') },
    { op: 'add', path: '/metadata/b', value: {} },
  ]
  t.is(refused(...start, ...moves).code, 422)
})
