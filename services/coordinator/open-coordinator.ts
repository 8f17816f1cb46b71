import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import { type BatchObserver, Coordinator } from './coordinator.js'
import { Feed } from './feed/feed.js'
import { Outbox } from './feed/outbox.js'
import type { Scope } from './feed/scope.js'
import type { Journal } from './journal/journal.js'
import { restoreJournal } from './journal/restore.js'
import type { SnapshotItem } from './journal/snapshot-codec.js'
import type { CollectionRule } from './lease/collection.js'
import { LeaseCore } from './lease/lease-core.js'
import type { LeaseNode } from './lease/lease-node.js'
import { LeaseTable } from './lease/lease-table.js'
import type { LeaseRecord } from './lease/records.js'
import { defaultSessionLimits, type SessionLimits, Sessions } from './lease/sessions.js'
import type { TenancyObserver } from './lease/tenancies.js'
import { LeaseClock } from './lease-clock.js'

export interface CoordinatorDeps {
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly sessionLimits?: SessionLimits
  /** What goes by itself; nothing without them. */
  readonly collectionRules?: readonly CollectionRule[]
  /** Transitions that watches can resume over. */
  readonly windowSize?: number
  /** Transitions that may wait for NATS; without NATS 0, so that all of them become a gap. */
  readonly outboxLimit?: number
  /** Told the records of every durable entry. */
  readonly onDurable?: (records: readonly LeaseRecord[]) => void
  /** The journal failed: the process must end. */
  readonly onFailure: (error: Error) => void
  readonly observer?: BatchObserver & TenancyObserver
}

/** A coordinator and what it is made of. */
export interface OpenCoordinator {
  readonly coordinator: Coordinator
  readonly table: LeaseTable
  readonly core: LeaseCore
  readonly sessions: Sessions
  readonly feed: Feed
  readonly outbox: Outbox
  readonly leaseClock: LeaseClock
}

/** Brings the state back from the journal and starts to decide. Resolves when the first entry of this writer is durable. */
export async function openCoordinator(deps: CoordinatorDeps): Promise<OpenCoordinator> {
  const { journal, clock, outboxLimit = 1_000_000 } = deps
  const isNew = journal.lastSequence === 0 && journal.readSnapshot() === undefined
  // Tokens must grow even when a data directory is lost: a new journal begins beyond all that came before it.
  const table = new LeaseTable(isNew ? clock.wallMicros() : 0)
  const outbox = new Outbox(outboxLimit)
  const feed = new Feed({
    journalId: journal.id,
    ...(deps.windowSize === undefined ? {} : { windowSize: deps.windowSize }),
    clock,
    leaseOf: id => table.findById(id),
    leases: scope => leasesOf(table, scope),
    currentRevision: () => table.revision,
  })
  const hold = (records: readonly LeaseRecord[], bytes?: readonly Uint8Array[]): void => {
    const nowMs = clock.monotonicMs()
    let index = 0
    for (const record of records) {
      if (record.type === 'published') outbox.publishedThrough(record.throughRevision)
      else if (record.type !== 'renewed') outbox.add(record, nowMs, bytes?.[index++])
    }
  }
  const restoreItem = (item: SnapshotItem): void => {
    switch (item.kind) {
      case 'header':
        table.restoreRevision(item.header.revision)
        feed.restore([], item.header.revision)
        outbox.restore(item.header)
        break
      case 'image':
        table.restore(item.lease)
        break
      case 'unpublished':
        hold([item.transition], [item.bytes])
        break
      case 'gap':
        outbox.restore({ publishedThrough: outbox.state.publishedThrough, gap: item })
        break
      case 'published':
        outbox.publishedThrough(item.throughRevision)
    }
  }
  for await (const restored of restoreJournal(journal)) {
    if (restored.kind === 'piece') {
      for (const item of restored.items) restoreItem(item)
      continue
    }
    const { records, revision, transitions } = restored
    for (const record of records) table.apply(record)
    table.restoreRevision(revision)
    feed.restore(records, revision, transitions)
    hold(records, transitions)
  }
  const core = new LeaseCore(table, deps.random, deps.observer, deps.collectionRules)
  const sessions = new Sessions(core, deps.sessionLimits ?? defaultSessionLimits)
  const leaseClock = new LeaseClock(clock)
  const coordinator = new Coordinator({
    clock,
    leaseClock,
    journal,
    core,
    sessions,
    feed,
    onDurable: (records, bytes) => {
      hold(records, bytes)
      deps.onDurable?.(records)
    },
    onFailure: deps.onFailure,
    ...(deps.observer === undefined ? {} : { observer: deps.observer }),
  })
  leaseClock.start()
  await coordinator.start()
  return { coordinator, table, core, sessions, feed, outbox, leaseClock }
}

/** All of them, but for the scope of a lease, which thousands of watches may have. */
function leasesOf(table: LeaseTable, scope: Scope): Iterator<LeaseNode> {
  if (scope.name === '') return table.nodes()
  const lease = table.find(scope)
  return (lease === undefined ? [] : [lease]).values()
}
