import type { Clock, Timer } from '../../clock/clock.js'
import type { Coordinator } from './coordinator.js'
import type { Journal } from './journal/journal.js'

/** How often the free space is looked at. */
const lookEveryMs = 1_000

/**
 * Watches the space that is left for the journal: before an append can fail, which ends the process, everything but
 * renew, release and delete is refused.
 */
export class StorageWatch {
  readonly #journal: Journal
  readonly #coordinator: Coordinator
  readonly #minFreeBytes: number
  readonly #clock: Clock
  readonly #onChange: (isShort: boolean, freeBytes: number) => void
  #timer: Timer | undefined
  #freeBytes = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(options: {
    journal: Journal
    coordinator: Coordinator
    minFreeBytes: number
    clock: Clock
    onChange: (isShort: boolean, freeBytes: number) => void
  }) {
    this.#journal = options.journal
    this.#coordinator = options.coordinator
    this.#minFreeBytes = options.minFreeBytes
    this.#clock = options.clock
    this.#onChange = options.onChange
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
    if (this.#isStopped) return
    this.#coordinator.isStorageShort = this.isShort
    if (this.isShort !== wasShort) this.#onChange(this.isShort, this.#freeBytes)
    this.#timer = this.#clock.setTimer(lookEveryMs, () => void this.start())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }
}
