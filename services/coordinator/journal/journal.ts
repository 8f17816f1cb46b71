/**
 * The durable log of one coordinator. A home only translates; it has no rule in it. Entries are opaque bytes with the
 * sequences 1, 2, 3 and on.
 *
 * Opening takes a new epoch, greater than every one before: from then on an append under an older epoch fails, checked
 * by the store in the transaction of the append. Appends are made one at a time, in order.
 */
export interface Journal {
  /** The UUID given when the journal was created. */
  readonly id: string
  readonly epoch: number
  /** The sequence of the last entry; 0 when there is none. */
  readonly lastSequence: number

  /**
   * Appends one entry and resolves when it is durable. `sequence` must be `lastSequence + 1`.
   * @throws JournalFenced when another writer has opened the journal or appended to it; nothing was written.
   * @throws JournalFailed when it may or may not have been written, as with a full disk: the process must end.
   */
  append(entry: Uint8Array, sequence: number): Promise<void>

  /** The entries from `sequence` on, in order. Throws JournalCorrupt where one is missing in between. */
  read(sequence: number): AsyncIterable<{ sequence: number; entry: Uint8Array }>

  /**
   * Begins a snapshot whose replay starts at the entry `sequence`. It counts only from its commit on, durably and at
   * once; until then the snapshot before it stays, and a snapshot that was never committed is gone at the next open.
   */
  beginSnapshot(sequence: number): SnapshotWriter
  /** The last committed snapshot. */
  readSnapshot(): { sequence: number; pieces: AsyncIterable<Uint8Array> } | undefined

  /** Forgets the entries before `sequence`, in steps that never hold appends up for long. */
  trim(sequence: number): Promise<void>

  /**
   * Resolves while this is the journal's writer: one that is deposed and has nothing to append would not hear of it.
   * @throws JournalFenced when another writer has opened the journal.
   */
  checkOwner(): Promise<void>

  /** Bytes that can still be written, where the home knows; Infinity otherwise. */
  freeBytes(): Promise<number>

  close(): Promise<void>
}

export interface SnapshotWriter {
  /** Adds a piece of at most 1 MiB and resolves when it is written: await one before the next, so appends get between. */
  write(piece: Uint8Array): Promise<void>
  commit(): Promise<void>
  abandon(): Promise<void>
}

/** Another writer owns the journal: this one must stop. */
export class JournalFenced extends Error {
  override readonly name = 'JournalFenced'
}

/** The store failed. What was appended last may or may not be there. */
export class JournalFailed extends Error {
  override readonly name = 'JournalFailed'
}

/** Another process has the journal open. */
export class JournalInUse extends Error {
  override readonly name = 'JournalInUse'
}

/** What the journal holds cannot be read: bytes of no known format, or a part is missing. Starting on it would lose leases. */
export class JournalCorrupt extends Error {
  override readonly name = 'JournalCorrupt'
}
