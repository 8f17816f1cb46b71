/**
 * The LMDB environment under a journal, and the fence. Every change is one transaction that applies only while the
 * epoch in the data is this store's; an append also names the last sequence. lmdb checks both in the transaction itself,
 * in its writer thread, where the flush happens too: the event loop waits for neither.
 *
 * `overlappingSync: false` makes the commit the flush. After kill -9 the last commit may be seen though its flush never
 * ended; the transaction that takes the new epoch flushes the whole file, and so does every append after it.
 */
import { statfsSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { type Random, uuid } from '../../../clock/random.js'
import { bufferOf } from './bytes.js'
import { JournalFailed, JournalFenced } from './journal.js'
import { PagedTable, pageSize } from './paged-table.js'

/** Only address space: so much the file may grow before LMDB has to map it anew, which it does by itself. */
const mapSize = 2 ** 36

/**
 * How many runs of free pages LMDB has at hand. With its own 50,000 it sorts them anew at every few hundred commits, in
 * milliseconds each; any page will do here, so a few are as good.
 */
const maxFreeSpaceToLoad = 500

export class LmdbStore {
  readonly directory: string
  readonly id: string
  readonly epoch: number
  /** Named by their sequence. */
  readonly entries: PagedTable
  /** Named by the snapshot's number and the piece's. */
  readonly pieces: PagedTable
  /** Small values by name; `epoch` and `lastSequence` are the versions of the values of that name, so lmdb can check them. */
  readonly meta: Database<Buffer, string>
  readonly #root: RootDatabase<Buffer, string>
  readonly #waiting = new Set<(failure: Error) => void>()
  #failure: Error | undefined

  /** Opens the directory and takes a new epoch, durably. */
  constructor(directory: string, random: Random) {
    this.directory = directory
    const options = {
      path: directory,
      noSubdir: false,
      encoding: 'binary' as const,
      overlappingSync: false,
      // Each group of writes is a transaction of its own, begun at once: 20% more appends a second.
      eventTurnBatching: false,
      cache: false,
      compression: false,
      maxDbs: 3,
      mapSize,
      pageSize,
      // lmdb takes it, though its types do not know of it.
      maxFreeSpaceToLoad,
    }
    this.#root = open(options)
    this.entries = new PagedTable(this.#root.openDB({ name: 'entries', encoding: 'binary' }), 1)
    this.pieces = new PagedTable(this.#root.openDB({ name: 'pieces', encoding: 'binary' }), 2)
    this.meta = this.#root.openDB({ name: 'meta', encoding: 'binary', useVersions: true })
    const { meta } = this
    this.epoch = this.#root.transactionSync(() => {
      if (meta.get('id') === undefined) {
        meta.put('id', Buffer.from(uuid(random)), 0)
        meta.put('lastSequence', mark, 0)
      }
      const epoch = (meta.getEntry('epoch')?.version ?? 0) + 1
      meta.put('epoch', mark, epoch)
      return epoch
    })
    this.id = meta.get('id')?.toString() ?? ''
  }

  /** The sequence of the last entry in the data. */
  lastSequence(): number {
    return this.meta.getEntry('lastSequence')?.version ?? 0
  }

  /**
   * Makes the changes in one transaction; resolves when it is durable.
   * @throws JournalFenced when another writer has opened the journal; nothing was changed.
   * @throws JournalFailed when they may or may not have been made. From then on every call fails.
   */
  write(change: () => void): Promise<void> {
    return this.#commit(() => [this.meta.ifVersion('epoch', this.epoch, change)])
  }

  /** Appends an entry after the one before `sequence`. Resolves and throws like `write`. */
  append(entry: Uint8Array, sequence: number): Promise<void> {
    const { entries, meta } = this
    const put = () => {
      entries.put([sequence], bufferOf(entry))
      meta.put('lastSequence', mark, sequence)
    }
    return this.#commit(() => {
      const checks: Promise<boolean>[] = []
      const follow = () => checks.push(meta.ifVersion('lastSequence', sequence - 1, put))
      checks.push(meta.ifVersion('epoch', this.epoch, follow))
      return checks
    })
  }

  /** After a failure lmdb has writes that it never settles; then it is left alone instead of waited for. */
  async close(): Promise<void> {
    const hasFailed = this.#failure !== undefined
    this.#failure ??= new JournalFailed(`the journal in ${this.directory} is closed`)
    if (!hasFailed) await this.#root.close()
  }

  /** `start` begins a transaction and returns whether each of its checks held. */
  async #commit(start: () => Promise<boolean>[]): Promise<void> {
    if (this.#failure) throw this.#failure
    let held: boolean[]
    try {
      held = await this.#orFailure(Promise.all(start()))
    } catch (error) {
      // A full disk shows as one of several errors: only the free space tells.
      const reason = `${await reasonOf(error)}; ${freeBytes(this.directory)} bytes are free there`
      this.#failure ??= new JournalFailed(`the journal in ${this.directory} failed: ${reason}`, { cause: error })
      for (const reject of this.#waiting) reject(this.#failure)
      throw this.#failure
    }
    if (held.includes(false)) throw this.#fenced()
  }

  /** @throws JournalFenced when another writer has opened the journal. */
  checkOwner(): void {
    // What was read before in this turn of the event loop would be seen again.
    this.meta.resetReadTxn()
    if (this.meta.getEntry('epoch')?.version !== this.epoch) throw this.#fenced()
  }

  #fenced(): JournalFenced {
    const epoch = this.meta.getEntry('epoch')?.version
    return new JournalFenced(
      `another coordinator has opened the journal in ${this.directory}: it is in epoch ${epoch}, this was ${this.epoch}`,
    )
  }

  /** Rejects when another write fails too, since after that lmdb may never settle this one. */
  #orFailure<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      work.finally(() => this.#waiting.delete(reject)).then(resolve, reject)
    })
  }
}

/** What is stored where only the version counts. */
const mark = Buffer.from('-')

/**
 * lmdb rejects a failed commit without the reason; that is the rejection of another promise, which would end the process
 * if nobody handled it. It comes in the same turn or not at all.
 */
async function reasonOf(error: unknown): Promise<string> {
  const commitError = error instanceof Error && 'commitError' in error ? error.commitError : undefined
  if (!(commitError instanceof Promise)) return messageOf(error)
  const none = Promise.resolve()
    .then(() => {})
    .then(() => messageOf(error))
  return Promise.race([commitError.then(messageOf, messageOf), none])
}

function freeBytes(directory: string): number | 'unknown' {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 'unknown'
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
