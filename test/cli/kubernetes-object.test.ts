import test from 'ava'
import { leaseObject, listObject, toJson, toYaml } from '../../cli/kubernetes-object.js'
import type { Lease } from '../../client/lease.js'

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

const bare: Lease = {
  id: 1,
  namespace: 'default',
  name: 'a',
  uid: 'u',
  resourceVersion: '7',
  generation: 0,
  labels: {},
  annotations: {},
  ownerReferences: [],
  finalizers: [],
  managedFields: [],
  state: 'unheld',
  fencingToken: 0,
  revision: 7,
}

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

test('an empty holder stays, since it says that the lease was given up', t => {
  t.is(leaseObject({ ...bare, holderIdentity: '' }).spec.holderIdentity, '')
})
