import test from 'ava'
import { publishRecords } from '../../../services/coordinator/feed/publish-records.js'
import { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'
import type { LeaseRecord } from '../../../services/coordinator/lease/records.js'
import { image, renewals, transition } from './samples.js'

/** What a publisher is told of the records of an entry, in a table that may be ahead of them. */
function told(records: readonly LeaseRecord[], ahead: readonly LeaseRecord[] = []) {
  const table = new LeaseTable(0)
  table.apply(transition(1, { id: 1, name: 'a' }))
  table.apply(transition(2, { id: 2, name: 'b' }))
  for (const record of [...records, ...ahead]) table.apply(record)
  const result = { notified: 0, renewed: [] as string[] }
  const publisher = {
    notify: () => void result.notified++,
    renewed: (leases: readonly { name: string; revision: number }[]) =>
      void result.renewed.push(...leases.map(({ name, revision }) => `${name} ${revision}`)),
  }
  publishRecords(publisher, records, table)
  return result
}

test('a renewal is told under its own revision', t => {
  t.deepEqual(told([renewals(3, 1, 2)]), { notified: 0, renewed: ['a 3', 'b 4'] })
})

test('a renewal is not told under the revision of a transition that came after it, in its entry or not durable yet', t => {
  const released = transition(5, image(5, { id: 1, name: 'a', state: 'released' }), { type: 'released' })
  t.deepEqual(told([renewals(3, 1, 2), released]), { notified: 1, renewed: ['b 4'] })
  t.deepEqual(told([renewals(3, 1, 2)], [released]), { notified: 0, renewed: ['b 4'] })
})

test('of two renewals of a lease the last one is told', t => {
  t.deepEqual(told([renewals(3, 1, 1)]), { notified: 0, renewed: ['a 4'] })
})
