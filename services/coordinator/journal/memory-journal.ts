/**
 * The memory home, for tests and the simulator. A MemoryStore is the disk: it outlives the journals opened on it, and
 * opening it again is what a restart is. What was on its way when the old journal lost the store is not in it.
 */
import { type Random, uuid } from '../../../clock/random.js'
import { type Journal, JournalCorrupt, JournalFailed, JournalFenced, type SnapshotWriter } from './journal.js'

export class MemoryStore {
  readonly id: string
  readonly entries = new Map<number, Uint8Array>()
  snapshot: { readonly sequence: number; readonly pieces: readonly Uint8Array[] } | undefined
  epoch = 0
  lastSequence = 0
  /** What `freeBytes` of a journal tells. */
  freeBytes = Number.POSITIVE_INFINITY
  /**
   * Runs before anything becomes durable: a promise that waits makes the disk slow, one that rejects makes it fail.
   * `sequence` is that of the entry; 0 for a part of a snapshot.
   */
  beforeFlush: (sequence: number, size: number) => Promise<void> = async () => {}

  constructor(random: Random) {
    this.id = uuid(random)
  }
}

/** Opens a store with a new epoch: a journal that had it open is fenced. */
export function openMemoryJournal(store: MemoryStore): Journal {
  return new MemoryJournal(store)
}

class MemoryJournal implements Journal {
  readonly id: string
  readonly epoch: number
  readonly #store: MemoryStore
  #lastSequence: number
  #failure: Error | undefined

  constructor(store: MemoryStore) {
    this.#store = store
    this.id = store.id
    store.epoch += 1
    this.epoch = store.epoch
    this.#lastSequence = store.lastSequence
  }

  get lastSequence(): number {
    return this.#lastSequence
  }

  async append(entry: Uint8Array, sequence: number): Promise<void> {
    if (sequence !== this.#lastSequence + 1) throw new RangeError(`entry ${sequence} after ${this.#lastSequence}`)
    const bytes = Uint8Array.from(entry)
    await this.#flush(sequence, bytes.length, store => {
      if (store.lastSequence !== sequence - 1) throw this.#fenced()
      store.entries.set(sequence, bytes)
      store.lastSequence = sequence
      this.#lastSequence = sequence
    })
  }

  async *read(sequence: number): AsyncGenerator<{ sequence: number; entry: Uint8Array }> {
    const last = this.#lastSequence
    for (let next = Math.max(sequence, 1); next <= last; next++) {
      const entry = this.#store.entries.get(next)
      if (!entry) throw new JournalCorrupt(`journal entry ${next} is missing`)
      yield { sequence: next, entry }
    }
  }

  beginSnapshot(sequence: number): SnapshotWriter {
    const pieces: Uint8Array[] = []
    return {
      write: async piece => {
        const bytes = Uint8Array.from(piece)
        await this.#flush(0, bytes.length, () => pieces.push(bytes))
      },
      commit: () =>
        this.#flush(0, 0, store => {
          store.snapshot = { sequence, pieces: [...pieces] }
        }),
      abandon: async () => {
        pieces.length = 0
      },
    }
  }

  readSnapshot(): { sequence: number; pieces: AsyncIterable<Uint8Array> } | undefined {
    const { snapshot } = this.#store
    if (!snapshot) return undefined
    return { sequence: snapshot.sequence, pieces: inOrder(snapshot.pieces) }
  }

  trim(sequence: number): Promise<void> {
    return this.#flush(0, 0, ({ entries }) => {
      for (const old of entries.keys()) if (old < sequence) entries.delete(old)
    })
  }

  async checkOwner(): Promise<void> {
    if (this.#store.epoch !== this.epoch) throw this.#fenced()
  }

  async freeBytes(): Promise<number> {
    return this.#store.freeBytes
  }

  async close(): Promise<void> {
    this.#failure ??= new JournalFailed('the journal is closed')
  }

  /** Changes the store when the flush is over, if this journal may still write by then. */
  async #flush(sequence: number, size: number, change: (store: MemoryStore) => void): Promise<void> {
    this.#check()
    try {
      await this.#store.beforeFlush(sequence, size)
    } catch (error) {
      this.#failure ??= new JournalFailed(`journal memory: ${String(error)}`, { cause: error })
    }
    this.#check()
    change(this.#store)
  }

  #check(): void {
    if (this.#failure) throw this.#failure
    if (this.#store.epoch !== this.epoch) throw this.#fenced()
  }

  #fenced(): JournalFenced {
    return new JournalFenced(
      `another coordinator has opened the journal ${this.id}: it is in epoch ${this.#store.epoch}`,
    )
  }
}

async function* inOrder(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}
