/**
 * An entry as bytes, little-endian: format version (1 byte), epoch (8), first revision (8), count of records (4), the
 * records. A run of renewals costs 8 bytes a renewal as long as its lease ids lie within 2^32 of each other, 12 beyond.
 */
import { type Entry, isTransition, type LeaseRecord } from '../lease/records.js'
import { ByteReader, ByteWriter } from './bytes.js'
import { JournalCorrupt } from './journal.js'
import { readRecord, tagBytes, writeRecord } from './record-codec.js'

const format = 1

/** An entry as bytes. All of them are views that hold until the next entry is encoded. */
export interface EncodedEntry {
  readonly bytes: Uint8Array
  /** Of each transition among its records, in order, the part of the bytes that `writeTransition` wrote. */
  readonly transitions: readonly Uint8Array[]
}

/** Encodes one entry after the other into one buffer, so that a renewal costs no allocation. */
export class EntryEncoder {
  readonly #writer = new ByteWriter()

  /** Append the bytes, await the append, then encode the next. */
  encode(entry: Entry): EncodedEntry {
    const writer = this.#writer
    writer.clear()
    writer.uint8(format)
    writer.float64(entry.epoch)
    writer.float64(entry.firstRevision)
    writer.uint32(entry.records.length)
    const bounds: number[] = []
    for (const record of entry.records) {
      const from = writer.length + tagBytes
      writeRecord(writer, record)
      if (isTransition(record)) bounds.push(from, writer.length)
    }
    // Only now: the buffer may have grown on the way.
    const bytes = writer.written()
    const transitions: Uint8Array[] = []
    for (let at = 0; at < bounds.length; at += 2) transitions.push(bytes.subarray(bounds[at], bounds[at + 1]))
    return { bytes, transitions }
  }
}

/** One entry as bytes of its own. */
export const encodeEntry = (entry: Entry): Uint8Array => Uint8Array.from(new EntryEncoder().encode(entry).bytes)

export interface DecodedEntry {
  readonly entry: Entry
  /** Of each transition among its records, in order, the part of the bytes that `readTransition` read. */
  readonly transitions: readonly Uint8Array[]
}

/**
 * @param sequence names the entry in the error.
 * @throws JournalCorrupt for anything but exactly one entry of a known format.
 */
export function decodeEntry(bytes: Uint8Array, sequence: number): DecodedEntry {
  try {
    const reader = new ByteReader(bytes)
    const version = reader.uint8()
    if (version !== format) throw new RangeError(`format ${version}, of a newer leasehold?`)
    const epoch = reader.float64()
    const firstRevision = reader.float64()
    const count = reader.uint32()
    const records: LeaseRecord[] = []
    const transitions: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const from = reader.position + tagBytes
      const record = readRecord(reader)
      records.push(record)
      if (isTransition(record)) transitions.push(bytes.subarray(from, reader.position))
    }
    if (!reader.isAtEnd) throw new RangeError('bytes after its last record')
    return { entry: { epoch, firstRevision, records }, transitions }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new JournalCorrupt(`journal entry ${sequence} cannot be read: ${reason}`, { cause: error })
  }
}
