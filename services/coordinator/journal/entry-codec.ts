/**
 * An entry as bytes, little-endian: format version (1 byte), epoch (8), first revision (8), count of records (4), the
 * records. A run of renewals costs 8 bytes a renewal as long as its lease ids lie within 2^32 of each other, 12 beyond.
 */
import type { Entry, LeaseRecord } from '../lease/records.js'
import { ByteReader, ByteWriter } from './bytes.js'
import { JournalCorrupt } from './journal.js'
import { readRecord, writeRecord } from './record-codec.js'

const format = 1

/** Encodes one entry after the other into one buffer, so that a renewal costs no allocation. */
export class EntryEncoder {
  readonly #writer = new ByteWriter()

  /** The bytes are a view that holds until the next call: append them, await the append, then encode the next. */
  encode(entry: Entry): Uint8Array {
    const writer = this.#writer
    writer.clear()
    writer.uint8(format)
    writer.float64(entry.epoch)
    writer.float64(entry.firstRevision)
    writer.uint32(entry.records.length)
    for (const record of entry.records) writeRecord(writer, record)
    return writer.written()
  }
}

/** One entry as bytes of its own. */
export const encodeEntry = (entry: Entry): Uint8Array => Uint8Array.from(new EntryEncoder().encode(entry))

/**
 * @param sequence names the entry in the error.
 * @throws JournalCorrupt for anything but exactly one entry of a known format.
 */
export function decodeEntry(bytes: Uint8Array, sequence: number): Entry {
  try {
    const reader = new ByteReader(bytes)
    const version = reader.uint8()
    if (version !== format) throw new RangeError(`format ${version}, of a newer leasehold?`)
    const epoch = reader.float64()
    const firstRevision = reader.float64()
    const count = reader.uint32()
    const records: LeaseRecord[] = []
    for (let i = 0; i < count; i++) records.push(readRecord(reader))
    if (!reader.isAtEnd) throw new RangeError('bytes after its last record')
    return { epoch, firstRevision, records }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new JournalCorrupt(`journal entry ${sequence} cannot be read: ${reason}`, { cause: error })
  }
}
