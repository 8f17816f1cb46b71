import test from 'ava'
import fc from 'fast-check'
import {
  fieldElement,
  fieldSet,
  fieldsV1,
  inReadingOrder,
  keyElement,
  pathText,
  pathTo,
  valueElement,
} from '../../../../services/coordinator/kubernetes/apply/field-set.js'

const path = (...elements: string[]): string => elements.reduce(pathTo, '')
const labels = path(fieldElement('metadata'), fieldElement('labels'))

test('a path reads as Kubernetes writes it', t => {
  const metadata = fieldElement('metadata')
  t.is(
    pathText(path(metadata, fieldElement('labels'), fieldElement('example.com/a'))),
    '.metadata.labels.example.com/a',
  )
  t.is(pathText(path(metadata, fieldElement('finalizers'), valueElement('f'))), '.metadata.finalizers[="f"]')
  t.is(pathText(path(fieldElement('x'), keyElement({ a: 1, b: 'c' }))), '.x[a=1,b="c"]')
})

test('a field that has fields inside is marked by a dot', t => {
  t.deepEqual(fieldsV1(new Set([labels, pathTo(labels, fieldElement('a'))])), {
    'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
  })
  t.deepEqual(fieldsV1(new Set([labels])), { 'f:metadata': { 'f:labels': {} } })
})

test('elements of unknown kinds are passed over', t => {
  t.deepEqual(fieldSet({ 'x:y': {}, 'i:0': {}, 'f:spec': {} }), new Set([fieldElement('spec')]))
})

test('keys and values are told apart by their meaning', t => {
  t.deepEqual(fieldSet({ 'k:{"b":1, "a":2}': {} }), new Set([keyElement({ a: 2, b: 1 })]))
})

test('what has nothing inside is read first, on each level', t => {
  const spec = fieldElement('spec')
  const a = pathTo(labels, fieldElement('a'))
  t.deepEqual(inReadingOrder(new Set([a, labels, spec])), [spec, labels, a])
})

test('a set is the same after it was written and read', t => {
  const element = fc.oneof(
    fc
      .string()
      .filter(text => !text.includes('\0'))
      .map(fieldElement),
    fc.jsonValue({ maxDepth: 1 }).map(valueElement),
    fc.string().map(uid => keyElement({ uid })),
  )
  fc.assert(
    fc.property(fc.array(fc.array(element, { minLength: 1, maxLength: 4 })), paths => {
      const set = new Set(paths.map(elements => path(...elements)))
      const read = fieldSet(JSON.parse(JSON.stringify(fieldsV1(set))))
      t.deepEqual([...(read ?? [])].sort(), [...set].sort())
    }),
  )
})
