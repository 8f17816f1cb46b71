import test from 'ava'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  encode,
  type Format,
  negotiate,
  negotiateStream,
  partialObject,
} from '../../../services/coordinator/kubernetes/negotiation.js'
import { objectOfProtobuf } from '../../../services/coordinator/kubernetes/protobuf/objects.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'

const json = 'application/json'
const protobuf = 'application/vnd.kubernetes.protobuf'
const table = `${json};as=Table;v=v1;g=meta.k8s.io`

/** Shape and encoding, or the code of the refusal. */
function asked(accept: string | undefined): string {
  try {
    const { shape, encoding } = negotiate(accept)
    return `${shape} ${encoding}`
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return String(error.code)
  }
}

const answers: readonly (readonly [string, string])[] = [
  ['', 'object json'],
  ['*/*', 'object json'],
  [`${json}, */*`, 'object json'],
  ['application/*', 'object json'],
  ['application/yaml', 'object yaml'],
  [`${protobuf},${json}`, 'object protobuf'],
  ['text/html,*/*;q=0.1', 'object json'],
  ['application/cbor,application/json', 'object json'],
  [`${json};q=0.5,application/yaml`, 'object yaml'],
  [`application/yaml;q=0.9,${json}`, 'object json'],
  [`application/yaml;q=0.5,${json};q=0.5`, 'object yaml'],
  ['*/*,application/yaml', 'object yaml'],
  ['application/*,application/yaml', 'object yaml'],
  [`${json};q=0`, 'object json'],
  [`${json};q=abc`, 'object json'],
  [' application/yaml , application/json', 'object yaml'],
  [',,application/yaml', 'object yaml'],
  [`${json}; charset=utf-8`, 'object json'],
  [`${json};foo=bar`, 'object json'],
  [`${json};stream=watch`, 'object json'],
  [`${table},${json};as=Table;v=v1beta1;g=meta.k8s.io,${json}`, 'table json'],
  ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'table yaml'],
  [`${protobuf};as=Table;v=v1;g=meta.k8s.io,${table}`, 'table json'],
  [`${json};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`, 'partial json'],
  [`${protobuf};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`, 'partial protobuf'],
  [`${json};as=Foo;v=v1;g=meta.k8s.io,application/yaml`, 'object yaml'],
  [`${json};as=Table`, '406'],
  [`${json};as=Table;v=v2;g=meta.k8s.io`, '406'],
  [`${json};stream=other`, '406'],
  [`${json};sv=v1`, '406'],
  ['APPLICATION/JSON', '406'],
  ['text/html', '406'],
  ['application', '406'],
]

for (const [accept, answer] of answers) {
  test(`Accept '${accept}' is answered with: ${answer}`, t => t.is(asked(accept), answer))
}

test('without an Accept header the answer is JSON', t => {
  t.is(asked(undefined), 'object json')
})

test('what cannot be answered says what can', t => {
  const error = t.throws(() => negotiate('text/html'), { instanceOf: StatusError })
  t.like(error?.status, {
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${json}, application/yaml, ${protobuf}`,
  })
})

test('an endpoint may not have every shape and encoding', t => {
  t.is(negotiate(`${table},${json}`, { shapes: ['object'] }).shape, 'object')
  t.is(negotiate(`${protobuf},${json}`, { encodings: ['json', 'yaml'] }).encoding, 'json')
  t.throws(() => negotiate(protobuf, { encodings: ['json'] }), { message: /are accepted: application\/json$/ })
})

test('a table of v1beta1 says so', t => {
  t.is(negotiate(`${json};as=Table;v=v1beta1;g=meta.k8s.io`).version, 'v1beta1')
})

test('people get line breaks: by the query, by the header, by their program', t => {
  const pretty = (accept: string, search = '', userAgent = '') =>
    negotiate(accept, { query: new URLSearchParams(search), userAgent }).isPretty
  t.false(pretty(json))
  t.true(pretty(`${json};pretty=1`))
  t.true(pretty(json, 'pretty=true'))
  t.true(pretty(json, '', 'curl/8.0'))
  t.true(pretty(json, '', 'Mozilla/5.0 (X11)'))
  t.false(pretty(json, 'pretty=false', 'curl/8.0'))
  t.false(pretty(json, '', 'kubectl/v1.33.0'))
})

test('includeObject is about tables alone', t => {
  const include = (accept: string, search: string) =>
    negotiate(accept, { query: new URLSearchParams(search) }).includeObject
  t.is(include(table, ''), 'Metadata')
  t.is(include(table, 'includeObject=None'), 'None')
  t.is(include(table, 'includeObject=Object'), 'Object')
  t.is(include(json, 'includeObject=nonsense'), 'Metadata')
  const error = t.throws(() => include(table, 'includeObject=nonsense'), { instanceOf: StatusError })
  t.is(error?.code, 400)
})

test('a watch is a stream of JSON or protobuf, never for people', t => {
  t.like(negotiateStream(`${json};pretty=1`), { contentType: json, isPretty: false })
  t.is(negotiateStream(`${protobuf};stream=watch,${json}`).contentType, `${protobuf};stream=watch`)
  t.is(negotiateStream(`application/yaml,${table}`).shape, 'table')
  t.throws(() => negotiateStream('application/yaml'), {
    message: `only the following media types are accepted: ${json};stream=watch, ${protobuf};stream=watch`,
  })
})

const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'yes' }, spec: {} }
const encoded = (encoding: Format['encoding'], isPretty = false) => encode({ encoding, isPretty }, lease)

test('an object is written in each encoding', t => {
  t.is(encoded('json'), JSON.stringify(lease))
  t.is(encoded('json', true), JSON.stringify(lease, undefined, 2))
  t.deepEqual(parse(String(encoded('yaml')), { version: '1.1' }), lease)
  t.regex(String(encoded('yaml')), /name: "yes"/)
  t.deepEqual(objectOfProtobuf(Buffer.from(encoded('protobuf'))), lease)
})

test('a kind without a message is not written in protobuf', t => {
  t.throws(() => encode({ encoding: 'protobuf', isPretty: false }, { kind: 'EventList', apiVersion: 'v1' }), {
    message: 'v1 EventList has no message',
  })
})

test('a partial object is its metadata, and a partial list is one of those', t => {
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'yes' } }
  t.deepEqual(partialObject(lease), partial)
  const list = { kind: 'LeaseList', metadata: { resourceVersion: '5' }, items: [lease] }
  t.deepEqual(partialObject(list, 'v1beta1'), {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1beta1',
    metadata: { resourceVersion: '5' },
    items: [{ ...partial, apiVersion: 'meta.k8s.io/v1beta1' }],
  })
})

test('any Accept header is answered or refused', t => {
  const piece = fc.constantFrom(json, table, '*', '/', ';', '=', ',', 'q', 'as', '0.5', '__proto__', ' ')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map(pieces => pieces.join('')),
      ),
      accept => {
        t.regex(asked(accept), /^(406|(object|table|partial) (json|yaml|protobuf))$/)
      },
    ),
  )
})
