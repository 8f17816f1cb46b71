import type { LeaseImage } from '../lease/lease.js'
import type { LeaseTable } from '../lease/lease-table.js'
import type { LeaseRecord } from '../lease/records.js'
import type { NatsPublisher } from './nats-publisher.js'

/** What a durable entry means to NATS; renewals only where the table is given to look leases up. */
export function publishRecords(
  publisher: NatsPublisher,
  records: readonly LeaseRecord[],
  table: LeaseTable | undefined,
): void {
  let hasTransition = false
  for (const record of records) {
    if (record.type !== 'renewed') hasTransition ||= record.type !== 'published'
    else if (table !== undefined) publisher.renewed(renewedLeases(record.leaseIds, table))
  }
  if (hasTransition) publisher.notify()
}

function renewedLeases(leaseIds: readonly number[], table: LeaseTable): LeaseImage[] {
  return leaseIds.flatMap(id => table.findById(id)?.current() ?? [])
}
