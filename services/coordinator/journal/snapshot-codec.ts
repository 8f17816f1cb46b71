/**
 * A piece of a snapshot as bytes: format version (1 byte), then items until its end, each a tag (1 byte) and what it
 * says. The first item of the first piece is the header.
 */
import type { LeaseImage } from '../lease/lease.js'
import type { Transition } from '../lease/records.js'
import { ByteReader, ByteWriter } from './bytes.js'
import { JournalCorrupt } from './journal.js'
import { readLease, writeLease } from './lease-codec.js'
import { readTransition } from './record-codec.js'

const format = 1
const tags = { header: 1, image: 2, unpublished: 3, gap: 4, published: 5 } as const

export interface SnapshotHeader {
  /** The revision of the last record before the snapshot began. */
  readonly revision: number
  /** Every transition up to it was on NATS, or given up, when the snapshot began. */
  readonly publishedThrough: number
}

export type SnapshotItem =
  | { readonly kind: 'header'; readonly header: SnapshotHeader }
  | { readonly kind: 'image'; readonly lease: LeaseImage }
  /** A transition that is not yet on NATS, and its bytes, as `writeTransition` makes them. */
  | { readonly kind: 'unpublished'; readonly transition: Transition; readonly bytes: Uint8Array }
  /** Revisions whose transitions were given up, which is not yet on NATS either. */
  | { readonly kind: 'gap'; readonly fromRevision: number; readonly throughRevision: number }
  /** Every transition up to it was on NATS, or given up, when the unpublished ones had been walked. */
  | { readonly kind: 'published'; readonly throughRevision: number }

/** An item as it is written: of a transition, which is kept as bytes, only these. */
export type PieceItem =
  | Exclude<SnapshotItem, { kind: 'unpublished' }>
  | { readonly kind: 'unpublished'; readonly bytes: Uint8Array }

/** Fills one piece after the other into one buffer. */
export class PieceEncoder {
  readonly #writer = new ByteWriter()

  constructor() {
    this.begin()
  }

  /** The size of the piece so far, in bytes. */
  get size(): number {
    return this.#writer.length
  }

  /** Begins a new piece; the bytes of the one before no longer hold. */
  begin(): void {
    this.#writer.clear()
    this.#writer.uint8(format)
  }

  add(item: PieceItem): void {
    const writer = this.#writer
    writer.uint8(tags[item.kind])
    switch (item.kind) {
      case 'header':
        writer.float64(item.header.revision)
        writer.float64(item.header.publishedThrough)
        break
      case 'image':
        writeLease(writer, item.lease)
        break
      case 'unpublished':
        writer.bytes(item.bytes)
        break
      case 'gap':
        writer.float64(item.fromRevision)
        writer.float64(item.throughRevision)
        break
      case 'published':
        writer.float64(item.throughRevision)
    }
  }

  /** The piece; a view that holds until the next `begin`. */
  piece(): Uint8Array {
    return this.#writer.written()
  }
}

/** One piece as bytes of its own. */
export function encodePiece(items: Iterable<PieceItem>): Uint8Array {
  const encoder = new PieceEncoder()
  for (const item of items) encoder.add(item)
  return encoder.piece().slice()
}

/**
 * @param number names the piece in the error, the first is 0.
 * @throws JournalCorrupt for anything but a whole piece of a known format.
 */
export function decodePiece(bytes: Uint8Array, number: number): SnapshotItem[] {
  try {
    const reader = new ByteReader(bytes)
    const version = reader.uint8()
    if (version !== format) throw new RangeError(`format ${version}, of a newer leasehold?`)
    const items: SnapshotItem[] = []
    while (!reader.isAtEnd) items.push(readItem(reader, bytes))
    return items
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new JournalCorrupt(`piece ${number} of the snapshot cannot be read: ${reason}`, { cause: error })
  }
}

function readItem(reader: ByteReader, piece: Uint8Array): SnapshotItem {
  const tag = reader.uint8()
  switch (tag) {
    case tags.header:
      return { kind: 'header', header: { revision: reader.float64(), publishedThrough: reader.float64() } }
    case tags.image:
      return { kind: 'image', lease: readLease(reader) }
    case tags.unpublished: {
      const from = reader.position
      const transition = readTransition(reader)
      return { kind: 'unpublished', transition, bytes: piece.subarray(from, reader.position) }
    }
    case tags.gap:
      return { kind: 'gap', fromRevision: reader.float64(), throughRevision: reader.float64() }
    case tags.published:
      return { kind: 'published', throughRevision: reader.float64() }
    default:
      throw new RangeError(`an item of unknown kind ${tag}`)
  }
}
