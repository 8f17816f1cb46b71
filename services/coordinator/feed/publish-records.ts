import type { LeaseImage } from '../lease/lease.js'
import type { LeaseTable } from '../lease/lease-table.js'
import type { LeaseRecord, Renewals } from '../lease/records.js'
import type { NatsPublisher } from './nats-publisher.js'

/** What a durable entry means to NATS; renewals only where the table is given to look leases up. */
export function publishRecords(
  publisher: Pick<NatsPublisher, 'notify' | 'renewed'>,
  records: readonly LeaseRecord[],
  table: LeaseTable | undefined,
): void {
  let hasTransition = false
  for (const record of records) {
    if (record.type !== 'renewed') hasTransition ||= record.type !== 'published'
    else if (table !== undefined) publisher.renewed(renewedLeases(record, table))
  }
  if (hasTransition) publisher.notify()
}

/**
 * The leases of a run of renewals, each at the revision of its renewal. Where something newer has happened to a lease,
 * it need not be durable yet, and it will be told under that revision itself: this renewal is not told then.
 */
function renewedLeases({ firstRevision, leaseIds }: Renewals, table: LeaseTable): LeaseImage[] {
  return leaseIds.flatMap((id, index) => {
    const lease = table.findById(id)
    return lease?.revision === firstRevision + index ? [lease.current()] : []
  })
}
