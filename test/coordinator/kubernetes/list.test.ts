import anyTest, { type TestFn } from 'ava'
import { parse } from 'yaml'
import { objectOfProtobuf } from '../../../services/coordinator/kubernetes/protobuf/objects.js'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'

const test = anyTest as TestFn<KubernetesFixture>

test.beforeEach(async t => {
  t.context = await startKubernetes()
  for (const [namespace, name, app] of [
    ['default', 'a', 'x'],
    ['default', 'b', 'y'],
    ['default', 'c', 'x'],
    ['other', 'a', 'x'],
  ] as const) {
    const body = { metadata: { name, labels: { app } }, spec: { holderIdentity: `${name}-holder` } }
    await t.context.call('POST', leasesPath(namespace), { body })
  }
})

test.afterEach.always(t => t.context.stop())

const all = '/apis/coordination.k8s.io/v1/leases'
const leases = leasesPath()
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string }
}

const namesOf = ({ items }: { items: Item[] }) => items.map(({ metadata }) => metadata.name)

test('a list has the leases of a namespace in order, and says at which version it was read', async t => {
  const { code, body } = await t.context.call('GET', leases)
  t.is(code, 200)
  t.deepEqual(namesOf(body), ['a', 'b', 'c'])
  t.like(body, { kind: 'LeaseList', apiVersion: 'coordination.k8s.io/v1' })
  t.is(body.metadata.resourceVersion, String(t.context.coordinator.table.revision))
})

test('the items of a list do not say of what kind they are', async t => {
  const { body } = await t.context.call('GET', leases)
  t.deepEqual(Object.keys(body.items[0]), ['metadata', 'spec'])
})

test('an empty list has no items, and is no error', async t => {
  const { code, body } = await t.context.call('GET', leasesPath('nowhere'))
  t.is(code, 200)
  t.deepEqual(body.items, [])
})

test('all namespaces are listed together', async t => {
  const { body } = await t.context.call('GET', all)
  t.deepEqual(
    body.items.map(({ metadata }: Item) => `${metadata.namespace}/${metadata.name}`),
    ['default/a', 'default/b', 'default/c', 'other/a'],
  )
})

for (const [query, names] of [
  ['labelSelector=app%3Dx', ['a', 'c']],
  ['labelSelector=app%20notin%20(x)', ['b']],
  ['fieldSelector=metadata.name%3Db', ['b']],
  ['fieldSelector=metadata.name!%3Db', ['a', 'c']],
  ['fieldSelector=metadata.name%3Db&labelSelector=app%3Dx', []],
  ['fieldSelector=metadata.namespace%3Dother', []],
] as const) {
  test(`a list is narrowed by ${query}`, async t => {
    t.deepEqual(namesOf((await t.context.call('GET', `${leases}?${query}`)).body), names)
  })
}

test('a field that leases cannot be selected by is refused by name', async t => {
  const { code, body } = await t.context.call('GET', `${leases}?fieldSelector=spec.holderIdentity%3Dx`)
  t.is(code, 400)
  t.regex(
    body.message,
    /"spec\.holderIdentity" is not a known field selector: only "metadata\.name", "metadata\.namespace"/,
  )
})

test('a selector that cannot be read is a bad request', async t => {
  t.is((await t.context.call('GET', `${leases}?labelSelector=%3D%3D`)).code, 400)
})

test('pages go on by a token, all under the version of the first one', async t => {
  const first = (await t.context.call('GET', `${leases}?limit=2`)).body
  t.deepEqual(namesOf(first), ['a', 'b'])
  await t.context.call('POST', leases, { body: { metadata: { name: 'd' } } })
  const token = encodeURIComponent(first.metadata.continue)
  const second = (await t.context.call('GET', `${leases}?limit=2&continue=${token}`)).body
  t.deepEqual(namesOf(second), ['c', 'd'])
  t.is(second.metadata.continue, undefined)
  t.is(second.metadata.resourceVersion, first.metadata.resourceVersion)
})

test('a token of another list is Expired: list again', async t => {
  const { body } = await t.context.call('GET', `${leases}?limit=1`)
  const token = encodeURIComponent(body.metadata.continue)
  const other = await t.context.call('GET', `${all}?limit=1&continue=${token}`)
  t.is(other.code, 410)
  t.is(other.body.reason, 'Expired')
})

test('version 0 is whatever is at hand, and so is one that has been', async t => {
  const { body } = await t.context.call('GET', leases)
  for (const version of ['0', '1', body.metadata.resourceVersion]) {
    t.is((await t.context.call('GET', `${leases}?resourceVersion=${version}`)).code, 200)
  }
})

test('a version that is not there yet is a timeout that names it', async t => {
  const { code, body, headers } = await t.context.call('GET', `${leases}?resourceVersion=9007199254740991`)
  t.is(code, 504)
  t.is(headers.get('retry-after'), '1')
  t.like(body.details, { causes: [{ reason: 'ResourceVersionTooLarge' }] })
})

test('an exact version is there while it is the present one', async t => {
  const { resourceVersion } = (await t.context.call('GET', leases)).body.metadata
  const exact = `resourceVersionMatch=Exact&resourceVersion=${resourceVersion}`
  t.is((await t.context.call('GET', `${leases}?${exact}`)).code, 200)
  await t.context.call('POST', leases, { body: { metadata: { name: 'd' } } })
  t.is((await t.context.call('GET', `${leases}?${exact}`)).code, 410)
})

for (const [query, code] of [
  ['resourceVersion=x', 400],
  ['limit=x', 400],
  ['continue=x', 410],
  ['continue=x&resourceVersion=5', 400],
  ['resourceVersionMatch=Exact', 422],
  ['resourceVersionMatch=Exact&resourceVersion=0', 422],
  ['resourceVersionMatch=Sometimes&resourceVersion=1', 422],
  ['sendInitialEvents=true', 422],
] as const) {
  test(`a list with ${query} is refused with ${code}`, async t => {
    t.is((await t.context.call('GET', `${leases}?${query}`)).code, code)
  })
}

test('a table has a row for each lease, and three columns more for -o wide', async t => {
  const { body } = await t.context.call('GET', leases, { headers: { accept: table } })
  t.is(body.kind, 'Table')
  t.deepEqual(
    body.columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => [name, priority]),
    [
      ['Name', 0],
      ['Holder', 0],
      ['Age', 0],
      ['State', 1],
      ['Token', 1],
      ['Renewed', 1],
    ],
  )
  t.deepEqual(body.rows[1].cells.slice(0, 2), ['b', 'b-holder'])
  t.is(body.rows[1].object.kind, 'PartialObjectMetadata')
})

test('the rows of a table say of their objects what is asked for', async t => {
  const rowOf = async (include: string) =>
    (await t.context.call('GET', `${leases}?includeObject=${include}`, { headers: { accept: table } })).body.rows[0]
  t.is((await rowOf('Object')).object.spec.holderIdentity, 'a-holder')
  t.is((await rowOf('None')).object, undefined)
  const wrong = await t.context.call('GET', `${leases}?includeObject=Some`, { headers: { accept: table } })
  t.is(wrong.code, 400)
})

test('metadata alone is a list too', async t => {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const { body } = await t.context.call('GET', leases, { headers: { accept } })
  t.is(body.kind, 'PartialObjectMetadataList')
  t.deepEqual(Object.keys(body.items[0]), ['kind', 'apiVersion', 'metadata'])
})

test('a list in YAML and in protobuf is the same list', async t => {
  const { body } = await t.context.call('GET', leases)
  const yaml = await t.context.call('GET', leases, { headers: { accept: 'application/yaml' } })
  t.deepEqual(parse(yaml.text), body)
  const { address } = t.context
  const accept = 'application/vnd.kubernetes.protobuf'
  const response = await fetch(`http://${address}${leases}`, { headers: { accept } })
  t.is(response.headers.get('content-type'), accept)
  const decoded = objectOfProtobuf(Buffer.from(await response.arrayBuffer())) as { items: Item[]; metadata: object }
  t.deepEqual(namesOf(decoded), namesOf(body))
  t.like(decoded.metadata, { resourceVersion: body.metadata.resourceVersion })
})

test('a list for people is the same list on more lines', async t => {
  const { body } = await t.context.call('GET', leases)
  const pretty = await t.context.call('GET', `${leases}?pretty=true`)
  t.deepEqual(pretty.body, body)
  t.true(pretty.text.split('\n').length > 20)
})

test('a collection is deleted as far as the selectors say, and the answer is what went', async t => {
  const { code, body } = await t.context.call('DELETE', `${leases}?labelSelector=app%3Dx`)
  t.is(code, 200)
  t.deepEqual(namesOf(body), ['a', 'c'])
  t.deepEqual(namesOf((await t.context.call('GET', leases)).body), ['b'])
  t.is((await t.context.call('GET', leasesPath('other'))).body.items.length, 1)
})

test('a dry run deletes no collection', async t => {
  t.deepEqual(namesOf((await t.context.call('DELETE', `${leases}?dryRun=All`)).body), ['a', 'b', 'c'])
  t.is((await t.context.call('GET', leases)).body.items.length, 3)
})

test('a list of thousands comes whole', async t => {
  const { coordinator } = t.context.coordinator
  await Promise.all(
    Array.from({ length: 3_000 }, (_, index) =>
      coordinator.execute('write', (leases, time) =>
        leases.create({ namespace: 'many', name: `lease-${index}`, changes: {} }, time),
      ),
    ),
  )
  const { body } = await t.context.call('GET', leasesPath('many'))
  t.is(new Set(namesOf(body)).size, 3_000)
})
