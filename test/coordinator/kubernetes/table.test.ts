import test from 'ava'
import { leaseTable, type TableOptions } from '../../../services/coordinator/kubernetes/table.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { image, sampleMicros } from '../feed/samples.js'

const nowMs = sampleMicros / 1e3 + 90_000

const tableOf = (leases: readonly LeaseImage[], options: Partial<TableOptions> = {}) =>
  leaseTable(leases, { resourceVersion: '9' }, { includeObject: 'Metadata', nowMs, ...options })

test('leases have a name, a holder and an age; state, token and renewal for those who ask for more', t => {
  const { columnDefinitions } = tableOf([])
  t.like(columnDefinitions, {
    0: { name: 'Name', type: 'string', format: 'name', priority: 0 },
    1: { name: 'Holder', type: 'string', format: '', priority: 0 },
    2: { name: 'Age', type: 'string', format: '', priority: 0 },
    3: { name: 'State', priority: 1 },
    4: { name: 'Token', priority: 1 },
    5: { name: 'Renewed', priority: 1 },
    length: 6,
  })
})

test('a row has a cell for each column', t => {
  const { rows } = tableOf([image(7)])
  t.like(rows, { 0: { cells: ['kube-scheduler', 'host-a', '90s', 'held', '7', '90s'] }, length: 1 })
})

test('what is not there is empty or unknown', t => {
  const { holderIdentity: _, renewTime: __, ...lease } = image(7, { state: 'unheld', fencingToken: 0 })
  t.like(tableOf([lease]).rows, { 0: { cells: ['kube-scheduler', '', '90s', 'unheld', '', '<unknown>'] } })
})

test('a renewal of year 1 was long ago', t => {
  const { rows } = tableOf([image(7, { renewTime: -62_135_596_798_000_000n })])
  t.like(rows, { 0: { cells: { 5: '2026y' } } })
})

test('a table is one of its version, and has the metadata of the list', t => {
  t.like(tableOf([]), { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: '9' } })
  t.is(tableOf([], { version: 'v1beta1' }).apiVersion, 'meta.k8s.io/v1beta1')
  t.deepEqual(tableOf([]).rows, [])
})

test('a row has its metadata, its lease or nothing, and each says what it is', t => {
  t.like(tableOf([image(7)]).rows, {
    0: {
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'kube-scheduler' } },
    },
  })
  t.like(tableOf([image(7)], { includeObject: 'Object' }).rows, {
    0: { object: { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', spec: { holderIdentity: 'host-a' } } },
  })
  t.notRegex(JSON.stringify(tableOf([image(7)], { includeObject: 'None' })), /"object":/)
})

test('a later table of a watch has no columns', t => {
  t.deepEqual(tableOf([image(7)], { withColumns: false }).columnDefinitions, [])
})
