import test from 'ava'
import { emptyList, noSuchObject } from '../../../services/coordinator/kubernetes/core-group.js'
import { objectTable } from '../../../services/coordinator/kubernetes/object-table.js'

test('there are no events and no services, as a list and as a table', t => {
  const services = emptyList('services', 7)
  t.deepEqual(services, { kind: 'ServiceList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: [] })
  t.is(emptyList('events', 7).kind, 'EventList')
  t.like(objectTable(services), { kind: 'Table', metadata: { resourceVersion: '7' } })
  t.deepEqual(objectTable(services).rows, [])
})

test('one of them that is asked for by name is not found', t => {
  const { code, message } = noSuchObject('services', 'a')
  t.deepEqual([code, message], [404, 'services "a" not found'])
})
