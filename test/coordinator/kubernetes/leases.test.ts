import anyTest, { type TestFn } from 'ava'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'

const test = anyTest as TestFn<KubernetesFixture>

test.beforeEach(async t => {
  t.context = await startKubernetes()
})

test.afterEach.always(t => t.context.stop())

const lease = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, ...metadata },
  spec,
})

const held = { holderIdentity: 'one', leaseDurationSeconds: 30, renewTime: '2026-01-01T00:00:05.000001Z' }
const leases = leasesPath()
const annotationOf = (body: { metadata: { annotations: Record<string, string> } }, key: string) =>
  body.metadata.annotations[`leasehold.dev/${key}`]

test('a lease that is posted is there, exactly as written', async t => {
  const spec = {
    ...held,
    acquireTime: '0001-01-01T00:00:02.000000Z',
    renewTime: '0001-01-01T00:00:05.000001Z',
    leaseTransitions: 7,
  }
  const created = await t.context.call('POST', leases, { body: lease('a', spec, { labels: { app: 'x' } }) })
  t.is(created.code, 201)
  t.deepEqual(created.body.spec, spec)
  const { body } = await t.context.call('GET', `${leases}/a`)
  t.deepEqual(body, created.body)
  t.is(annotationOf(body, 'state'), 'held')
  t.is(annotationOf(body, 'fencing-token'), body.metadata.resourceVersion)
})

test('a post for a name that is taken is AlreadyExists', async t => {
  await t.context.call('POST', leases, { body: lease('a') })
  const { code, body } = await t.context.call('POST', leases, { body: lease('a') })
  t.is(code, 409)
  t.like(body, { reason: 'AlreadyExists', message: 'leases.coordination.k8s.io "a" already exists' })
})

test('generateName gives a name', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('', {}, { generateName: 'x-' }) })
  t.regex(body.metadata.name, /^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

test('what the server sets is not taken from a client', async t => {
  const sent = { uid: 'mine', creationTimestamp: '2001-01-01T00:00:00Z' }
  const { body } = await t.context.call('POST', leases, { body: lease('a', {}, sent) })
  t.not(body.metadata.uid, 'mine')
  t.not(body.metadata.creationTimestamp, sent.creationTimestamp)
})

test('a post with a resourceVersion is refused as Kubernetes refuses it', async t => {
  const { code, body } = await t.context.call('POST', leases, { body: lease('a', {}, { resourceVersion: '1' }) })
  t.is(code, 500)
  t.is(body.message, 'resourceVersion should not be set on objects to be created')
})

test('a lease that is not there is NotFound', async t => {
  const { code, body } = await t.context.call('GET', `${leases}/none`)
  t.is(code, 404)
  t.deepEqual(body.details, { name: 'none', group: 'coordination.k8s.io', kind: 'leases' })
})

test('a put creates what is missing, whatever version it says', async t => {
  const { code, body } = await t.context.call('PUT', `${leases}/a`, {
    body: lease('a', held, { resourceVersion: '5' }),
  })
  t.is(code, 201)
  t.is(annotationOf(body, 'state'), 'held')
})

test('a put with the uid of a lease that is gone does not bring it back', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  await t.context.call('DELETE', `${leases}/a`)
  const answer = await t.context.call('PUT', `${leases}/a`, { body })
  t.is(answer.code, 409)
  t.regex(answer.body.message, /Precondition failed: UID in precondition: .*, UID in object meta: $/)
})

test('a put of what is there needs its version', async t => {
  await t.context.call('POST', leases, { body: lease('a', held) })
  const { code, body } = await t.context.call('PUT', `${leases}/a`, { body: lease('a', held) })
  t.is(code, 422)
  t.regex(
    body.message,
    /^leases\.coordination\.k8s\.io "a" is invalid: metadata\.resourceVersion: .*must be specified for an update$/,
  )
})

test('a put with an old version is a Conflict', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  await t.context.call('PUT', `${leases}/a`, { body: { ...body, spec: { ...held, leaseTransitions: 1 } } })
  const answer = await t.context.call('PUT', `${leases}/a`, { body })
  t.is(answer.code, 409)
  t.is(answer.body.reason, 'Conflict')
  t.regex(answer.body.message, /the object has been modified; please apply your changes to the latest version/)
})

test('a put that changes nothing keeps the version', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const again = await t.context.call('PUT', `${leases}/a`, { body })
  t.is(again.code, 200)
  t.deepEqual(again.body, body)
})

test('a later renewTime of the same holder is a renewal: the token stays, the record of managers too', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const spec = { ...held, renewTime: '2026-01-01T00:00:15.000002Z' }
  const renewed = await t.context.call('PUT', `${leases}/a`, { body: { ...body, spec } })
  t.deepEqual(renewed.body.spec, spec)
  t.is(annotationOf(renewed.body, 'fencing-token'), annotationOf(body, 'fencing-token'))
  t.deepEqual(renewed.body.metadata.managedFields, body.metadata.managedFields)
  t.not(renewed.body.metadata.resourceVersion, body.metadata.resourceVersion)
})

test('another holder takes a lease that was written, under a new token', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const taken = await t.context.call('PUT', `${leases}/a`, {
    body: { ...body, spec: { ...held, holderIdentity: 'two' } },
  })
  t.is(taken.code, 200)
  t.is(annotationOf(taken.body, 'fencing-token'), taken.body.metadata.resourceVersion)
})

test('an emptied holder is a release; its second of duration is kept as written', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const spec = { ...held, holderIdentity: '', leaseDurationSeconds: 1 }
  const released = await t.context.call('PUT', `${leases}/a`, { body: { ...body, spec } })
  t.deepEqual(released.body.spec, spec)
  t.is(annotationOf(released.body, 'state'), 'released')
})

test('a body for another name or namespace is refused', async t => {
  const other = await t.context.call('PUT', `${leases}/a`, { body: lease('b', held) })
  t.is(other.code, 400)
  t.is(other.body.message, 'the name of the object (b) does not match the name on the URL (a)')
  const elsewhere = await t.context.call('POST', leases, { body: lease('a', held, { namespace: 'other' }) })
  t.is(elsewhere.code, 400)
  t.is(elsewhere.body.message, 'the namespace of the provided object does not match the namespace sent on the request')
})

test('fields at fault are named, as causes too', async t => {
  const spec = { leaseDurationSeconds: 0, leaseTransitions: -1 }
  const { code, body } = await t.context.call('POST', leases, { body: lease('A_', spec) })
  t.is(code, 422)
  t.is(body.details.kind, 'Lease')
  t.deepEqual(
    body.details.causes.map(({ field }: { field: string }) => field),
    ['metadata.name', 'spec.leaseDurationSeconds', 'spec.leaseTransitions'],
  )
})

test('a field that a Lease does not have: Strict refuses, Warn warns, Ignore drops', async t => {
  const body = { ...lease('a'), spec: { bogus: 1 } }
  const strict = await t.context.call('POST', `${leases}?fieldValidation=Strict`, { body })
  t.is(strict.code, 400)
  t.regex(strict.body.message, /strict decoding error: unknown field "spec\.bogus"/)
  const warned = await t.context.call('POST', leases, { body })
  t.is(warned.code, 201)
  t.is(warned.headers.get('warning'), '299 - "unknown field \\"spec.bogus\\""')
  t.is(warned.body.spec.bogus, undefined)
  const ignored = await t.context.call('PATCH', `${leases}/a?fieldValidation=Ignore`, {
    body: { spec: { bogus: 1 } },
    type: 'application/merge-patch+json',
  })
  t.is(ignored.code, 200)
  t.is(ignored.headers.get('warning'), null)
  const patched = await t.context.call('PATCH', `${leases}/a?fieldValidation=Strict`, {
    body: { spec: { bogus: 1 } },
    type: 'application/merge-patch+json',
  })
  t.is(patched.code, 422)
  const patch = '"{\\"spec\\":{\\"bogus\\":1}}"'
  t.is(
    patched.body.message,
    ` "" is invalid: patch: Invalid value: ${patch}: strict decoding error: unknown field "spec.bogus"`,
  )
})

test('a dry run answers as if, and stores nothing', async t => {
  const created = await t.context.call('POST', `${leases}?dryRun=All`, { body: lease('a', held) })
  t.is(created.code, 201)
  t.is((await t.context.call('GET', `${leases}/a`)).code, 404)
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const taken = { ...body, spec: { ...held, holderIdentity: 'two' } }
  t.is((await t.context.call('PUT', `${leases}/a?dryRun=All`, { body: taken })).body.spec.holderIdentity, 'two')
  const inBody = await t.context.call('DELETE', `${leases}/a`, { body: { dryRun: ['All'] } })
  t.is(inBody.code, 200)
  t.deepEqual((await t.context.call('GET', `${leases}/a`)).body, body)
})

test('a dry run other than All is refused', async t => {
  const { code, body } = await t.context.call('POST', `${leases}?dryRun=Some`, { body: lease('a') })
  t.is(code, 422)
  t.is(body.details.kind, 'CreateOptions')
})

test('a delete answers what was deleted, and minds its preconditions', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const wrong = await t.context.call('DELETE', `${leases}/a`, { body: { preconditions: { uid: 'other' } } })
  t.is(wrong.code, 409)
  const gone = await t.context.call('DELETE', `${leases}/a`, { body: { preconditions: { uid: body.metadata.uid } } })
  t.like(gone.body, { kind: 'Status', status: 'Success', details: { name: 'a', uid: body.metadata.uid } })
  t.is((await t.context.call('DELETE', `${leases}/a`)).code, 404)
})

test('finalizers hold the end of a lease up, until the last is gone', async t => {
  await t.context.call('POST', leases, { body: lease('a', held, { finalizers: ['example.com/x'] }) })
  const marked = await t.context.call('DELETE', `${leases}/a`)
  t.is(marked.body.kind, 'Lease')
  t.truthy(marked.body.metadata.deletionTimestamp)
  const patch = { metadata: { finalizers: null } }
  await t.context.call('PATCH', `${leases}/a`, { body: patch, type: 'application/merge-patch+json' })
  t.is((await t.context.call('GET', `${leases}/a`)).code, 404)
})

test('a patch of a lease that is not there is NotFound, an apply makes it', async t => {
  const type = 'application/merge-patch+json'
  t.is((await t.context.call('PATCH', `${leases}/a`, { body: {}, type })).code, 404)
  const applied = await t.context.call('PATCH', `${leases}/a?fieldManager=me`, {
    body: lease('a', held),
    type: 'application/apply-patch+yaml',
  })
  t.is(applied.code, 201)
  t.like(applied.body.metadata.managedFields[0], { manager: 'me', operation: 'Apply' })
})

test('an apply must say who applies; nothing else is forced', async t => {
  const anonymous = await t.context.call('PATCH', `${leases}/a`, {
    body: lease('a', held),
    type: 'application/apply-patch+yaml',
  })
  t.is(anonymous.code, 422)
  t.regex(anonymous.body.message, /fieldManager: Required value: is required for apply patch/)
  const forced = await t.context.call('PATCH', `${leases}/a?force=true`, {
    body: {},
    type: 'application/merge-patch+json',
  })
  t.is(forced.code, 422)
})

test('what another has applied is a conflict, unless it is forced', async t => {
  const apply = (manager: string, holderIdentity: string, force = '') =>
    t.context.call('PATCH', `${leases}/a?fieldManager=${manager}${force}`, {
      body: lease('a', { ...held, holderIdentity }),
      type: 'application/apply-patch+yaml',
    })
  await apply('one', 'x')
  const conflict = await apply('two', 'y')
  t.is(conflict.code, 409)
  t.like(conflict.body.details.causes[0], { reason: 'FieldManagerConflict', field: '.spec.holderIdentity' })
  const forced = await apply('two', 'y', '&force=true')
  t.is(forced.body.spec.holderIdentity, 'y')
})

test('a version in a patch is a precondition', async t => {
  await t.context.call('POST', leases, { body: lease('a', held) })
  const body = { metadata: { resourceVersion: '1', labels: { a: 'b' } } }
  const { code } = await t.context.call('PATCH', `${leases}/a`, { body, type: 'application/merge-patch+json' })
  t.is(code, 409)
})

test('a patch type that there is not is refused with those that there are', async t => {
  const { code, body } = await t.context.call('PATCH', `${leases}/a`, { body: {}, type: 'text/plain' })
  t.is(code, 415)
  t.regex(body.message, /application\/merge-patch\+json/)
})

test('our annotations are not stored, and in nobody’s way', async t => {
  const { body } = await t.context.call('POST', leases, { body: lease('a', held) })
  const patch = [{ op: 'add', path: '/metadata/annotations/x', value: 'y' }]
  const patched = await t.context.call('PATCH', `${leases}/a`, { body: patch, type: 'application/json-patch+json' })
  t.deepEqual(Object.keys(patched.body.metadata.annotations), [
    'x',
    'leasehold.dev/state',
    'leasehold.dev/fencing-token',
  ])
  const forged = { metadata: { annotations: { 'leasehold.dev/fencing-token': '1', 'leasehold.dev/state': 'expired' } } }
  const answer = await t.context.call('PATCH', `${leases}/a`, { body: forged, type: 'application/merge-patch+json' })
  t.is(annotationOf(answer.body, 'fencing-token'), annotationOf(body, 'fencing-token'))
  t.is(answer.body.metadata.resourceVersion, patched.body.metadata.resourceVersion)
})

test('the takeover delay is an annotation', async t => {
  const annotations = { 'leasehold.dev/takeover-delay': '30s' }
  const { body } = await t.context.call('POST', leases, { body: lease('a', held, { annotations }) })
  t.is(annotationOf(body, 'takeover-delay'), '30s')
  const wrong = await t.context.call('POST', leases, {
    body: lease('b', held, { annotations: { 'leasehold.dev/takeover-delay': 'soon' } }),
  })
  t.is(wrong.code, 422)
})

test('a write that nobody could read the answer of is not done', async t => {
  const { code } = await t.context.call('POST', leases, { body: lease('a'), headers: { accept: 'image/png' } })
  t.is(code, 406)
  t.is((await t.context.call('GET', `${leases}/a`)).code, 404)
})

test('a page in a browser may not write, and nobody can be impersonated', async t => {
  const fromPage = await t.context.call('POST', leases, {
    body: lease('a'),
    headers: { origin: 'http://evil.example' },
  })
  t.is(fromPage.code, 403)
  const asOther = await t.context.call('GET', leases, { headers: { 'impersonate-user': 'admin' } })
  t.is(asOther.code, 403)
})

test('a body that is too large is refused', async t => {
  const { code, body } = await t.context.call('POST', leases, { body: Buffer.alloc(3 * 1024 * 1024 + 1, 0x20) })
  t.is(code, 413)
  t.is(body.reason, 'RequestEntityTooLarge')
})

test('a method that a path does not have is refused', async t => {
  const { code, body } = await t.context.call('PUT', leases, { body: {} })
  t.is(code, 405)
  t.is(body.reason, 'MethodNotAllowed')
})

test('kubectl’s server-side apply of a namespace says that it forces nothing, and may', async t => {
  const { code } = await t.context.call('PATCH', '/api/v1/namespaces/team-a?fieldManager=kubectl&force=false', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
    type: 'application/apply-patch+yaml',
  })
  t.is(code, 201)
})
