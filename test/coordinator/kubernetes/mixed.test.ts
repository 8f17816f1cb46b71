import anyTest, { type TestFn } from 'ava'
import { connectClient, type Hold, type LeaseholdClient, type Session } from '../../../client/index.js'
import type { FeedChange } from '../../../services/coordinator/feed/feed.js'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'
import { until } from '../../support/until.js'

interface Context {
  face: KubernetesFixture
  client: LeaseholdClient
  session: Session
  /** What the feed tells, renewals aside. */
  told: FeedChange[]
}

const test = anyTest as TestFn<Context>

test.beforeEach(async t => {
  const face = await startKubernetes()
  const told: FeedChange[] = []
  face.coordinator.feed.watch({
    scope: { namespace: '', name: '' },
    matches: () => true,
    includeRenewals: false,
    deliver: changes => void told.push(...changes),
    cutOff: error => told.push(error as never),
  })
  const client = connectClient({ addresses: [face.coordinator.address] })
  t.context = { face, told, client, session: client.openSession() }
})

test.afterEach.always(async t => {
  await t.context.client.close()
  await t.context.face.stop()
})

const path = `${leasesPath('kube-system')}/leader`
const name = { namespace: 'kube-system', name: 'leader' }

const spec = (holderIdentity: string, seconds = 30) => ({
  holderIdentity,
  leaseDurationSeconds: seconds,
  renewTime: new Date().toISOString().replace(/Z$/, '000Z'),
})

/** Writes the lease as an elector does: as it was read, in the hands of another. */
async function write({ face }: Context, holderIdentity: string, seconds?: number) {
  const { code, body } = await face.call('GET', path)
  const object = code === 404 ? { metadata: { name: name.name } } : body
  return face.call('PUT', path, { body: { ...object, spec: { ...object.spec, ...spec(holderIdentity, seconds) } } })
}

/** A hold over gRPC, once it has the lease. */
async function held(hold: Hold): Promise<Hold> {
  await hold.whenHeld()
  return hold
}

const lease = { ...name, holderIdentity: 'grpc', leaseDurationMs: 30_000 }

const tokenOf = (body: { metadata: { annotations: Record<string, string> } }) =>
  Number(body.metadata.annotations['leasehold.dev/fencing-token'])

test('a tenancy over gRPC is not taken by a write; its metadata may be written', async t => {
  const { session, face } = t.context
  const hold = await held(session.acquire(lease))
  for (const holder of ['elector', '']) {
    const refused = await write(t.context, holder)
    t.is(refused.code, 409)
    t.is(refused.body.reason, 'Conflict')
    t.regex(refused.body.message, /is held by grpc over gRPC/)
  }
  const patch = { metadata: { labels: { app: 'x' } } }
  const labelled = await face.call('PATCH', path, { body: patch, type: 'application/merge-patch+json' })
  t.is(labelled.code, 200)
  t.is(tokenOf(labelled.body), hold.fencingToken)
  t.true(hold.isHeld())
})

test('a released lease goes to an elector, and when that gives it up to a session', async t => {
  const { session, told } = t.context
  const first = await held(session.acquire(lease))
  await first.release()
  const taken = await write(t.context, 'elector')
  t.is(taken.code, 200)
  t.true(tokenOf(taken.body) > first.fencingToken)
  const waiting = held(session.acquire({ ...lease, waitTimeoutMs: 30_000 }))
  await until(() => t.context.face.coordinator.sessions.waiting === 1)
  await write(t.context, '', 1)
  const second = await waiting
  t.true(second.fencingToken > tokenOf(taken.body))
  await second.release()
  await until(() => told.length >= 6)
  t.deepEqual(
    told.map(({ type, lease, previousHolder }) => [type, lease.holderIdentity, previousHolder]),
    [
      ['created', 'grpc', undefined],
      ['released', '', 'grpc'],
      ['acquired', 'elector', undefined],
      ['released', '', 'elector'],
      ['acquired', 'grpc', undefined],
      ['released', '', 'grpc'],
    ],
  )
})

test('one elector takes the lease from another, which the event says', async t => {
  const { told } = t.context
  await write(t.context, 'one')
  t.is((await write(t.context, 'two')).code, 200)
  await until(() => told.length >= 2)
  t.like(told[1], { type: 'transferred', previousHolder: 'one', cause: 'kubernetes-write' })
})

test('while a session waits, electors do not get the lease from each other', async t => {
  const { session, face } = t.context
  await write(t.context, 'one', 2)
  const waiting = held(session.acquire({ ...lease, waitTimeoutMs: 30_000 }))
  await until(() => face.coordinator.sessions.waiting === 1)
  t.is((await write(t.context, 'two')).code, 409)
  t.is((await write(t.context, 'one', 2)).code, 200)
  // Nobody renews it any more: the coordinator gives it to who waits.
  const hold = await waiting
  t.true(hold.isHeld())
  t.is((await face.call('GET', path)).body.spec.holderIdentity, 'grpc')
})

test('an elector’s lease expires by itself, and comes back under a new token', async t => {
  const { face, told } = t.context
  const { body } = await write(t.context, 'one', 1)
  await until(() => told.some(({ type }) => type === 'expired'))
  const expired = await face.call('GET', path)
  t.is(expired.body.metadata.annotations['leasehold.dev/state'], 'expired')
  t.is(expired.body.spec.holderIdentity, 'one')
  const again = await write(t.context, 'one', 30)
  t.is(again.code, 200)
  t.true(tokenOf(again.body) > tokenOf(body))
})

test('a delete ends any tenancy, and the session hears of it', async t => {
  const { session, face } = t.context
  const hold = await held(session.acquire(lease))
  t.is((await face.call('DELETE', path)).code, 200)
  await until(() => !hold.isHeld())
  t.pass()
})

test('an elector’s token checks like any other', async t => {
  const { client } = t.context
  const { body } = await write(t.context, 'one')
  t.like(await client.checkFencingToken({ ...name, fencingToken: tokenOf(body) }), {
    valid: true,
    holderIdentity: 'one',
  })
})
