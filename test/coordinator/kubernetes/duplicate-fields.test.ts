import test from 'ava'
import fc from 'fast-check'
import { DepthError, duplicateFields, maxDepth } from '../../../services/coordinator/kubernetes/duplicate-fields.js'

test('fields that are there twice are named once each, with what they are in', t => {
  const json = '{"spec":{},"metadata":{"labels":{"a":"1","a":"1","a":"1"},"name":"x","name":"y"},"spec":{}}'
  t.deepEqual(duplicateFields(json), ['metadata.labels.a', 'metadata.name', 'spec'])
})

test('objects in lists are told apart', t => {
  const json = '{"a":[{"k":1,"k":2},[],"x",{"k":1},{"k":1,"k":2}]}'
  t.deepEqual(duplicateFields(json), ['a[0].k', 'a[4].k'])
})

test('a key is what it stands for, not how it is written', t => {
  t.deepEqual(duplicateFields('{"a":1,"\\u0061":2}'), ['a'])
  t.deepEqual(duplicateFields('{"\\"":1,"\\\\":2,"\\\\\\"":3,"\\"":4}'), ['"'])
})

test('what only looks like a field in a text is none', t => {
  t.deepEqual(duplicateFields('{"a":"\\"b\\":1,\\"b\\":2","b":"{","c":"}"}'), [])
})

test('the fields of managedFields are not looked at', t => {
  t.deepEqual(duplicateFields('{"metadata":{"managedFields":[{"fieldsV1":{"a":1,"a":2}}]}}'), [])
})

test('a text that is too deep is refused, one level less is not', t => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  t.deepEqual(duplicateFields(deep(maxDepth)), [])
  t.throws(() => duplicateFields(deep(maxDepth + 1)), { instanceOf: DepthError, message: 'exceeded max depth' })
})

test('whatever JSON.stringify writes has nothing twice', t => {
  fc.assert(fc.property(fc.jsonValue(), value => t.deepEqual(duplicateFields(JSON.stringify(value)), [])))
  fc.assert(fc.property(fc.jsonValue(), value => t.deepEqual(duplicateFields(JSON.stringify(value, null, 2)), [])))
})

test('a field that is put in again is found', t => {
  const key = fc.string({ unit: 'binary', minLength: 1 })
  fc.assert(
    fc.property(key, fc.jsonValue(), fc.jsonValue(), (name, before, value) => {
      const field = `${JSON.stringify(name)}:${JSON.stringify(value)}`
      t.deepEqual(duplicateFields(`{"x":[${JSON.stringify(before)},{${field} , ${field}}]}`), [`x[1].${name}`])
    }),
  )
})
