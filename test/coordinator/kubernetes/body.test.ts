import test from 'ava'
import fc from 'fast-check'
import { maxBodyBytes, maxYamlBytes, readBody, readPatch } from '../../../services/coordinator/kubernetes/body.js'
import { maxDepth } from '../../../services/coordinator/kubernetes/duplicate-fields.js'
import { readLease } from '../../../services/coordinator/kubernetes/lease-object.js'
import { protobufOf } from '../../../services/coordinator/kubernetes/protobuf/objects.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'
import { fixtures } from './protobuf/fixtures.js'

const json = 'application/json'
const yaml = 'application/yaml'
const protobuf = 'application/vnd.kubernetes.protobuf'

const read = (body: string | Buffer, type?: string) => readBody(Buffer.from(body), type)

/** What is refused, or undefined. */
function refusal(run: () => unknown): StatusError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return error
  }
}

test('a body is JSON where nothing else is said', t => {
  t.deepEqual(read('{"a":1}').object, { a: 1 })
  t.deepEqual(read('{"a":1}', '').object, { a: 1 })
  t.deepEqual(read('{"a":1}', 'Application/JSON; charset=utf-8').object, { a: 1 })
})

test('no body, an empty one and null are an object with nothing in it', t => {
  t.deepEqual(readBody(undefined, json).object, {})
  for (const type of [json, yaml, protobuf]) t.deepEqual(read('', type).object, {})
  t.deepEqual(read('null', json).object, {})
  t.deepEqual(read('# nothing', yaml).object, {})
})

test('what is no object is refused, with its beginning', t => {
  for (const body of ['[]', '3', '"x"', '{', '{} x', 'true', '\u{1f4a5}']) {
    const error = refusal(() => read(body, json))
    t.like(error?.status, { code: 400, reason: 'BadRequest' }, body)
    t.regex(
      error?.message ?? '',
      /^the object provided is unrecognized: couldn't get version\/kind; json parse error: /,
    )
  }
  t.regex(refusal(() => read('[]', json))?.message ?? '', /\(5b5d\)$/)
  t.regex(refusal(() => read(`{${'x'.repeat(50)}`, json))?.message ?? '', /\({x{29} \.\.\.\)$/)
})

test('what is there twice is told in words', t => {
  t.deepEqual(read('{"spec":{"holderIdentity":"a","holderIdentity":"b"}}', json), {
    object: { spec: { holderIdentity: 'b' } },
    duplicates: ['duplicate field "spec.holderIdentity"'],
  })
  t.deepEqual(read('spec:\n  holderIdentity: a\n  holderIdentity: b\n', yaml), {
    object: { spec: { holderIdentity: 'b' } },
    duplicates: ['key "holderIdentity" already set in map'],
  })
})

test('YAML is read as Kubernetes reads it: version 1.1, times as texts, the first document', t => {
  const body = 'a: yes\nb: 012\nc: 2026-01-02T03:04:05.000000Z\nd: "yes"\n1: x\ne: &e {f: 1}\ng: *e\n---\nh: i\n'
  t.deepEqual(read(body, yaml).object, {
    a: true,
    b: 10,
    c: '2026-01-02T03:04:05.000000Z',
    d: 'yes',
    1: 'x',
    e: { f: 1 },
    g: { f: 1 },
  })
})

test('YAML that cannot be read is refused', t => {
  const bodies = [
    'a: b: c',
    '[]',
    'x',
    '\tx',
    'a: *b',
    'a: &a [*a]',
    '{'.repeat(10_000),
    '[{'.repeat(1_000),
    '- '.repeat(20_000),
  ]
  for (const body of bodies) t.is(refusal(() => read(body, yaml))?.code, 400, body.slice(0, 20))
})

test('YAML that grows when it is read is refused', t => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(10)}]`,
  )
  t.is(refusal(() => read(`l0: &l0 [${'x, '.repeat(10)}]\n${levels.join('\n')}\n`, yaml))?.code, 400)
})

test('protobuf is read to the same object as JSON', t => {
  for (const { object, hex } of fixtures) t.deepEqual(read(Buffer.from(hex, 'hex'), protobuf).object, object)
  const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'a' }, spec: {} }
  t.like(readLease(read(protobufOf(lease), protobuf).object, 'Strict'), { metadata: { name: 'a' } })
})

test('bytes that are not protobuf are refused', t => {
  const error = refusal(() => read('{}', protobuf))
  t.is(error?.code, 400)
  t.regex(error?.message ?? '', /does not appear to be a protobuf message, expected prefix \[107 56 115 0\]/)
})

test('another type is 415, with those that are read', t => {
  for (const type of ['text/plain', 'text/yaml', 'application/x-www-form-urlencoded', 'application/json, x/y', ';']) {
    t.like(refusal(() => read('{}', type))?.status, {
      code: 415,
      reason: 'UnsupportedMediaType',
      message: `the body of the request was in an unknown format - accepted media types include: ${json}, ${yaml}, ${protobuf}`,
    })
  }
})

test('bodies are bounded in bytes and in depth', t => {
  const padded = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
  t.is(
    refusal(() => read(padded(maxBodyBytes), json)),
    undefined,
  )
  t.is(refusal(() => read(padded(maxBodyBytes + 1), json))?.code, 413)
  t.is(refusal(() => read(padded(maxBodyBytes + 1), yaml))?.code, 413)
  t.is(
    refusal(() => read(`a: ${'x'.repeat(maxYamlBytes - 3)}`, yaml)),
    undefined,
  )
  t.is(refusal(() => read(`a: ${'x'.repeat(maxYamlBytes - 2)}`, yaml))?.code, 413)
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  t.is(
    refusal(() => read(deep(maxDepth), json)),
    undefined,
  )
  t.regex(refusal(() => read(deep(maxDepth + 1), json))?.message ?? '', /exceeded max depth/)
  t.is(refusal(() => read(deep(100_000), json))?.code, 400)
})

test('a patch is any JSON, and applied objects may be YAML', t => {
  t.deepEqual(readPatch(Buffer.from('[{"op":"test"}]'), 'json'), [{ op: 'test' }])
  t.deepEqual(readPatch(Buffer.from('{"a":null}'), 'json'), { a: null })
  t.deepEqual(readPatch(Buffer.from('a: 1'), 'yaml'), { a: 1 })
  t.deepEqual(readPatch(Buffer.from('{"a":1}'), 'yaml'), { a: 1 })
  t.deepEqual(readPatch(Buffer.from('{a: 1}'), 'yaml'), { a: 1 })
  t.like(refusal(() => readPatch(Buffer.from('{'), 'json'))?.status, { code: 400, reason: 'BadRequest' })
  t.is(refusal(() => readPatch(undefined, 'json'))?.code, 400)
  t.is(refusal(() => readPatch(Buffer.alloc(maxBodyBytes + 1, 0x20), 'json'))?.code, 413)
})

test('names that every object has are harmless in every form', t => {
  const body = '{"__proto__":{"polluted":1},"metadata":{"labels":{"__proto__":"x"}}}'
  for (const type of [json, yaml]) {
    const { object } = read(body, type)
    t.deepEqual(Object.keys(object), ['__proto__', 'metadata'])
    t.false('polluted' in object)
    t.is(Object.getPrototypeOf(readLease(object, 'Ignore').lease.labels), Object.prototype)
  }
})

test('any bytes in any form are an object or refused', t => {
  const types = fc.constantFrom(json, yaml, protobuf, undefined, 'x')
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    'a: ',
    '\n',
    '  ',
    '- ',
    '&a',
    '*a',
    '!!x',
    '%',
    '|',
    '<<: ',
    '?',
  )
  const body = fc.oneof(
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    fc.jsonValue().map(value => Buffer.from(JSON.stringify(value))),
    fc.array(piece).map(pieces => Buffer.from(pieces.join(''))),
  )
  fc.assert(
    fc.property(body, types, (bytes, type) => {
      refusal(() => {
        const { object, duplicates } = readBody(bytes, type)
        readLease(object, 'Warn', duplicates)
      })
      refusal(() => readPatch(bytes, type === yaml ? 'yaml' : 'json'))
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})
