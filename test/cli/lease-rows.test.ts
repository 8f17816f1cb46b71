import test from 'ava'
import { leaseHeader, leaseRow } from '../../cli/lease-rows.js'
import type { Lease } from '../../client/lease.js'

const lease: Lease = {
  id: 1,
  namespace: 'kube-system',
  name: 'kube-scheduler',
  uid: 'u',
  resourceVersion: '9',
  generation: 0,
  creationTime: '2026-11-22T21:51:00Z',
  labels: {},
  annotations: {},
  ownerReferences: [],
  finalizers: [],
  managedFields: [],
  holderIdentity: 'host-a_1',
  state: 'held',
  fencingToken: 8,
  revision: 9,
}
const wallMicros = Date.parse('2026-11-22T21:56:30Z') * 1_000

test('a row is name, holder and age', t => {
  const columns = { namespace: false, wide: false }
  t.deepEqual(leaseHeader(columns), ['NAME', 'HOLDER', 'AGE'])
  t.deepEqual(leaseRow(lease, columns, wallMicros), ['kube-scheduler', 'host-a_1', '5m30s'])
})

test('the namespace comes first, state and token come last', t => {
  const columns = { namespace: true, wide: true }
  t.deepEqual(leaseHeader(columns), ['NAMESPACE', 'NAME', 'HOLDER', 'AGE', 'STATE', 'TOKEN'])
  t.deepEqual(leaseRow(lease, columns, wallMicros), ['kube-system', 'kube-scheduler', 'host-a_1', '5m30s', 'held', '8'])
})

test('without a holder the cell is empty, without a creation time the age is unknown, without a tenancy there is no token', t => {
  const { holderIdentity, creationTime, ...never } = lease
  t.deepEqual(leaseRow({ ...never, state: 'unheld', fencingToken: 0 }, { namespace: false, wide: true }, wallMicros), [
    'kube-scheduler',
    '',
    '<unknown>',
    'unheld',
    '',
  ])
})
