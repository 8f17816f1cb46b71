import test from 'ava'
import { describeLease } from '../../cli/describe-lease.js'
import { clientLease } from '../support/client-lease.js'

const lease = clientLease({
  id: 5,
  namespace: 'kube-system',
  name: 'kube-apiserver-fyloo45sdenffw2ugwaz3likua',
  uid: 'u3',
  resourceVersion: '7',
  creationTime: '2022-11-30T15:38:15Z',
  labels: { 'kubernetes.io/hostname': 'kind-control-plane2', 'k8s.io/component': 'kube-apiserver' },
  annotations: { note: 'yes', 'a.b/c': 'x\ny' },
  holderIdentity: 'kube-apiserver-fyloo45sdenffw2ugwaz3likua_c5ffa286-8a9a-45d4-91e7-61118ed58d2e',
  leaseDurationMs: 3_600_000,
  leaseTransitions: 2,
  renewTime: '2022-11-30T15:37:34.000000Z',
  takeoverDelayMs: 90_000,
  state: 'held',
  fencingToken: 5,
  expireTime: '2022-11-30T16:37:34.000000Z',
  revision: 7,
})

/** Without the takeover delay, the status and what follows Events:, as kubectl 1.33 prints it. */
test("a lease is described in kubectl's layout, with what only a leasehold lease has", t => {
  t.is(
    describeLease(lease),
    `Name:         kube-apiserver-fyloo45sdenffw2ugwaz3likua
Namespace:    kube-system
Labels:       k8s.io/component=kube-apiserver
              kubernetes.io/hostname=kind-control-plane2
Annotations:  a.b/c:
                x
                y
              note: yes
API Version:  coordination.k8s.io/v1
Kind:         Lease
Metadata:
  Creation Timestamp:  2022-11-30T15:38:15Z
  Resource Version:    7
  UID:                 u3
Spec:
  Holder Identity:         kube-apiserver-fyloo45sdenffw2ugwaz3likua_c5ffa286-8a9a-45d4-91e7-61118ed58d2e
  Lease Duration Seconds:  3600
  Lease Transitions:       2
  Renew Time:              2022-11-30T15:37:34.000000Z
  Takeover Delay:          1m30s
Status:
  Expire Time:    2022-11-30T16:37:34.000000Z
  Fencing Token:  5
  Revision:       7
  State:          held
Events:           leasectl events 'leases.kube-system.*.kube-apiserver-fyloo45sdenffw2ugwaz3likua'
`,
  )
})

test('a lease that nobody ever held has no token and no deadline, and what is empty is <none>', t => {
  const { holderIdentity, leaseDurationMs, leaseTransitions, renewTime, takeoverDelayMs, expireTime, ...never } = lease
  const text = describeLease({ ...never, labels: {}, annotations: {}, state: 'unheld', fencingToken: 0 })
  t.regex(text, /^Labels: {7}<none>\nAnnotations: {2}<none>$/m)
  t.regex(text, /^Spec:\nStatus:\n {2}Revision: {2}7\n {2}State: {5}unheld\nEvents: {6}leasectl/m)
})

test('lists stand below their names', t => {
  const text = describeLease({
    ...lease,
    finalizers: ['a.b/c', 'd'],
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'x', controller: true },
      { apiVersion: 'v1', kind: 'Node', name: 'n2', uid: 'y' },
    ],
  })
  t.true(
    text.includes(`Metadata:
  Creation Timestamp:  2022-11-30T15:38:15Z
  Finalizers:
    a.b/c
    d
  Owner References:
    API Version:     v1
    Controller:      true
    Kind:            Node
    Name:            n1
    UID:             x
    API Version:     v1
    Kind:            Node
    Name:            n2
    UID:             y
  Resource Version:  7
  UID:               u3
`),
    text,
  )
})

test('a long annotation is cut at 138 characters, and one of 140 with its key is whole', t => {
  const text = describeLease({ ...lease, annotations: { long: 'v'.repeat(200), short: 'v'.repeat(133) } })
  t.regex(text, /^Annotations: {2}long:\n {16}v{138}\.\.\.\n {14}short: v{133}\n/m)
})

test('control characters are written out', t => {
  t.regex(describeLease({ ...lease, holderIdentity: 'a\u001b[31mred\nb' }), / {2}a\^\[\[31mred\^Jb\n/)
})
