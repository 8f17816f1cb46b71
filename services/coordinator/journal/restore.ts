/**
 * Reads what a journal holds: the snapshot, then the entries from the one at which it began. The snapshot may be ahead
 * of the first of those entries: whoever applies a record must bear with a renewal of a lease that is no longer there
 * and a deletion of one that has been created again.
 */
import type { Entry, LeaseRecord } from '../lease/records.js'
import { decodeEntry } from './entry-codec.js'
import { type Journal, JournalCorrupt } from './journal.js'
import { decodePiece, type SnapshotItem } from './snapshot-codec.js'

/** A part of what a journal holds. */
export type Restored = { readonly kind: 'piece'; readonly items: readonly SnapshotItem[] } | RestoredEntry

export interface RestoredEntry {
  readonly kind: 'entry'
  readonly sequence: number
  readonly epoch: number
  /** The last one given up to its end, also when it has no records. */
  readonly revision: number
  readonly records: readonly LeaseRecord[]
  /** The bytes of each transition among them, in order. */
  readonly transitions: readonly Uint8Array[]
}

/**
 * The snapshot, if there is one, piece by piece: its header, unpublished transitions, their gap, how far NATS was then,
 * and leases; then each entry. An unpublished transition comes once, from the snapshot or in an entry.
 * @throws JournalCorrupt where something cannot be read, is missing or does not follow from what was before it.
 */
export async function* restoreJournal(journal: Journal): AsyncGenerator<Restored> {
  const snapshot = journal.readSnapshot()
  const start = snapshot?.sequence ?? 1
  // The first entry decides which unpublished transitions replay brings again.
  const replayRevision = (await firstEntry(journal, start))?.firstRevision ?? Number.POSITIVE_INFINITY
  let revision: number | undefined
  let newestImage = 0
  if (snapshot) {
    let number = 0
    for await (const piece of snapshot.pieces) {
      const items: SnapshotItem[] = []
      for (const item of decodePiece(piece, number++)) {
        if (item.kind === 'header') revision = item.header.revision
        else if (revision === undefined) throw new JournalCorrupt('the snapshot does not begin with its header')
        else if (item.kind === 'image') newestImage = Math.max(newestImage, item.lease.revision)
        else if (item.kind === 'unpublished' && item.transition.lease.revision >= replayRevision) continue
        items.push(item)
      }
      yield { kind: 'piece', items }
    }
    if (revision === undefined) throw new JournalCorrupt('the snapshot has no header')
    if (replayRevision !== Number.POSITIVE_INFINITY) {
      if (replayRevision > revision + 1) {
        throw new JournalCorrupt(`revisions ${revision + 1} to ${replayRevision - 1} are missing after the snapshot`)
      }
      revision = replayRevision - 1
    }
  }
  let epoch = 0
  for await (const { sequence, entry: bytes } of journal.read(start)) {
    const { entry, transitions } = decodeEntry(bytes, sequence)
    if (entry.epoch < epoch || entry.epoch > journal.epoch) {
      throw new JournalCorrupt(`journal entry ${sequence} is of epoch ${entry.epoch}, after ${epoch}`)
    }
    epoch = entry.epoch
    revision = follow(entry, sequence, revision)
    yield { kind: 'entry', sequence, epoch, revision, records: entry.records, transitions }
  }
  if (newestImage > (revision ?? 0)) {
    throw new JournalCorrupt(`the snapshot knows revision ${newestImage}, the journal ends with ${revision}`)
  }
}

async function firstEntry(journal: Journal, start: number): Promise<Entry | undefined> {
  for await (const { sequence, entry } of journal.read(start)) return decodeEntry(entry, sequence).entry
  return undefined
}

/** The revision after the entry, which must begin after `revision`, where that is known, and have no gap. */
function follow(entry: Entry, sequence: number, revision: number | undefined): number {
  let next = revision === undefined ? entry.firstRevision : revision + 1
  const check = (found: number) => {
    if (found === next) return
    throw new JournalCorrupt(`journal entry ${sequence} has revision ${found} where ${next} must follow`)
  }
  check(entry.firstRevision)
  for (const record of entry.records) {
    if (record.type === 'published') continue
    if (record.type === 'renewed') {
      check(record.firstRevision)
      next += record.leaseIds.length
    } else {
      check(record.lease.revision)
      next += 1
    }
  }
  return next - 1
}
