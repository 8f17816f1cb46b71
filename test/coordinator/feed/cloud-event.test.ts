import test from 'ava'
import {
  gapMessage,
  renewedMessage,
  revisionOfEvent,
  streamSubjects,
  transitionMessage,
} from '../../../services/coordinator/feed/cloud-event.js'
import { transitionTypes } from '../../../services/coordinator/lease/records.js'
import { sampleMicros, transition } from './samples.js'

const journalId = '99999999-aaaa-4bbb-8ccc-dddddddddddd'

test('an acquired lease is a CloudEvent with its Kubernetes shape as data', t => {
  const message = transitionMessage(
    journalId,
    transition(42, { leaseDurationMs: 14_001 }, { type: 'acquired', previousHolder: 'host-b', unheldMs: 1_500 }),
  )
  t.is(message.subject, 'leases.kube-system.acquired.kube-scheduler')
  t.deepEqual(message.headers, {
    'Nats-Msg-Id': `${journalId}.42`,
    'ce-specversion': '1.0',
    'ce-id': `${journalId}.42`,
    'ce-source': `/leasehold/journals/${journalId}`,
    'ce-type': 'dev.leasehold.lease.acquired',
    'ce-subject': 'kube-system/kube-scheduler',
    'ce-time': '2026-01-02T03:04:05.678901Z',
    'content-type': 'application/json',
  })
  t.deepEqual(JSON.parse(message.data), {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'kube-scheduler',
      namespace: 'kube-system',
      uid: '11111111-2222-4333-8444-555555555555',
      resourceVersion: '42',
      creationTimestamp: '2026-01-02T03:04:05Z',
    },
    spec: {
      holderIdentity: 'host-a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-02T03:04:05.678901Z',
      renewTime: '2026-01-02T03:04:05.678901Z',
      leaseTransitions: 1,
    },
    state: 'held',
    fencingToken: '42',
    revision: '42',
    previousHolder: 'host-b',
    unheldMs: 1_500,
  })
})

test('the instance of a holder is never told', t => {
  t.notRegex(transitionMessage(journalId, transition(1)).data, /00112233445566778899aabbccddeeff/)
  t.notRegex(renewedMessage(journalId, transition(1).lease).data, /00112233445566778899aabbccddeeff/)
})

test("a name's own dots are subject tokens at the end", t => {
  const { subject } = transitionMessage(journalId, transition(1, { namespace: 'kube-node-lease', name: 'ip-10.ec2' }))
  t.is(subject, 'leases.kube-node-lease.created.ip-10.ec2')
})

test('an expiry tells its cause', t => {
  const expired = transition(2, { state: 'expired' }, { type: 'expired', cause: 'unconfirmed' })
  const message = transitionMessage(journalId, expired)
  t.like(JSON.parse(message.data), { state: 'expired', cause: 'unconfirmed' })
})

test('every event tells when its change was decided, whatever times the lease has', t => {
  for (const type of transitionTypes) {
    const message = transitionMessage(journalId, transition(2, {}, { type, time: sampleMicros + 1 }))
    t.is(message.headers['ce-time'], '2026-01-02T03:04:05.678902Z')
  }
})

test('an abridged event keeps what names the lease and its state, in a small message', t => {
  const lease = {
    annotations: { note: 'x'.repeat(200_000) },
    labels: { app: 'db' },
    holderIdentity: 'y'.repeat(100_000),
  }
  const message = transitionMessage(journalId, transition(7, lease), true)
  t.true(message.data.length < 1_000)
  t.like(JSON.parse(message.data), {
    metadata: { name: 'kube-scheduler' },
    state: 'held',
    revision: '7',
    abridged: true,
  })
})

test('a gap is told outside of every namespace, and the stream captures it', t => {
  const message = gapMessage(journalId, { fromRevision: 5, throughRevision: 9 })
  t.is(message.subject, 'leases._gap')
  t.true(streamSubjects.includes(message.subject))
  t.deepEqual(JSON.parse(message.data), { fromRevision: '5', throughRevision: '9' })
})

test('the stream captures every transition and no renewal', t => {
  t.false(streamSubjects.some(subject => subject.includes('renewed')))
  t.is(streamSubjects.length, 8)
})

test('the id of an event tells its revision, in its own journal only', t => {
  const id = transitionMessage(journalId, transition(42)).headers['ce-id'] ?? ''
  const gap = gapMessage(journalId, { fromRevision: 5, throughRevision: 9 }).headers['ce-id'] ?? ''
  t.is(revisionOfEvent(id, journalId), 42)
  t.is(revisionOfEvent(gap, journalId), 9)
  t.is(revisionOfEvent(id, '11111111-aaaa-4bbb-8ccc-dddddddddddd'), undefined)
  t.is(revisionOfEvent('something else', journalId), undefined)
})
