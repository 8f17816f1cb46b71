import test from 'ava'
import { leaseObject, listObject, toJson, toYaml } from '../../cli/kubernetes-object.js'
import type { Lease } from '../../client/lease.js'
import { clientLease } from '../support/client-lease.js'

const scheduler: Lease = {
  id: 1,
  namespace: 'kube-system',
  name: 'kube-scheduler',
  uid: '8f5a6bde-3d0a-4a33-9d6a-2f6d1d3b7c11',
  resourceVersion: '1763848496000123',
  generation: 0,
  creationTime: '2026-11-22T21:51:00Z',
  labels: { tier: 'control', app: 'scheduler' },
  annotations: { note: 'yes' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true }],
  finalizers: [],
  managedFields: [],
  holderIdentity: 'host-a_1',
  leaseDurationMs: 14_001,
  acquireTime: '2026-11-22T21:51:00.000001Z',
  renewTime: '2026-11-22T21:51:10.500000Z',
  leaseTransitions: 3,
  state: 'held',
  fencingToken: 1_763_848_496_000_100,
  revision: 1_763_848_496_000_123,
}

const noExtras = { annotations: {}, ownerReferences: [] }

const bare = clientLease({ id: 1, name: 'a', resourceVersion: '7', revision: 7 })

test('a lease in YAML is as kubectl prints it', t => {
  t.is(
    toYaml(leaseObject(scheduler)),
    `apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  annotations:
    note: "yes"
  creationTimestamp: "2026-11-22T21:51:00Z"
  labels:
    app: scheduler
    tier: control
  name: kube-scheduler
  namespace: kube-system
  ownerReferences:
  - apiVersion: v1
    controller: true
    kind: Node
    name: n1
    uid: u1
  resourceVersion: "1763848496000123"
  uid: 8f5a6bde-3d0a-4a33-9d6a-2f6d1d3b7c11
spec:
  acquireTime: "2026-11-22T21:51:00.000001Z"
  holderIdentity: host-a_1
  leaseDurationSeconds: 15
  leaseTransitions: 3
  renewTime: "2026-11-22T21:51:10.500000Z"
`,
  )
})

test('the identity of an API server as the Kubernetes page shows it', t => {
  const name = 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a'
  const labels = { 'kubernetes.io/hostname': 'kind-control-plane', 'k8s.io/component': 'kube-apiserver' }
  const { acquireTime, leaseTransitions, annotations, ownerReferences, ...lease } = scheduler
  const identity = {
    ...lease,
    ...noExtras,
    name,
    labels,
    holderIdentity: `${name}_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4`,
  }
  t.is(
    toYaml(leaseObject({ ...identity, leaseDurationMs: 3_600_000 })),
    `apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  creationTimestamp: "2026-11-22T21:51:00Z"
  labels:
    k8s.io/component: kube-apiserver
    kubernetes.io/hostname: kind-control-plane
  name: kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a
  namespace: kube-system
  resourceVersion: "1763848496000123"
  uid: 8f5a6bde-3d0a-4a33-9d6a-2f6d1d3b7c11
spec:
  holderIdentity: kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4
  leaseDurationSeconds: 3600
  renewTime: "2026-11-22T21:51:10.500000Z"
`,
  )
})

/** Each as kubectl 1.33 prints it. */
const texts: [text: string, printed: string][] = [
  ['a b', 'a b'],
  ['', '""'],
  ['12', '"12"'],
  ['0755', '"0755"'],
  ['1e3', '"1e3"'],
  ['12:30', '"12:30"'],
  ['2022-11-30', '"2022-11-30"'],
  ['on', '"on"'],
  ['y', '"y"'],
  ['null', '"null"'],
  ['~', '"~"'],
  ['a\tb', '"a\\tb"'],
  ['&a', "'&a'"],
  ['a: b', "'a: b'"],
  ['a #b', "'a #b'"],
  [' a', "' a'"],
  ['[a]', "'[a]'"],
  ["it's", "it's"],
  ['a\nb', '|-\n  a\n  b'],
]

for (const [text, printed] of texts) {
  test(`the text ${JSON.stringify(text)} has the quotes in YAML that kubectl gives it`, t => {
    t.is(toYaml({ note: text }), `note: ${printed}\n`)
  })
}

test('a list is a v1 List of whole objects', t => {
  t.is(
    toYaml(listObject([leaseObject(bare)])),
    `apiVersion: v1
items:
- apiVersion: coordination.k8s.io/v1
  kind: Lease
  metadata:
    name: a
    namespace: default
    resourceVersion: "7"
    uid: u
  spec: {}
kind: List
metadata:
  resourceVersion: ""
`,
  )
})

test('a lease in JSON is indented by four, and what was never set is absent', t => {
  t.is(
    toJson(leaseObject(bare)),
    `{
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {
        "name": "a",
        "namespace": "default",
        "resourceVersion": "7",
        "uid": "u"
    },
    "spec": {}
}
`,
  )
})

test('a takeover delay is an annotation, for Kubernetes has no field for it', t => {
  const { annotations } = leaseObject({ ...bare, annotations: { a: 'b' }, takeoverDelayMs: 90_000 }).metadata
  t.deepEqual(annotations, { a: 'b', 'leasehold.dev/takeover-delay': '1m30s' })
})

test('an empty holder stays, since it says that the lease was given up', t => {
  t.is(leaseObject({ ...bare, holderIdentity: '' }).spec.holderIdentity, '')
})
