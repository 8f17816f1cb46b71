import type { Random } from '../../clock/random.js'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import { decodeHoldRequest } from '../../protos/hold-codec.js'
import { decodeEntry } from '../../services/coordinator/journal/entry-codec.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import type { OpenCoordinator } from '../../services/coordinator/open-coordinator.js'
import type { BackgroundOptions } from './background.js'
import { CoordinatorProcess } from './coordinator-process.js'
import type { SimulatedDisk } from './disk.js'
import type { ClockFaults } from './machine-clock.js'
import type { Connection, Ear, Host } from './network.js'
import { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'
import type { Down, Up } from './wire.js'

/** What the invariants hear of a coordinator, as it happens. */
export interface CoordinatorEars {
  /** A process has read what is on the disk. */
  restored?(open: OpenCoordinator): void
  /** A process serves. */
  serving?(open: OpenCoordinator): void
  /** A message of a Hold stream is in a socket of the process, which will read it in its turn. */
  arrived?(stream: object, request: HoldRequest): void
  /** A message of a Hold stream is read; `stream` is the same for all of one stream. */
  read?(stream: object, request: HoldRequest): void
  /** A message leaves on a Hold stream. */
  said?(stream: object, response: HoldResponse): void
  /** The coordinator knows that a stream is over. */
  streamEnded?(stream: object): void
  /** A unary call is read; `call` is the same for its answer. */
  called?(call: object, method: string, request: object): void
  /** A unary call is answered; undefined where it is refused. */
  answered?(call: object, response: object | undefined): void
  /** An entry was decided, and its append begins. */
  decided?(): void
  /** An entry is durable, and nothing of it was told before. After a crash, what it left is heard before `serving`. */
  durable?(records: readonly LeaseRecord[]): void
  /** The process was killed, or ended by itself. */
  ended?(): void
}

/** The coordinator of a world: a disk that outlives its processes, and the process that runs now, if one does. */
export class SimulatedCoordinator implements Host<Up, Down> {
  readonly name: string
  readonly disk: SimulatedDisk
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #clockFaults: ClockFaults
  readonly #background: BackgroundOptions
  readonly ears: CoordinatorEars[] = []
  #newest: CoordinatorProcess | undefined
  /** Those whose disk another has taken, until they find out. */
  readonly #deposed = new Set<CoordinatorProcess>()
  /** The sequence of the last entry that was heard. */
  #heard = 0
  /** Told when a process of it has ended. */
  onEnd: (process: SimulatedProcess) => void = () => {}
  /** Told when one has ended by itself, before `onEnd`. */
  onFailure: () => void = () => {}

  constructor(
    name: string,
    timeline: Timeline,
    random: Random,
    clockFaults: ClockFaults,
    disk: SimulatedDisk,
    background: BackgroundOptions,
  ) {
    this.name = name
    this.#timeline = timeline
    this.#random = random
    this.#clockFaults = clockFaults
    this.disk = disk
    this.#background = background
    disk.onEntry = () => {
      for (const ear of this.ears) ear.decided?.()
    }
  }

  /** The process that listens. */
  get process(): SimulatedProcess | undefined {
    const isListening = this.open !== undefined && this.#newest?.isClosed === false
    return isListening ? this.running : undefined
  }

  get running(): SimulatedProcess | undefined {
    return this.#newest?.process
  }

  /** What serves. */
  get open(): OpenCoordinator | undefined {
    return this.#newest?.open
  }

  /** Starts a process on the disk as it is, unless one runs; it serves when its first entry is durable. */
  start(): void {
    if (this.#newest !== undefined) return
    const process = new SimulatedProcess(this.name, this.#timeline, this.#clockFaults)
    const newest: CoordinatorProcess = new CoordinatorProcess({
      process,
      disk: this.disk,
      random: this.#random,
      ears: this.ears,
      background: this.#background,
      onDurable: records => {
        this.#heard++
        this.#durable(records)
      },
      onFailure: () => {
        this.onFailure()
        this.#end(newest)
      },
    })
    this.#newest = newest
    this.#hearWhatWasLeft()
    newest.start().then(
      () => {
        const { open } = newest
        if (open !== undefined && !newest.isDeposed) for (const ear of this.ears) ear.serving?.(open)
      },
      error => {
        // One that was killed, or deposed, while it started.
        if (newest.isDeposed) this.#end(newest)
        else if (!process.isDead) throw error
      },
    )
  }

  /** Ends the process as a crash does: what was not flushed yet is on the disk or is not. */
  kill(): void {
    if (this.#newest !== undefined) this.#end(this.#newest)
  }

  /** Another process opens the disk, as one does whose supervisor believes the first one dead, which goes on. */
  usurp(): void {
    const deposed = this.#newest
    if (deposed === undefined) return
    this.#depose(deposed)
    this.#deposed.add(deposed)
    this.start()
  }

  /** SIGTERM. */
  async drain(): Promise<void> {
    const newest = this.#newest
    if (newest?.open === undefined) return
    try {
      await newest.stop()
    } catch (error) {
      // Its last entry failed, and with it the process.
      if (!newest.process.isDead) throw error
    }
    this.#end(newest)
  }

  accept(connection: Connection<Up, Down>): Ear<Up> {
    if (this.#newest === undefined) throw new Error('nothing listens')
    return this.#newest.accept(connection)
  }

  #depose(process: CoordinatorProcess): void {
    process.isDeposed = true
    this.#newest = undefined
    for (const ear of this.ears) ear.ended?.()
  }

  #end(process: CoordinatorProcess): void {
    if (process.process.isDead) return
    process.process.kill()
    this.disk.crash(process.process)
    if (!this.#deposed.delete(process)) this.#depose(process)
    this.onEnd(process.process)
  }

  /** What HTTP/2 does by itself. */
  isSmall({ type }: Up): boolean {
    return type === 'taken'
  }

  /** What waits in a socket while the process sleeps is heard as it arrives. */
  arrived(connection: Connection<Up, Down>, message: Up): void {
    if (message.type !== 'hold') return
    for (const ear of this.ears) ear.arrived?.(connection, decodeHoldRequest(message.bytes))
  }

  /** What a crash left durable and told nobody. */
  #hearWhatWasLeft(): void {
    const { entries, lastSequence } = this.disk.store
    while (this.#heard < lastSequence) {
      this.#heard++
      const entry = entries.get(this.#heard)
      if (entry !== undefined) this.#durable(decodeEntry(entry, this.#heard).entry.records)
    }
  }

  #durable(records: readonly LeaseRecord[]): void {
    for (const ear of this.ears) ear.durable?.(records)
  }
}
