import test from 'ava'
import { type Column, type ColumnOptions, leaseColumns } from '../../cli/lease-columns.js'
import { nodeColumns } from '../../cli/node-columns.js'
import type { Lease } from '../../client/lease.js'
import { clientLease } from '../support/client-lease.js'

const lease = clientLease({
  namespace: 'kube-system',
  name: 'kube-scheduler',
  creationTime: '2026-11-22T21:51:00Z',
  holderIdentity: 'host-a_1',
  renewTime: '2026-11-22T21:56:26.500000Z',
  state: 'held',
  fencingToken: 8,
})
const wallMicros = Date.parse('2026-11-22T21:56:30Z') * 1_000
const none: ColumnOptions = { namespace: false, wide: false, labels: false }
const all: ColumnOptions = { namespace: true, wide: true, labels: true }

const titles = (columns: Column[]): string[] => columns.map(({ title }) => title)
const cells = (columns: Column[], lease: Lease): string[] => columns.map(({ cell }) => cell(lease, wallMicros))

test('a lease is name, holder and age', t => {
  t.deepEqual(titles(leaseColumns(none)), ['NAME', 'HOLDER', 'AGE'])
  t.deepEqual(cells(leaseColumns(none), lease), ['kube-scheduler', 'host-a_1', '5m30s'])
})

test('the namespace comes first, state, token and labels come last', t => {
  t.deepEqual(titles(leaseColumns(all)), ['NAMESPACE', 'NAME', 'HOLDER', 'AGE', 'STATE', 'TOKEN', 'LABELS'])
  t.deepEqual(cells(leaseColumns(all), { ...lease, labels: { tier: 'db', app: 'a' } }), [
    ...['kube-system', 'kube-scheduler', 'host-a_1', '5m30s', 'held', '8'],
    'app=a,tier=db',
  ])
})

test('without a holder the cell is empty, without a creation time the age is unknown, without a tenancy there is no token, without labels there are none', t => {
  const { holderIdentity, creationTime, ...never } = lease
  const columns = leaseColumns({ ...all, namespace: false })
  t.deepEqual(cells(columns, { ...never, state: 'unheld', fencingToken: 0 }), [
    ...['kube-scheduler', '', '<unknown>', 'unheld', '', '<none>'],
  ])
})

test('a node is name, status, holder, last heartbeat and age', t => {
  t.deepEqual(titles(nodeColumns(none)), ['NAME', 'STATUS', 'HOLDER', 'LAST-HEARTBEAT', 'AGE'])
  t.deepEqual(titles(nodeColumns({ ...none, wide: true })).slice(-2), ['LEASE', 'TOKEN'])
  const said = { ...lease, labels: { 'leasehold.dev/node-status': 'Unknown' } }
  t.deepEqual(cells(nodeColumns(none), said), ['kube-scheduler', 'Unknown', 'host-a_1', '3s', '5m30s'])
})

test('a node of which no monitor said anything is Ready while its lease is held', t => {
  t.is(cells(nodeColumns(none), lease)[1], 'Ready')
  t.is(cells(nodeColumns(none), { ...lease, state: 'expired' })[1], 'Unknown')
})

test('a node that never sent a heartbeat has an unknown last one', t => {
  const { renewTime, ...never } = lease
  t.is(cells(nodeColumns(none), never)[3], '<unknown>')
})
