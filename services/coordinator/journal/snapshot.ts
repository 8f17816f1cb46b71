import type { LeaseImage } from '../lease/lease.js'
import type { Journal } from './journal.js'
import { PieceEncoder, type PieceItem, type SnapshotHeader } from './snapshot-codec.js'

export interface SnapshotOptions {
  readonly journal: Journal
  /** Where replay starts: the first entry whose records may be missing from the state as it is now. */
  readonly sequence: number
  readonly header: SnapshotHeader
  /**
   * Walked slice by slice while the state moves. What is there from beginning to end must come; what comes, goes or
   * changes meanwhile may come in any of its states, since replay sets it right.
   */
  readonly leases: Iterable<LeaseImage>
  /** The bytes of transitions that are not yet on NATS, walked first, likewise. */
  readonly unpublished: Iterable<Uint8Array>
  /** What was given up of them, asked for after they were walked: the oldest may go meanwhile. */
  readonly gap?: () => { readonly fromRevision: number; readonly throughRevision: number } | undefined
  /** How far NATS was, asked for after that: of what was published while they were walked, some were and some were not. */
  readonly publishedThrough?: () => number
  /** Resolves when every record that is in the state at its call is durable. */
  readonly settled: () => Promise<void>
  /** Calls `run` when the next slice may be written. */
  readonly nextSlice: (run: () => void) => void
  /** How many items are encoded in one go, about 1 µs each. */
  readonly sliceSize?: number
  /** The size, in bytes, beyond which a piece takes no further item. */
  readonly pieceBytes?: number
}

/** What a snapshot came to. */
export interface SnapshotSize {
  readonly leases: number
  readonly bytes: number
}

/**
 * Writes a snapshot in the background and forgets the entries before it. Between two slices the event loop turns and
 * appends get between. Records are absolute, so what a piece says of a lease may be newer than the beginning.
 *
 * Memory is ahead of the log: a piece may show records whose entry is not durable yet. Nobody may see them after a
 * crash that lost that entry, for their revisions are given again then. So the commit waits until they are durable.
 *
 * @throws JournalFailed, JournalFenced as the journal does; the snapshot before stays.
 */
export async function takeSnapshot(options: SnapshotOptions): Promise<SnapshotSize> {
  const { journal, sequence, settled, nextSlice, sliceSize = 1_000, pieceBytes = 256 * 1024 } = options
  const writer = journal.beginSnapshot(sequence)
  const encoder = new PieceEncoder()
  let leases = 0
  let bytes = 0
  let sliceItems = 0
  const write = async () => {
    bytes += encoder.size
    await writer.write(encoder.piece())
    encoder.begin()
    sliceItems = 0
    await new Promise<void>(resolve => nextSlice(resolve))
  }
  try {
    for (const item of items(options)) {
      encoder.add(item)
      if (item.kind === 'image') leases++
      if (++sliceItems >= sliceSize || encoder.size >= pieceBytes) await write()
    }
    if (sliceItems > 0) await write()
    await settled()
    await writer.commit()
  } catch (error) {
    // What the abandoned pieces take is given back at the next open too, and the first error is the one that counts.
    await writer.abandon().catch(() => {})
    throw error
  }
  await journal.trim(sequence)
  return { leases, bytes }
}

function* items({ header, unpublished, gap, publishedThrough, leases }: SnapshotOptions): Generator<PieceItem> {
  yield { kind: 'header', header }
  for (const bytes of unpublished) yield { kind: 'unpublished', bytes }
  const givenUp = gap?.()
  if (givenUp !== undefined) yield { kind: 'gap', ...givenUp }
  if (publishedThrough !== undefined) yield { kind: 'published', throughRevision: publishedThrough() }
  for (const lease of leases) yield { kind: 'image', lease }
}
