import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { type PatchType, patched } from '../../../../services/coordinator/kubernetes/patch/patched.js'
import { StatusError } from '../../../../services/coordinator/kubernetes/status.js'
import { anyLease, lease, refusal } from './leases.js'

interface KubernetesCase {
  readonly type: PatchType
  readonly object: Record<string, unknown>
  readonly patch: unknown
  readonly result: unknown
}

/** What the libraries of Kubernetes 1.33 (strategicpatch, json-patch) make of these patches. */
const cases = readFileSync(new URL('kubernetes-patches.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as KubernetesCase)

for (const type of ['json', 'merge', 'strategic'] as const) {
  test(`a ${type} patch does what it does in Kubernetes`, t => {
    for (const { object, patch, result } of cases.filter(one => one.type === type)) {
      const title = JSON.stringify(patch)
      if (result === 'refused') t.throws(() => patched(type, object, patch), { instanceOf: StatusError }, title)
      else t.deepEqual(withoutNulls(patched(type, object, patch)), withoutNulls(result), title)
    }
  })

  test(`any ${type} patch gives an object or a Status, and changes nothing that it was given`, t => {
    fc.assert(
      fc.property(anyLease, patches[type], (object, patch) => {
        const before = JSON.stringify([object, patch])
        try {
          t.is(typeof patched(type, object, patch), 'object')
        } catch (error) {
          if (!(error instanceof StatusError)) throw error
        }
        t.is(JSON.stringify([object, patch]), before)
      }),
    )
    t.pass()
  })

  test(`a ${type} patch that is neither object nor list is a bad request`, t => {
    for (const patch of [undefined, null, 'x', 1, true]) t.is(refusal(() => patched(type, lease(), patch)).code, 400)
  })

  test(`a ${type} patch may name what every object inherits`, t => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const patch = JSON.parse(
        type === 'json'
          ? `[{"op":"add","path":"/metadata/labels/${name}","value":"x"}]`
          : `{"metadata":{"labels":{"${name}":"x"}}}`,
      )
      const { metadata } = patched(type, lease({ metadata: { labels: { a: '1' } } }), patch) as { metadata: Named }
      t.deepEqual(Object.entries(metadata.labels), [
        ['a', '1'],
        [name, 'x'],
      ])
      t.is(Object.getPrototypeOf(metadata.labels), Object.prototype)
      t.is(({} as Record<string, unknown>).x, undefined)
    }
  })
}

test('a patch that is nested too deep is a bad request', t => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  t.is(refusal(() => patched('merge', lease(), deep)).code, 400)
  t.is(refusal(() => patched('strategic', lease(), deep)).code, 400)
  t.is(refusal(() => patched('json', lease(), [{ op: 'add', path: '/spec', value: deep }])).code, 400)
})

test('a merge patch takes away what is null, goes on inside objects and replaces lists', t => {
  const object = lease({ metadata: { labels: { a: '1', b: '2' }, finalizers: ['x'] }, spec: { holderIdentity: 'h' } })
  const patch = { metadata: { labels: { a: null, c: '3' }, finalizers: ['y'] }, spec: { holderIdentity: null } }
  t.deepEqual(
    patched('merge', object, patch),
    lease({ metadata: { labels: { b: '2', c: '3' }, finalizers: ['y'] }, spec: {} }),
  )
})

interface Named {
  readonly labels: Record<string, unknown>
}

const name = fc.constantFrom(
  'metadata',
  'spec',
  'labels',
  'finalizers',
  'ownerReferences',
  'uid',
  'holderIdentity',
  'a',
)
const directive = fc.constantFrom(
  '$patch',
  '$retainKeys',
  '$setElementOrder/finalizers',
  '$setElementOrder/ownerReferences',
  '$deleteFromPrimitiveList/finalizers',
  '$other',
  '__proto__',
)
const { value: anyValue } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(null, 'x', 'delete', 'replace', 'merge', 1, true),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(name, directive), tie('value'), { maxKeys: 4 }),
}))
const pointer = fc
  .array(fc.oneof(name, fc.constantFrom('0', '1', '-', '', '__proto__', 'length', '~1', 'constructor')), {
    maxLength: 4,
  })
  .map(tokens => tokens.map(token => `/${token}`).join(''))
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'other'),
    path: pointer,
    from: pointer,
    value: anyValue,
  },
  { requiredKeys: ['op', 'path'] },
)
const patches = {
  json: fc.oneof(fc.array(operation, { maxLength: 6 }), anyValue),
  merge: anyValue,
  strategic: anyValue,
}

/** A null that is put where nothing was is as good as nothing to who reads the object. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const left = Object.entries(value).filter(([, child]) => child !== null)
  return Object.fromEntries(left.map(([key, child]) => [key, withoutNulls(child)]))
}
