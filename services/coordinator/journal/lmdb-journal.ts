/**
 * The LMDB home: one directory, no server. Entries are keyed by their sequence; the pieces of a snapshot lie in a table
 * of their own under the snapshot's number, and one small record says which snapshot counts, so a commit is one small
 * transaction. What has to be removed goes in steps, so that an append waits for one of them at most.
 */

import { statfs } from 'node:fs/promises'
import type { Random } from '../../../clock/random.js'
import { bufferOf } from './bytes.js'
import { type DirectoryLock, lockDirectory } from './directory-lock.js'
import {
  type Journal,
  JournalCorrupt,
  JournalFailed,
  JournalFenced,
  JournalInUse,
  type SnapshotWriter,
} from './journal.js'
import { LmdbStore } from './lmdb-store.js'
import type { NameRange, PagedTable } from './paged-table.js'

/** Pages removed in one transaction: a MiB. */
const removeStep = 256
/** Entries looked up at once, so that no read transaction stays open for long. */
const readStep = 64

/** The record that says which snapshot counts. */
interface SnapshotRecord {
  readonly id: number
  readonly sequence: number
  readonly pieces: number
}

/**
 * Opens the journal in a directory, which is made where it is missing.
 * @throws JournalInUse when a living process has it open.
 * @throws JournalFailed when it cannot be opened.
 */
export async function openLmdbJournal(directory: string, deps: { random: Random }): Promise<Journal> {
  let lock: DirectoryLock | undefined
  let store: LmdbStore | undefined
  try {
    lock = lockDirectory(directory)
    store = new LmdbStore(directory, deps.random)
    const journal = new LmdbJournal(store, lock)
    await journal.removeUncommitted()
    return journal
  } catch (error) {
    await store?.close()
    lock?.release()
    if (error instanceof JournalInUse || error instanceof JournalFenced || error instanceof JournalFailed) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new JournalFailed(`the journal in ${directory} cannot be opened: ${reason}`, { cause: error })
  }
}

class LmdbJournal implements Journal {
  readonly id: string
  readonly epoch: number
  readonly #store: LmdbStore
  readonly #lock: DirectoryLock
  #lastSequence: number
  #lastSnapshotId: number

  constructor(store: LmdbStore, lock: DirectoryLock) {
    this.#store = store
    this.#lock = lock
    this.id = store.id
    this.epoch = store.epoch
    this.#lastSequence = store.lastSequence()
    this.#lastSnapshotId = this.#currentSnapshot()?.id ?? 0
  }

  get lastSequence(): number {
    return this.#lastSequence
  }

  async append(entry: Uint8Array, sequence: number): Promise<void> {
    if (sequence !== this.#lastSequence + 1) throw new RangeError(`entry ${sequence} after ${this.#lastSequence}`)
    await this.#store.append(entry, sequence)
    this.#lastSequence = sequence
  }

  async *read(sequence: number): AsyncGenerator<{ sequence: number; entry: Uint8Array }> {
    const last = this.#lastSequence
    let next = Math.max(sequence, 1)
    while (next <= last) {
      const end = Math.min(next + readStep, last + 1)
      for (const { name, value } of this.#store.entries.values({ start: [next], end: [end] })) {
        if (name[0] !== next) break
        yield { sequence: next++, entry: value }
      }
      if (next < end) throw new JournalCorrupt(`entry ${next} of the journal in ${this.#store.directory} is missing`)
    }
  }

  beginSnapshot(sequence: number): SnapshotWriter {
    const store = this.#store
    const id = ++this.#lastSnapshotId
    let pieces = 0
    return {
      write: piece => {
        const name = [id, pieces++]
        return store.write(() => store.pieces.put(name, bufferOf(piece)))
      },
      commit: async () => {
        const record: SnapshotRecord = { id, sequence, pieces }
        await store.write(() => void store.meta.put('snapshot', Buffer.from(JSON.stringify(record)), 0))
        await this.#remove(store.pieces, { end: [id, 0] })
      },
      abandon: () => this.#remove(store.pieces, { start: [id, 0], end: [id + 1, 0] }),
    }
  }

  readSnapshot(): { sequence: number; pieces: AsyncIterable<Uint8Array> } | undefined {
    const record = this.#currentSnapshot()
    return record && { sequence: record.sequence, pieces: this.#readPieces(record) }
  }

  trim(sequence: number): Promise<void> {
    return this.#remove(this.#store.entries, { end: [sequence] })
  }

  async checkOwner(): Promise<void> {
    this.#store.checkOwner()
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#store.directory)
    return bavail * bsize
  }

  async close(): Promise<void> {
    await this.#store.close()
    this.#lock.release()
  }

  /** Removes what a snapshot that was never committed, or an interrupted removal, has left. */
  async removeUncommitted(): Promise<void> {
    const { pieces } = this.#store
    const id = this.#lastSnapshotId
    await this.#remove(pieces, { end: [id, 0] })
    await this.#remove(pieces, { start: [id + 1, 0] })
  }

  #currentSnapshot(): SnapshotRecord | undefined {
    const record = this.#store.meta.get('snapshot')
    return record && JSON.parse(record.toString())
  }

  async *#readPieces({ id, pieces }: SnapshotRecord): AsyncGenerator<Uint8Array> {
    for (let number = 0; number < pieces; number++) {
      const [piece] = this.#store.pieces.values({ start: [id, number], end: [id, number + 1] })
      if (piece === undefined) {
        throw new JournalCorrupt(`piece ${number} of the snapshot in ${this.#store.directory} is missing`)
      }
      yield piece.value
    }
  }

  async #remove(table: PagedTable, range: NameRange): Promise<void> {
    for (;;) {
      const keys = table.keys(range, removeStep)
      if (keys.length === 0) return
      await this.#store.write(() => table.remove(keys))
    }
  }
}
