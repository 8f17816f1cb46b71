/** Kubernetes' JavaScript client against the coordinator: what is written is what is read. */
import {
  ApiException,
  AuthenticationV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  type V1Lease,
  V1MicroTime,
  VersionApi,
} from '@kubernetes/client-node'
import test, { type ExecutionContext } from 'ava'
import { fileCoordinator } from '../file-coordinator.js'
import { kubeConfig } from './kube-config.js'

const coordinator = fileCoordinator()

const leases = (): CoordinationV1Api => kubeConfig(coordinator().httpAddress).makeApiClient(CoordinationV1Api)

const lease = (name: string, spec: V1Lease['spec'] = {}, labels: Record<string, string> = {}): V1Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, labels },
  spec,
})

/** The client declares a date here, and leaves the text as it came. */
const micros = ({ spec }: V1Lease): string => String(spec?.renewTime)

/** The code and the reason with which a call is refused. */
async function refusal(t: ExecutionContext, call: Promise<unknown>): Promise<{ code: number; reason: string }> {
  const error = await t.throwsAsync(call, { instanceOf: ApiException })
  return { code: error?.code ?? 0, reason: JSON.parse(String(error?.body)).reason }
}

test('a lease is created, read, replaced and deleted', async t => {
  const api = leases()
  const namespace = 'crud'
  const spec = {
    holderIdentity: 'me',
    leaseDurationSeconds: 30,
    acquireTime: new V1MicroTime('2026-01-02T03:04:05.006Z'),
    renewTime: new V1MicroTime('2026-01-02T03:05:05.007Z'),
    leaseTransitions: 1,
  }
  const created = await api.createNamespacedLease({ namespace, body: lease('a', spec) })
  t.like(created.spec, { holderIdentity: 'me', leaseDurationSeconds: 30, leaseTransitions: 1 })
  const read = await api.readNamespacedLease({ namespace, name: 'a' })
  t.deepEqual(read, created)
  t.is(micros(read), '2026-01-02T03:05:05.007000Z')
  const renewTime = new V1MicroTime('2026-01-02T03:06:05.008Z')
  const body = { ...read, spec: { ...read.spec, renewTime } }
  const replaced = await api.replaceNamespacedLease({ namespace, name: 'a', body })
  t.is(micros(replaced), '2026-01-02T03:06:05.008000Z')
  t.not(replaced.metadata?.resourceVersion, read.metadata?.resourceVersion)
  t.like(await refusal(t, api.replaceNamespacedLease({ namespace, name: 'a', body })), {
    code: 409,
    reason: 'Conflict',
  })
  t.like(await refusal(t, api.createNamespacedLease({ namespace, body: lease('a') })), {
    code: 409,
    reason: 'AlreadyExists',
  })
  t.like(await api.deleteNamespacedLease({ namespace, name: 'a' }), { kind: 'Status', status: 'Success' })
  t.like(await refusal(t, api.readNamespacedLease({ namespace, name: 'a' })), { code: 404, reason: 'NotFound' })
})

test('leases are listed in pages, by labels and over all namespaces, and deleted together', async t => {
  const api = leases()
  const namespace = 'lists'
  for (const name of ['a', 'b', 'c']) {
    await api.createNamespacedLease({
      namespace,
      body: lease(name, {}, { app: name === 'c' ? 'two' : 'one', of: namespace }),
    })
  }
  const names = ({ items }: { items: V1Lease[] }) => items.map(({ metadata }) => metadata?.name)
  const first = await api.listNamespacedLease({ namespace, limit: 2 })
  t.deepEqual(names(first), ['a', 'b'])
  const second = await api.listNamespacedLease({ namespace, limit: 2, _continue: first.metadata?._continue ?? '' })
  t.deepEqual(names(second), ['c'])
  t.deepEqual(names(await api.listLeaseForAllNamespaces({ labelSelector: `of=${namespace}` })), ['a', 'b', 'c'])
  await api.deleteCollectionNamespacedLease({ namespace, labelSelector: 'app=one' })
  t.deepEqual(names(await api.listNamespacedLease({ namespace })), ['c'])
})

test('every type of patch changes what it names', async t => {
  const api = leases()
  const [namespace, name] = ['patches', 'a']
  await api.createNamespacedLease({ namespace, body: lease(name, { holderIdentity: 'me', leaseDurationSeconds: 900 }) })
  const patch = async (strategy: string, body: unknown, more: object = {}): Promise<V1Lease> =>
    api.patchNamespacedLease({ namespace, name, body, ...more }, setHeaderOptions('Content-Type', strategy))
  const operations = [{ op: 'replace', path: '/spec/holderIdentity', value: 'one' }]
  t.is((await patch(PatchStrategy.JsonPatch, operations)).spec?.holderIdentity, 'one')
  const merge = { spec: { holderIdentity: 'two', leaseDurationSeconds: null } }
  const merged = await patch(PatchStrategy.MergePatch, merge)
  t.deepEqual([merged.spec?.holderIdentity, merged.spec?.leaseDurationSeconds], ['two', undefined])
  const strategic = { metadata: { labels: { app: 'one' } } }
  t.deepEqual((await patch(PatchStrategy.StrategicMergePatch, strategic)).metadata?.labels, { app: 'one' })
  const wanted = { ...lease(name, { leaseTransitions: 3 }), metadata: { name } }
  const applied = await patch(PatchStrategy.ServerSideApply, wanted, { fieldManager: 'test' })
  t.like(applied.spec, { holderIdentity: 'two', leaseTransitions: 3 })
  const taken = { ...wanted, spec: { holderIdentity: 'three' } }
  const conflict = patch(PatchStrategy.ServerSideApply, taken, { fieldManager: 'test' })
  t.like(await refusal(t, conflict), { code: 409, reason: 'Conflict' })
  const forced = await patch(PatchStrategy.ServerSideApply, taken, { fieldManager: 'test', force: true })
  t.is(forced.spec?.holderIdentity, 'three')
  t.is(forced.spec?.leaseTransitions, undefined)
})

test('dryRun stores nothing', async t => {
  const api = leases()
  const namespace = 'dry'
  const dryRun = 'All'
  await api.createNamespacedLease({ namespace, body: lease('a'), dryRun })
  t.deepEqual((await api.listNamespacedLease({ namespace })).items, [])
  await api.createNamespacedLease({ namespace, body: lease('a') })
  await api.deleteNamespacedLease({ namespace, name: 'a', dryRun })
  t.is((await api.listNamespacedLease({ namespace })).items.length, 1)
})

test('a client that knows no kinds finds leases by discovery', async t => {
  const api = KubernetesObjectApi.makeApiClient(kubeConfig(coordinator().httpAddress))
  const object = lease('a', { holderIdentity: 'me' })
  object.metadata = { name: 'a', namespace: 'generic' }
  await api.create(object)
  const header = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a', namespace: 'generic' } }
  t.like(await api.read<V1Lease>(header), { spec: { holderIdentity: 'me' } })
  const patch: V1Lease = { ...header, spec: { holderIdentity: 'you' } }
  await api.patch(patch)
  t.is((await api.list<V1Lease>('coordination.k8s.io/v1', 'Lease', 'generic')).items[0]?.spec?.holderIdentity, 'you')
  await api.delete(header)
  t.deepEqual((await api.list('coordination.k8s.io/v1', 'Lease', 'generic')).items, [])
})

test('what stands around leases answers too: version, namespaces and reviews', async t => {
  const config = kubeConfig(coordinator().httpAddress)
  t.is((await config.makeApiClient(VersionApi).getCode()).major, '1')
  const core = config.makeApiClient(CoreV1Api)
  const namespaces = (await core.listNamespace()).items.map(({ metadata }) => metadata?.name)
  t.true(namespaces.includes('kube-system'))
  const who = await config.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} })
  t.is(who.status?.userInfo?.username, 'system:anonymous')
  const may = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
    body: { spec: { resourceAttributes: { group: 'coordination.k8s.io', resource: 'leases', verb: 'update' } } },
  })
  t.true(may.status?.allowed)
})
