import type { Clock, Timer } from '../../clock/clock.js'
import type { Coordinator } from './coordinator.js'
import { type Journal, JournalFenced } from './journal/journal.js'

/** How often it looks. */
const lookEveryMs = 1_000

/**
 * Watches the journal's storage. Before an append can fail for want of space, which ends the process, everything but
 * renew, release and delete is refused. And a coordinator that is idle hears that another has taken the journal over: it
 * must not go on answering reads.
 */
export class StorageWatch {
  readonly #journal: Journal
  readonly #coordinator: Coordinator
  readonly #minFreeBytes: number
  readonly #clock: Clock
  readonly #onChange: (isShort: boolean, freeBytes: number) => void
  readonly #onDeposed: (error: JournalFenced) => void
  #timer: Timer | undefined
  #freeBytes = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(options: {
    journal: Journal
    coordinator: Coordinator
    minFreeBytes: number
    clock: Clock
    onChange: (isShort: boolean, freeBytes: number) => void
    /** Another coordinator has the journal: the process must end. */
    onDeposed: (error: JournalFenced) => void
  }) {
    this.#journal = options.journal
    this.#coordinator = options.coordinator
    this.#minFreeBytes = options.minFreeBytes
    this.#clock = options.clock
    this.#onChange = options.onChange
    this.#onDeposed = options.onDeposed
  }

  get freeBytes(): number {
    return this.#freeBytes
  }

  get isShort(): boolean {
    return this.#freeBytes < this.#minFreeBytes
  }

  /** Looks now, and goes on looking. */
  async start(): Promise<void> {
    const wasShort = this.isShort
    this.#freeBytes = await this.#journal.freeBytes().catch(() => this.#freeBytes)
    const deposed = await this.#journal.checkOwner().catch(error => error)
    if (this.#isStopped) return
    if (deposed instanceof JournalFenced) {
      this.#onDeposed(deposed)
      return
    }
    this.#coordinator.isStorageShort = this.isShort
    if (this.isShort !== wasShort) this.#onChange(this.isShort, this.#freeBytes)
    this.#timer = this.#clock.setTimer(lookEveryMs, () => void this.start())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }
}
