import { connect } from 'nats'
import { systemRandom } from '../../clock/random.js'
import type { LeaseEventData } from '../../services/coordinator/feed/cloud-event.js'
import { openJournal } from '../../services/coordinator/journal/open-journal.js'
import { restoreJournal } from '../../services/coordinator/journal/restore.js'
import { leasePath } from '../../services/coordinator/lease/lease.js'
import { isTransition } from '../../services/coordinator/lease/records.js'

/** A message of the stream that keeps the events. */
export interface StreamedEvent {
  /** The id for de-duplication: the journal's id and the revision. */
  readonly id: string
  readonly revision: number
  /** As in `acquired default/job`. */
  readonly change: string
  readonly data: LeaseEventData
}

/** Every message of LEASE_EVENTS, in the stream's order. */
export async function streamedEvents(url: string): Promise<StreamedEvent[]> {
  const connection = await connect({ servers: url, reconnect: false })
  try {
    const { state } = await (await connection.jetstreamManager()).streams.info('LEASE_EVENTS')
    const events: StreamedEvent[] = []
    if (state.messages === 0) return events
    const consumer = await connection.jetstream().consumers.get('LEASE_EVENTS')
    for await (const message of await consumer.consume()) {
      const data = message.json<LeaseEventData>()
      const type = message.headers?.get('ce-type').replace('dev.leasehold.lease.', '')
      const change = `${type} ${message.headers?.get('ce-subject')}`
      events.push({ id: message.headers?.get('Nats-Msg-Id') ?? '', revision: Number(data.revision), change, data })
      if (message.info.pending === 0) break
    }
    return events
  } finally {
    await connection.close()
  }
}

/** Every transition that the journal has, as `revision change`: the truth, when no snapshot was taken. */
export async function journaledTransitions(directory: string): Promise<{ journalId: string; changes: string[] }> {
  const { journalId, entries } = await journaledEntries(directory)
  return { journalId, changes: entries.flat() }
}

/** The same by entry, each of which is one batch. */
export async function journaledEntries(directory: string): Promise<{ journalId: string; entries: string[][] }> {
  const journal = await openJournal(`lmdb:${directory}`, { random: systemRandom })
  try {
    const entries: string[][] = []
    for await (const restored of restoreJournal(journal)) {
      if (restored.kind !== 'entry') continue
      const changes = restored.records.filter(isTransition)
      entries.push(changes.map(({ type, lease }) => `${lease.revision} ${type} ${leasePath(lease)}`))
    }
    return { journalId: journal.id, entries }
  } finally {
    await journal.close()
  }
}
