/**
 * What Kubernetes' conformance tests ask of the Lease API, step by step.
 * @see Kubernetes test/e2e/common/node/lease.go, "lease API should be available"
 */
import test from 'ava'
import { leasesPath, startKubernetes } from '../../support/kubernetes.js'

/** So many seconds after Go's zero time, which is in the year 1. */
const afterZero = (seconds: number): string => `0001-01-01T00:00:${String(seconds).padStart(2, '0')}.000000Z`

test('the lease API is available: every verb does to leases what Kubernetes says', async t => {
  const { call, stop } = await startKubernetes()
  t.teardown(stop)
  const leases = leasesPath('lease-test')
  const object = (name: string, spec: object, labels?: object) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, ...(labels && { labels }) },
    spec,
  })
  const specOf = async (name: string): Promise<unknown> => (await call('GET', `${leases}/${name}`)).body.spec
  const first = {
    holderIdentity: 'holder',
    leaseDurationSeconds: 30,
    acquireTime: afterZero(2),
    renewTime: afterZero(5),
    leaseTransitions: 0,
  }
  t.is((await call('POST', leases, { body: object('lease', first) })).code, 201)
  const { body: read } = await call('GET', `${leases}/lease`)
  t.deepEqual(read.spec, first)

  const second = {
    holderIdentity: 'holder2',
    leaseDurationSeconds: 30,
    acquireTime: afterZero(20),
    renewTime: afterZero(50),
    leaseTransitions: 1,
  }
  t.is((await call('PUT', `${leases}/lease`, { body: { ...read, spec: second } })).code, 200)
  t.deepEqual(await specOf('lease'), second)

  const third = {
    holderIdentity: 'holder3',
    leaseDurationSeconds: 60,
    acquireTime: afterZero(50),
    renewTime: '0001-01-01T00:01:10.000000Z',
    leaseTransitions: 2,
  }
  const type = 'application/strategic-merge-patch+json'
  t.is((await call('PATCH', `${leases}/lease`, { body: { spec: third }, type })).code, 200)
  t.deepEqual(await specOf('lease'), third)

  const labels = { deletecollection: 'true' }
  t.is((await call('POST', leases, { body: object('lease2', first, labels) })).code, 201)
  const count = async (path = leases): Promise<number> => (await call('GET', path)).body.items.length
  t.is(await count(), 2)
  t.is((await call('DELETE', `${leases}?labelSelector=deletecollection%3Dtrue`)).code, 200)
  t.is(await count(), 1)

  t.is((await call('DELETE', `${leases}/lease`)).code, 200)
  const { code, body: gone } = await call('GET', `${leases}/lease`)
  t.is(code, 404)
  t.is(gone.reason, 'NotFound')
  t.is(await count('/apis/coordination.k8s.io/v1/leases'), 0)
})
