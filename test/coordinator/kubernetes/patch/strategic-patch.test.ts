import test from 'ava'
import type { JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import { patched } from '../../../../services/coordinator/kubernetes/patch/patched.js'
import { lease, refusal } from './leases.js'

const node = (uid: string, name = 'n') => ({ apiVersion: 'v1', kind: 'Node', name, uid })
const ofMetadata = (metadata: JsonObject, patch: JsonObject) =>
  (patched('strategic', lease({ metadata }), { metadata: patch }) as { metadata: JsonObject }).metadata

test('finalizers are a set: those of the patch are added', t => {
  t.deepEqual(ofMetadata({ finalizers: ['a', 'b'] }, { finalizers: ['c', 'a'] }).finalizers, ['c', 'a', 'b'])
})

test('a list of finalizers to delete takes them away, and an order puts the others in it', t => {
  const patch = { '$deleteFromPrimitiveList/finalizers': ['a'], '$setElementOrder/finalizers': ['c', 'b'] }
  t.deepEqual(ofMetadata({ finalizers: ['a', 'b', 'c'] }, patch).finalizers, ['c', 'b'])
})

test('an item that the client does not know of keeps its place among those that it orders', t => {
  const patch = { '$setElementOrder/finalizers': ['c', 'a'] }
  t.deepEqual(ofMetadata({ finalizers: ['a', 'server', 'c'] }, patch).finalizers, ['server', 'c', 'a'])
})

test('owners are told apart by their uid: a patch changes, adds and deletes single ones', t => {
  const patch = { ownerReferences: [{ uid: '1', name: 'other' }, node('3'), { $patch: 'delete', uid: '2' }] }
  t.deepEqual(ofMetadata({ ownerReferences: [node('1'), node('2')] }, patch).ownerReferences, [
    node('1', 'other'),
    node('3'),
  ])
})

test('an item that says replace makes the others the whole list', t => {
  const patch = { ownerReferences: [node('3'), { $patch: 'replace' }] }
  t.deepEqual(ofMetadata({ ownerReferences: [node('1')] }, patch).ownerReferences, [node('3')])
})

test('an object is deleted, replaced or merged as it says', t => {
  const labels = { a: '1', b: '2' }
  t.deepEqual(ofMetadata({ labels }, { labels: { $patch: 'replace', c: '3' } }).labels, { c: '3' })
  t.deepEqual(ofMetadata({ labels }, { labels: { $patch: 'delete' } }).labels, {})
  t.deepEqual(ofMetadata({ labels }, { labels: { $patch: 'merge', c: '3' } }).labels, { ...labels, c: '3' })
  t.false('labels' in ofMetadata({}, { labels: { $patch: 'delete', c: '3' } }))
})

test('only the keys that are retained stay', t => {
  const object = lease({ spec: { holderIdentity: 'h', leaseDurationSeconds: 10 } })
  const patch = { spec: { $retainKeys: ['holderIdentity', 'leaseTransitions'], leaseTransitions: 1 } }
  t.deepEqual(patched('strategic', object, patch).spec, { holderIdentity: 'h', leaseTransitions: 1 })
})

test('a null takes a field or a list away', t => {
  const object = lease({ metadata: { finalizers: ['a'] }, spec: { holderIdentity: 'h' } })
  const patch = { metadata: { finalizers: null }, spec: { holderIdentity: null } }
  t.deepEqual(patched('strategic', object, patch), lease())
})

test('what no directive says is a bad request', t => {
  for (const patch of [
    { $patch: 'other' },
    { $patch: 1 },
    { spec: { $retainKeys: 'holderIdentity' } },
    { spec: { $retainKeys: ['strategy'], holderIdentity: 'h' } },
    { spec: { '$setElementOrder/finalizers': [] } },
    { metadata: { '$setElementOrder/finalizers': 'a' } },
    { metadata: { '$setElementOrder/finalizers': [1] } },
    { metadata: { '$deleteFromPrimitiveList/ownerReferences': [] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': {} } },
    { metadata: { $other: 1 } },
    { metadata: { finalizers: [1] } },
    { metadata: { ownerReferences: [{ name: 'n' }] } },
    { metadata: { ownerReferences: ['u'] } },
  ]) {
    const object = lease({ metadata: { finalizers: ['a'] } })
    t.is(refusal(() => patched('strategic', object, patch)).code, 400, JSON.stringify(patch))
  }
})
