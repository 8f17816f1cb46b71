import { ByteReader, ByteWriter } from '../../services/coordinator/journal/bytes.js'
import { readTransition, writeTransition } from '../../services/coordinator/journal/record-codec.js'
import type { Transition } from '../../services/coordinator/lease/records.js'

/** A transition as the journal, the outbox and snapshots keep it. */
export function bytesOf(transition: Transition): Uint8Array {
  const writer = new ByteWriter()
  writeTransition(writer, transition)
  return Uint8Array.from(writer.written())
}

export const transitionOf = ({ bytes }: { bytes: Uint8Array }): Transition => readTransition(new ByteReader(bytes))
