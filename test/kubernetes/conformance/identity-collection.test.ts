/**
 * Which identity leases go by themselves once they have expired: what Kubernetes' garbage collector is tested for, asked
 * of the coordinator's own rules. Its time here is of the lease clock, from when a write was read; renewTime is not asked.
 * @see Kubernetes pkg/controlplane/controller/apiserverleasegc and test/integration/controlplane/apiserver_identity_test.go
 */
import test from 'ava'
import { collectionRules, identityRules } from '../../../services/coordinator/collection-rules.js'
import { leaseHandlers } from '../../../services/coordinator/kubernetes/face.js'
import type { KubernetesRequest } from '../../../services/coordinator/kubernetes/request.js'
import { defaultLimits } from '../../../services/coordinator/lease/validation.js'
import { VirtualCoordinator } from '../../support/virtual-coordinator.js'
import { seededRandom } from '../../support/virtual-random.js'

/** Rules are applied as often as this. */
const minuteMs = 60_000

const identity = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
const held = { holderIdentity: 'me_1', leaseDurationSeconds: 1, renewTime: '2020-01-01T00:00:00.000000Z' }

async function face() {
  const world = await VirtualCoordinator.start({ rules: collectionRules.parse(identityRules) })
  const { coordinator, clock } = world
  const handlers = leaseHandlers({ coordinator, clock, random: seededRandom(3), limits: defaultLimits })
  const call = async (verb: 'create' | 'patch' | 'list', namespace: string, name: string, body?: object) => {
    const request: KubernetesRequest = {
      namespace,
      name,
      query: new URLSearchParams(),
      accept: undefined,
      ifNoneMatch: undefined,
      contentType: verb === 'patch' ? 'application/merge-patch+json' : 'application/json',
      userAgent: 'test',
      body: body && Buffer.from(JSON.stringify(body)),
    }
    const answer = handlers[verb](request)
    await world.pass(0)
    return answer
  }
  return {
    world,
    create: (name: string, spec: object, labels: object = identity, namespace = 'kube-system') =>
      call('create', namespace, '', { metadata: { name, labels }, spec }),
    renew: (name: string, renewTime: string) => call('patch', 'kube-system', name, { spec: { renewTime } }),
    names: async (): Promise<string[]> => {
      return world.state().map(({ namespace, name }) => `${namespace}/${name}`)
    },
  }
}

test('an identity lease whose time is over goes, by the label of either version', async t => {
  const { world, create, names } = await face()
  await create('new', held)
  await create('old', held, { 'k8s.io/component': 'kube-apiserver' })
  t.deepEqual(await names(), ['kube-system/new', 'kube-system/old'])
  await world.pass(2 * minuteMs)
  t.deepEqual(await names(), [])
})

test('one whose time is not over stays, however old its renewTime is', async t => {
  const { world, create, names } = await face()
  await create('a', { ...held, leaseDurationSeconds: 3600 })
  await world.pass(3_599_000)
  t.deepEqual(await names(), ['kube-system/a'])
  await world.pass(2 * minuteMs)
  t.deepEqual(await names(), [])
})

test('one that is renewed stays', async t => {
  const { world, create, renew, names } = await face()
  await create('a', { ...held, leaseDurationSeconds: 90 })
  for (let i = 0; i < 5; i++) {
    await world.pass(minuteMs)
    await renew('a', `2020-01-01T00:00:0${i + 1}.000000Z`)
  }
  t.deepEqual(await names(), ['kube-system/a'])
})

test('one without a duration, or without a renewTime, goes too', async t => {
  const { world, create, names } = await face()
  await create('no-duration', { holderIdentity: 'me_1', renewTime: held.renewTime })
  await create('no-renew-time', { holderIdentity: 'me_1', leaseDurationSeconds: 1 })
  await world.pass(2 * minuteMs)
  t.deepEqual(await names(), [])
})

test('one without the label, of another component, or in another namespace stays', async t => {
  const { world, create, names } = await face()
  await create('plain', held, {})
  await create('other', held, { 'apiserver.kubernetes.io/identity': 'another' })
  await create('elsewhere', held, identity, 'default')
  await world.pass(3 * minuteMs)
  t.deepEqual((await names()).sort(), ['default/elsewhere', 'kube-system/other', 'kube-system/plain'])
})
