import anyTest, { type TestFn } from 'ava'
import { systemRandom } from '../../../clock/random.js'
import type { Coordinator } from '../../../services/coordinator/coordinator.js'
import type { JsonObject } from '../../../services/coordinator/kubernetes/decoding.js'
import {
  createNamespace,
  deleteNamespace,
  getNamespace,
  listNamespaces,
  type NamespaceQuery,
  systemNamespaces,
  writeNamespace,
} from '../../../services/coordinator/kubernetes/namespaces.js'
import { objectTable } from '../../../services/coordinator/kubernetes/object-table.js'
import type { StatusError } from '../../../services/coordinator/kubernetes/status.js'
import { startCoordinator, type TestCoordinator } from '../../support/coordinator.js'

const test = anyTest as TestFn<{ process: TestCoordinator; coordinator: Coordinator }>

test.beforeEach(async t => {
  const process = await startCoordinator()
  t.context = { process, coordinator: process.coordinator }
})

test.afterEach.always(t => t.context.process.stop())

function create(coordinator: Coordinator, namespace: string, name: string, finalizers?: string[]) {
  const changes = finalizers === undefined ? {} : { finalizers }
  return coordinator.execute('write', (leases, time) => leases.create({ namespace, name, changes }, time))
}

interface NamespaceList extends JsonObject {
  metadata: { resourceVersion: string; continue?: string }
  items: { metadata: { name: string; uid: string } }[]
}

const list = async (coordinator: Coordinator, query?: NamespaceQuery): Promise<NamespaceList> =>
  // Its shape is what this test is about.
  (await listNamespaces(coordinator, query)) as NamespaceList

const namesOf = ({ items }: NamespaceList): string[] => items.map(({ metadata }) => metadata.name)

const leaseNames = (coordinator: Coordinator, namespace: string) =>
  coordinator.execute('read', leases =>
    leases.list({ namespace, matches: () => true, limit: 10_000 }).leases.map(({ name }) => name),
  )

test('namespaces are those with leases and the four that every cluster has, in order', async t => {
  const { coordinator } = t.context
  t.deepEqual(namesOf(await list(coordinator)), [...systemNamespaces])
  await create(coordinator, 'shop', 'a')
  await create(coordinator, 'default', 'a')
  const { revision } = await create(coordinator, 'a-team', 'b')
  const found = await list(coordinator)
  t.deepEqual(namesOf(found), ['a-team', 'default', 'kube-node-lease', 'kube-public', 'kube-system', 'shop'])
  t.is(found.metadata.resourceVersion, String(revision))
  t.is(found.kind, 'NamespaceList')
})

test('pages together have every namespace once', async t => {
  const { coordinator } = t.context
  for (const namespace of ['a', 'b', 'k', 'l', 'z', 'kube-public']) await create(coordinator, namespace, 'x')
  const whole = namesOf(await list(coordinator))
  for (const limit of [1, 2, 3, 4, 100]) {
    const names: string[] = []
    let token = ''
    do {
      const page = await list(coordinator, { limit, continue: token })
      t.true(page.items.length <= limit)
      names.push(...namesOf(page))
      token = page.metadata.continue ?? ''
    } while (token !== '')
    t.deepEqual(names, whole)
  }
  for (const token of ['?', 'QUJD', Buffer.from('a\0b').toString('base64url')]) {
    await t.throwsAsync(list(coordinator, { continue: token }), { code: 400 })
  }
})

test('a list is narrowed by the label that every namespace has, and by name', async t => {
  const { coordinator } = t.context
  await create(coordinator, 'shop', 'a')
  const labelSelector = 'kubernetes.io/metadata.name in (shop,default)'
  t.deepEqual(namesOf(await list(coordinator, { labelSelector })), ['default', 'shop'])
  t.deepEqual(namesOf(await list(coordinator, { selects: name => name === 'shop' })), ['shop'])
})

test('a namespace is there while it has a lease, always with the same uid', async t => {
  const { coordinator } = t.context
  const refused = await t.throwsAsync<StatusError>(getNamespace(coordinator, 'shop'))
  t.is(refused?.code, 404)
  t.is(refused?.message, 'namespaces "shop" not found')
  await create(coordinator, 'shop', 'a')
  const namespace = await getNamespace(coordinator, 'shop')
  t.like(namespace, { kind: 'Namespace', apiVersion: 'v1', status: { phase: 'Active' } })
  t.deepEqual(await getNamespace(coordinator, 'shop'), namespace)
  t.regex(
    (namespace.metadata as { uid: string }).uid,
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  await t.throwsAsync(getNamespace(coordinator, 'sho'), { code: 404 })
  await t.throwsAsync(getNamespace(coordinator, 'shop\0a'), { code: 404 })
})

test('a create is answered as if, and says what is not kept', async t => {
  const { coordinator } = t.context
  const make = (metadata: object) => createNamespace(coordinator, { metadata }, systemRandom)
  const made = await make({ name: 'shop', labels: {} })
  t.like(made, { code: 201, namespace: { metadata: { name: 'shop' } }, warnings: [] })
  await t.throwsAsync(getNamespace(coordinator, 'shop'), { code: 404 })
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' }
  t.deepEqual((await make({ name: 'shop', annotations: applied })).warnings, [])
  t.regex((await make({ name: 'shop', labels: { a: 'b' } })).warnings.join(), /labels are lost/)
  const generated = (await make({ generateName: 'e2e-' })).namespace.metadata as { name: string }
  t.regex(generated.name, /^e2e-[0-9a-f]{5}$/)
})

test('a create of what is there, or with a name that none can have, is refused', async t => {
  const { coordinator } = t.context
  await create(coordinator, 'shop', 'a')
  const refusal = async (metadata: unknown) => {
    const error = await t.throwsAsync<StatusError>(createNamespace(coordinator, { metadata }, systemRandom))
    return [error?.code, error?.status.reason, error?.message]
  }
  t.deepEqual(await refusal({ name: 'shop' }), [409, 'AlreadyExists', 'namespaces "shop" already exists'])
  t.deepEqual((await refusal({ name: 'default' })).slice(0, 2), [409, 'AlreadyExists'])
  const [code, reason, message] = await refusal({ name: 'A.b' })
  t.deepEqual([code, reason], [422, 'Invalid'])
  t.regex(String(message), /^Namespace "A\.b" is invalid: metadata\.name: Invalid value: "A\.b": /)
  t.deepEqual((await refusal({})).slice(0, 2), [422, 'Invalid'])
  t.deepEqual((await refusal(undefined)).slice(0, 2), [422, 'Invalid'])
  t.deepEqual((await refusal({ name: 5 })).slice(0, 2), [400, 'BadRequest'])
})

test('a patch leaves a namespace as it is, and an apply may make it', async t => {
  const { coordinator } = t.context
  t.like(await writeNamespace(coordinator, 'default', [{ op: 'test' }], false), { code: 200, warnings: [] })
  t.is((await writeNamespace(coordinator, 'shop', {}, true)).code, 201)
  await t.throwsAsync(writeNamespace(coordinator, 'shop', {}, false), { code: 404 })
  await t.throwsAsync(writeNamespace(coordinator, 'Shop', {}, true), { code: 422 })
})

test('a deletion takes every lease of the namespace, and no other, and says how many', async t => {
  const { coordinator } = t.context
  const names = Array.from({ length: 1_203 }, (_, index) => `lease-${index}`)
  await Promise.all(names.map(name => create(coordinator, 'shop', name)))
  await create(coordinator, 'shop-2', 'other')
  const { uid } = (await getNamespace(coordinator, 'shop')).metadata as { uid: string }
  const status = await deleteNamespace(coordinator, 'shop', systemRandom, { uid })
  t.like(status, { kind: 'Status', status: 'Success', message: '1203 leases of namespace shop deleted' })
  t.deepEqual(status.details, { name: 'shop', kind: 'namespaces', uid })
  t.deepEqual(await leaseNames(coordinator, ''), ['other'])
  await t.throwsAsync(deleteNamespace(coordinator, 'shop', systemRandom), { code: 404 })
})

test('a deletion that finalizers hold up says so, and the namespace stays', async t => {
  const { coordinator } = t.context
  await create(coordinator, 'shop', 'a', ['example.com/wait'])
  await create(coordinator, 'shop', 'b')
  const { message } = await deleteNamespace(coordinator, 'shop', systemRandom)
  t.is(message, '1 lease of namespace shop deleted, and 1 will be when their finalizers are done')
  t.deepEqual(await leaseNames(coordinator, 'shop'), ['a'])
})

test('a dry run deletes nothing, and a uid that is not the present one neither', async t => {
  const { coordinator } = t.context
  await create(coordinator, 'shop', 'a')
  const { message } = await deleteNamespace(coordinator, 'shop', systemRandom, { isDryRun: true })
  t.is(message, '1 lease of namespace shop deleted')
  await t.throwsAsync(deleteNamespace(coordinator, 'shop', systemRandom, { uid: 'x' }), { code: 409 })
  t.deepEqual(await leaseNames(coordinator, 'shop'), ['a'])
})

test('three namespaces cannot be deleted; kube-node-lease can, and is there again under another uid', async t => {
  const { coordinator } = t.context
  for (const name of ['default', 'kube-system', 'kube-public']) {
    await create(coordinator, name, 'a')
    const refused = await t.throwsAsync<StatusError>(deleteNamespace(coordinator, name, systemRandom))
    t.is(refused?.code, 403)
    t.is(refused?.message, `namespaces "${name}" is forbidden: this namespace may not be deleted`)
    t.deepEqual(await leaseNames(coordinator, name), ['a'])
  }
  await create(coordinator, 'kube-node-lease', 'node-1')
  const { details } = await deleteNamespace(coordinator, 'kube-node-lease', systemRandom)
  t.deepEqual(await leaseNames(coordinator, 'kube-node-lease'), [])
  const { uid } = (await getNamespace(coordinator, 'kube-node-lease')).metadata as { uid: string }
  t.not(details?.uid, uid)
})

test('a table of namespaces has their names, status and age, with as much of the objects as was asked for', async t => {
  const { coordinator } = t.context
  const found = await listNamespaces(coordinator)
  const table = objectTable(found)
  t.like(table, { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: found.metadata })
  const columns = table.columnDefinitions as { name: string; format: string }[]
  t.deepEqual(
    columns.map(({ name, format }) => [name, format]),
    [
      ['Name', 'name'],
      ['Status', ''],
      ['Age', ''],
    ],
  )
  const [row] = table.rows as { cells: string[]; object: JsonObject }[]
  t.deepEqual(row?.cells, ['default', 'Active', '<unknown>'])
  t.like(row?.object, { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'default' } })
  const rowOf = (object: JsonObject, include: 'None' | 'Object') =>
    (objectTable(object, include).rows as { object?: JsonObject }[])[0]?.object
  t.is(rowOf(found, 'None'), undefined)
  t.like(rowOf(await getNamespace(coordinator, 'default'), 'Object'), { kind: 'Namespace' })
})
