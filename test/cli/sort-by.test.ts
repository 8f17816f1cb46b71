import test from 'ava'
import { parsePath } from '../../cli/jsonpath/template.js'
import { sortBy } from '../../cli/sort-by.js'
import type { Lease } from '../../client/lease.js'
import { clientLease } from '../support/client-lease.js'

const lease = (name: string, fields: Partial<Lease> = {}): Lease => clientLease({ name, ...fields })

const sorted = (path: string, ...leases: Lease[]): string[] => sortBy(leases, parsePath(path)).map(({ name }) => name)

test('numbers sort by size, and a lease without one comes first', t => {
  const leases = [lease('ten', { leaseTransitions: 10 }), lease('two', { leaseTransitions: 2 }), lease('none')]
  t.deepEqual(sorted('.spec.leaseTransitions', ...leases), ['none', 'two', 'ten'])
})

test('text sorts with the numbers in it by size', t => {
  const names = ['node-10', 'node-9', 'node', 'a', 'node-9b']
  t.deepEqual(sorted('metadata.name', ...names.map(name => lease(name))), ['a', 'node', 'node-9', 'node-9b', 'node-10'])
})

test('times sort by time', t => {
  const leases = [
    lease('late', { creationTime: '2026-11-22T21:51:10Z' }),
    lease('early', { creationTime: '2026-11-22T21:51:09Z' }),
  ]
  t.deepEqual(sorted('{.metadata.creationTimestamp}', ...leases), ['early', 'late'])
})

test('leases of one value stay in their order', t => {
  t.deepEqual(sorted('.metadata.namespace', lease('b'), lease('a')), ['b', 'a'])
})

test('a path to nothing is an error, but not when there is nothing to sort', t => {
  t.throws(() => sorted('.spec.none', lease('a')), { message: /name another path/ })
  t.deepEqual(sorted('.spec.none'), [])
})
