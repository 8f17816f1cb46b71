/** An informer of Kubernetes' JavaScript client: what it knows is what there is, also over a restart of the coordinator. */
import { CoordinationV1Api, makeInformer, type V1Lease } from '@kubernetes/client-node'
import test, { type ExecutionContext } from 'ava'
import { CoordinatorProcess } from '../../support/coordinator-process.js'
import { until } from '../../support/until.js'
import { kubeConfig } from './kube-config.js'

const namespace = 'default'

function informer(t: ExecutionContext, httpAddress: string) {
  const config = kubeConfig(httpAddress)
  const api = config.makeApiClient(CoordinationV1Api)
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const informer = makeInformer<V1Lease>(config, path, () => api.listNamespacedLease({ namespace }))
  const told: string[] = []
  const tell = (what: string) => (lease: V1Lease) => void told.push(`${what} ${lease.metadata?.name}`)
  informer.on('add', tell('add'))
  informer.on('update', tell('update'))
  informer.on('delete', tell('delete'))
  let isOver = false
  // It leaves it to its user to start it again after an error.
  const start = (): void => {
    if (!isOver) void informer.start().catch(() => setTimeout(start, 50))
  }
  informer.on('error', () => setTimeout(start, 50))
  t.teardown(() => {
    isOver = true
    return informer.stop()
  })
  start()
  const known = (): string =>
    informer
      .list()
      .map(({ metadata, spec }) => `${metadata?.name}=${spec?.holderIdentity}`)
      .sort()
      .join()
  return { api, told, known }
}

const body = (name: string, holderIdentity: string): V1Lease => ({ metadata: { name }, spec: { holderIdentity } })

test('it hears of what there is, and of each change', async t => {
  const coordinator = await CoordinatorProcess.start(t)
  const { api, told, known } = informer(t, coordinator.httpAddress)
  await api.createNamespacedLease({ namespace, body: body('a', 'me') })
  await until(() => known() === 'a=me')
  const read = await api.readNamespacedLease({ namespace, name: 'a' })
  await api.replaceNamespacedLease({ namespace, name: 'a', body: { ...read, spec: { holderIdentity: 'you' } } })
  await until(() => known() === 'a=you')
  await api.deleteNamespacedLease({ namespace, name: 'a' })
  await until(() => known() === '')
  t.deepEqual(told, ['add a', 'update a', 'delete a'])
})

test('it goes on after the coordinator was killed and started again, and misses nothing', async t => {
  const coordinator = await CoordinatorProcess.start(t)
  const { api, told, known } = informer(t, coordinator.httpAddress)
  await api.createNamespacedLease({ namespace, body: body('a', 'me') })
  await api.createNamespacedLease({ namespace, body: body('b', 'me') })
  await until(() => known() === 'a=me,b=me')
  await coordinator.kill()
  await coordinator.start()
  const read = await api.readNamespacedLease({ namespace, name: 'a' })
  await api.replaceNamespacedLease({ namespace, name: 'a', body: { ...read, spec: { holderIdentity: 'you' } } })
  await api.deleteNamespacedLease({ namespace, name: 'b' })
  await api.createNamespacedLease({ namespace, body: body('c', 'me') })
  await until(() => known() === 'a=you,c=me')
  t.true(told.includes('delete b'))
  await coordinator.stop()
  await coordinator.start()
  await api.createNamespacedLease({ namespace, body: body('d', 'me') })
  await until(() => known() === 'a=you,c=me,d=me')
  t.is(told.filter(line => line === 'add a').length, 1)
})
