import test from 'ava'
import {
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
} from '../../../services/coordinator/kubernetes/reviews.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'

test('whoever asks is anonymous, in the version that was asked for', t => {
  t.deepEqual(selfSubjectReview('v1beta1'), {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1beta1',
    metadata: {},
    status: { userInfo: { username: 'system:anonymous', groups: ['system:unauthenticated'] } },
  })
})

interface Answer {
  spec: object
  status: { allowed: boolean; reason: string }
}

const review = (spec: object) =>
  // What is asked here is what it looks like.
  selfSubjectAccessReview({ spec }) as unknown as Answer

const lease = { group: 'coordination.k8s.io', resource: 'leases' }
const doings: [what: object, allowed: boolean][] = [
  [{ verb: 'get', ...lease, namespace: 'shop', name: 'a' }, true],
  [{ verb: 'deletecollection', ...lease }, true],
  [{ verb: '*', ...lease }, true],
  [{ verb: '*', group: '*', resource: '*' }, true],
  [{ verb: 'impersonate', ...lease }, false],
  [{ verb: 'get', ...lease, subresource: 'status' }, false],
  [{ verb: 'get', group: '', resource: 'leases' }, false],
  [{ verb: 'list', resource: 'namespaces' }, true],
  [{ verb: 'watch', resource: 'namespaces' }, false],
  [{ verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' }, true],
  [{ verb: 'get', group: 'apps', resource: 'deployments' }, false],
]

for (const [what, allowed] of doings) {
  test(`${Object.values(what).join(' ')} is ${allowed ? '' : 'not '}allowed`, t => {
    const { spec, status } = review({ resourceAttributes: what })
    t.is(status.allowed, allowed)
    t.deepEqual(spec, { resourceAttributes: what })
    t.not(status.reason, '')
  })
}

const paths: [verb: string, path: string, allowed: boolean][] = [
  ['get', '/version', true],
  ['get', '/apis/coordination.k8s.io/v1', true],
  ['get', '/openapi/v3', true],
  ['get', '/metrics', true],
  ['get', '/logs', false],
  ['post', '/version', false],
]

for (const [verb, path, allowed] of paths) {
  test(`${verb} of ${path} is ${allowed ? '' : 'not '}allowed`, t => {
    t.is(review({ nonResourceAttributes: { verb, path } }).status.allowed, allowed)
  })
}

test('a review of nothing, or of two things, is refused', t => {
  for (const spec of [undefined, {}, { resourceAttributes: {}, nonResourceAttributes: {} }]) {
    const error = t.throws(() => selfSubjectAccessReview({ spec }), { instanceOf: StatusError })
    t.is(error.code, 422)
    t.is(error.status.details?.kind, 'SelfSubjectAccessReview')
  }
})

test('the rules name every resource once, with its verbs', t => {
  const { status } = selfSubjectRulesReview({ spec: { namespace: 'shop' } }) as {
    status: { resourceRules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]; incomplete: boolean }
  }
  t.false(status.incomplete)
  const names = status.resourceRules.map(({ apiGroups, resources }) => `${resources}.${apiGroups}`)
  t.is(new Set(names).size, names.length)
  const leases = status.resourceRules.find(({ resources }) => resources.includes('leases'))
  t.deepEqual(leases?.apiGroups, ['coordination.k8s.io'])
  t.is(leases?.verbs.length, 8)
})
