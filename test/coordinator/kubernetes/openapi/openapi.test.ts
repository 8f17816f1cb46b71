import test from 'ava'
import { openApiAnswer, openApiPaths } from '../../../../services/coordinator/kubernetes/openapi/openapi.js'
import type { Schema } from '../../../../services/coordinator/kubernetes/openapi/schema.js'
import { servedVersions } from '../../../../services/coordinator/kubernetes/served-resources.js'
import { StatusError } from '../../../../services/coordinator/kubernetes/status.js'
import { kubernetesLease } from '../../../../services/coordinator/lease/kubernetes-shape.js'
import { image } from '../../feed/samples.js'

interface Operation {
  operationId: string
  parameters: { name: string; in: string }[]
  'x-kubernetes-action': string
  'x-kubernetes-group-version-kind': object
}

interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const answer = (url: string, headers: { accept?: string; ifNoneMatch?: string } = {}) => {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  return openApiAnswer(pathname, { query: searchParams, accept: undefined, ...headers })
}

const indexed = (): Record<string, { serverRelativeURL: string }> => JSON.parse(answer('/openapi/v3').body).paths

const urlOf = (root: string): string => indexed()[root]?.serverRelativeURL ?? ''

const documentOf = (root: string): Document => JSON.parse(answer(urlOf(root)).body)

const leases = 'apis/coordination.k8s.io/v1'

test('the index names a document for each version of a group, under an address with the hash of its content', t => {
  const roots = Object.keys(indexed())
  t.deepEqual(roots, [
    'api/v1',
    'apis/authentication.k8s.io/v1',
    'apis/authentication.k8s.io/v1beta1',
    'apis/authorization.k8s.io/v1',
    leases,
  ])
  for (const root of roots) {
    const url = urlOf(root)
    t.regex(url, new RegExp(`^/openapi/v3/${root}\\?hash=[0-9A-F]{64}$`))
    const { code, contentType, headers } = answer(url)
    t.deepEqual([code, contentType], [200, 'application/json'])
    t.is(headers?.etag, `"${url.split('=')[1]}"`)
    t.is(headers?.vary, 'Accept')
    t.regex(headers?.['cache-control'] ?? '', /^public, immutable, max-age=\d+$/)
  }
  t.deepEqual(openApiPaths, ['/openapi/v2', '/openapi/v3', ...roots.map(root => `/openapi/v3/${root}`)])
})

test('who has the index or a document is told that it is still so', t => {
  for (const url of ['/openapi/v3', urlOf(leases)]) {
    const { etag = '' } = answer(url).headers ?? {}
    for (const ifNoneMatch of [etag, `W/${etag}`, `"x", ${etag}`]) {
      t.like(answer(url, { ifNoneMatch }), { code: 304, body: '' })
      t.is(answer(url, { ifNoneMatch }).headers?.etag, etag)
    }
    t.is(answer(url, { ifNoneMatch: '"x"' }).code, 200)
  }
})

test('without a hash a document may change, and with another hash the present one is named', t => {
  t.is(answer(`/openapi/v3/${leases}`).headers?.['cache-control'], 'no-cache, private')
  const moved = answer(`/openapi/v3/${leases}?hash=0&timeout=32s`)
  t.is(moved.code, 301)
  t.is(moved.headers?.location, urlOf(leases))
})

test('another path is not found, another form is refused, and neither has an ETag', t => {
  const error = t.throws(() => answer('/openapi/v3/apis/apps/v1'), { instanceOf: StatusError })
  t.is(error.code, 404)
  const accept = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'
  const refused = answer(urlOf(leases), { accept })
  t.is(refused.code, 406)
  t.is(refused.headers?.etag, undefined)
  for (const readable of [`${accept}, application/json;q=0.5`, 'application/json, */*', '*/*']) {
    t.is(answer(urlOf(leases), { accept: readable }).code, 200)
  }
})

test('the older form is empty protobuf under a type that clients can read, and empty JSON for who wants that', t => {
  const protobuf = answer('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })
  t.like(protobuf, {
    code: 200,
    contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    body: '',
  })
  const json = answer('/openapi/v2', { accept: 'application/json, */*' })
  t.is(json.contentType, 'application/json')
  t.is(JSON.parse(json.body).swagger, '2.0')
})

test('every verb that is served has an operation of its kind, and every operation a name of its own', t => {
  const ids: string[] = []
  for (const { group, version, resources } of servedVersions) {
    const root = group === '' ? `api/${version}` : `apis/${group}/${version}`
    const operations = Object.values(documentOf(root).paths).flatMap(path =>
      Object.entries(path).flatMap(([method, operation]) => (method === 'parameters' ? [] : [operation])),
    )
    ids.push(...operations.map(({ operationId }) => operationId))
    const actions = { create: 'post', update: 'put' } as Record<string, string>
    for (const { kind, verbs } of resources) {
      for (const verb of verbs.filter(verb => verb !== 'watch')) {
        const found = operations.find(
          operation =>
            operation['x-kubernetes-action'] === (actions[verb] ?? verb) &&
            JSON.stringify(operation['x-kubernetes-group-version-kind']) === JSON.stringify({ group, version, kind }),
        )
        t.truthy(found, `${verb} ${kind}`)
      }
    }
  }
  t.is(new Set(ids).size, ids.length)
})

test('writes of leases and namespaces take fieldValidation, so that clients leave the validation to the server', t => {
  const { paths } = documentOf(leases)
  const one = paths['/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}']
  const names = (operation: Operation | undefined) => operation?.parameters.map(({ name }) => name)
  t.deepEqual(names(one?.patch), ['dryRun', 'fieldManager', 'fieldValidation', 'force'])
  t.deepEqual(names(one?.put), ['dryRun', 'fieldManager', 'fieldValidation'])
  t.deepEqual(one?.parameters, [
    { name: 'namespace', in: 'path', description: 'The namespace.', required: true, schema: { type: 'string' } },
    { name: 'name', in: 'path', description: 'The name of the object.', required: true, schema: { type: 'string' } },
  ] as never)
  const all = paths['/apis/coordination.k8s.io/v1/leases']?.get
  t.true(names(all)?.includes('watch'))
  t.is(all?.operationId, 'listCoordinationV1LeaseForAllNamespaces')
  const namespace = documentOf('api/v1').paths['/api/v1/namespaces/{name}']
  t.true(names(namespace?.patch)?.includes('fieldValidation'))
})

test('every schema that is referred to is there, and everything says what it is', t => {
  for (const root of Object.keys(indexed())) {
    const document = documentOf(root)
    const { schemas } = document.components
    for (const [, name = ''] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
      t.truthy(schemas[name], name)
    }
    for (const [name, { description, properties = {} }] of Object.entries(schemas)) {
      t.truthy(description, name)
      for (const [field, property] of Object.entries(properties)) t.truthy(property.description, `${name}.${field}`)
    }
  }
})

test('every field of a lease has its place in the schemas', t => {
  const { schemas } = documentOf(leases).components
  const full = kubernetesLease({
    ...image(7),
    generateName: 'a-',
    generation: 1,
    deletionTimestamp: 1,
    labels: { a: 'b' },
    annotations: { a: 'b' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'K', name: 'n', uid: 'u', controller: true, blockOwnerDeletion: true }],
    finalizers: ['a/b'],
    managedFields: [
      {
        manager: 'm',
        operation: 'Update',
        apiVersion: 'v1',
        time: 1,
        fieldsType: 'FieldsV1',
        fieldsV1: '{}',
        subresource: 's',
      },
    ],
    holderIdentity: 'h',
    leaseDurationMs: 1_000,
    acquireTime: 1,
    renewTime: 1,
    leaseTransitions: 0,
    strategy: 'OldestEmulationVersion',
    preferredHolder: 'p',
  })
  const check = (value: unknown, schema: Schema | undefined, path: string): void => {
    const [part] = schema?.allOf ?? []
    const referred = (schema?.$ref ?? part?.$ref)?.replace('#/components/schemas/', '')
    const target = referred === undefined ? schema : schemas[referred]
    if (Array.isArray(value)) {
      for (const item of value) check(item, target?.items, path)
      return
    }
    t.is(target?.type, typeof value === 'number' ? 'integer' : (typeof value as Schema['type']), path)
    if (typeof value !== 'object' || value === null || path.endsWith('.fieldsV1')) return
    for (const [key, item] of Object.entries(value)) {
      const next = target?.additionalProperties ?? target?.properties?.[key]
      t.truthy(next, `${path}.${key}`)
      check(item, next, `${path}.${key}`)
    }
  }
  check(full, schemas['io.k8s.api.coordination.v1.Lease'], 'lease')
})
