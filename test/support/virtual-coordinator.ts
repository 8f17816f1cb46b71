import type { CommandKind, Coordinator } from '../../services/coordinator/coordinator.js'
import { decodeEntry } from '../../services/coordinator/journal/entry-codec.js'
import type { Journal } from '../../services/coordinator/journal/journal.js'
import { MemoryStore, openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import type { CollectionRule } from '../../services/coordinator/lease/collection.js'
import type { Instant } from '../../services/coordinator/lease/commands.js'
import type { LeaseError } from '../../services/coordinator/lease/errors.js'
import type { LeaseImage } from '../../services/coordinator/lease/lease.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import type { Push } from '../../services/coordinator/lease/session.js'
import { type OpenCoordinator, openCoordinator } from '../../services/coordinator/open-coordinator.js'
import { acquireOf, leader } from './core.js'
import { settle, VirtualClock } from './virtual-clock.js'
import { seededRandom } from './virtual-random.js'

/** A disk whose next flush waits until it is let go. */
export class SlowDisk {
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  isSlow = false

  constructor(store: MemoryStore) {
    store.beforeFlush = async sequence => {
      if (this.isSlow && sequence > 0) {
        await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
      }
    }
  }

  /** How many flushes wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Lets every flush that waits through. */
  async flush(): Promise<void> {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
    await settle()
  }

  /** Every flush that waits fails. */
  async fail(message: string): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(message))
    await settle()
  }
}

/** A coordinator whose time passes when told, on a journal in memory. */
export class VirtualCoordinator {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly disk: SlowDisk
  readonly journal: Journal
  readonly open: OpenCoordinator
  readonly failures: Error[]
  /** What happened, in order: answers, pushes, changes that watchers heard, durable entries. */
  readonly heard: string[]

  private constructor(
    parts: Pick<VirtualCoordinator, 'clock' | 'store' | 'disk' | 'journal' | 'open' | 'failures' | 'heard'>,
  ) {
    this.clock = parts.clock
    this.store = parts.store
    this.disk = parts.disk
    this.journal = parts.journal
    this.open = parts.open
    this.failures = parts.failures
    this.heard = parts.heard
  }

  /** Opens one; with the store of another, what a restart of that one is. */
  static async start(
    options: {
      store?: MemoryStore
      clock?: VirtualClock
      onAppended?: (bytes: number) => void
      rules?: readonly CollectionRule[]
      windowSize?: number
    } = {},
  ): Promise<VirtualCoordinator> {
    const { clock = new VirtualClock(), store = new MemoryStore(seededRandom(1)) } = options
    const disk = new SlowDisk(store)
    const journal = openMemoryJournal(store)
    const failures: Error[] = []
    const heard: string[] = []
    const open = await openCoordinator({
      journal,
      clock,
      random: seededRandom(2),
      ...(options.rules === undefined ? {} : { collectionRules: options.rules }),
      ...(options.windowSize === undefined ? {} : { windowSize: options.windowSize }),
      onFailure: error => failures.push(error),
      onDurable: records => heard.push(`durable ${records.map(({ type }) => type).join(' ')}`.trim()),
      observer: {
        appended: (_, bytes) => options.onAppended?.(bytes),
        renewed: () => {},
        expired: () => {},
        collected: () => {},
      },
    })
    heard.length = 0
    const opened = new VirtualCoordinator({ clock, store, disk, journal, open, failures, heard })
    await opened.pass(0)
    return opened
  }

  get coordinator(): Coordinator {
    return this.open.coordinator
  }

  /** Lets time pass, and everything happen that comes due. */
  async pass(ms: number): Promise<void> {
    await this.clock.run(ms)
    await settle()
    await this.clock.run(0)
  }

  /** Runs a decision, and notes its answer. */
  async ask<T>(name: string, kind: CommandKind, decide: (open: OpenCoordinator, time: Instant) => T): Promise<T> {
    try {
      const value = await this.coordinator.execute(kind, (_, time) => decide(this.open, time))
      this.heard.push(name)
      return value
    } catch (error) {
      this.heard.push(`${name} ${(error as LeaseError).code}`)
      throw error
    }
  }

  /** Acquires a lease for A. */
  acquire(name: string, fields: Partial<Parameters<typeof acquireOf>[0]> = {}): Promise<number> {
    return this.ask(`acquire ${name}`, 'write', (open, time) => {
      return open.core.acquire(acquireOf({ name, ...fields }), time).lease.fencingToken
    })
  }

  renew(name: string, fencingToken: number): Promise<void> {
    return this.ask(`renew ${name}`, 'keep', (open, time) => {
      open.core.renew({ ...leader, name, fencingToken }, time)
    })
  }

  /** The state of a lease, once what is queued before is decided. */
  async stateOf(name: string): Promise<string> {
    const state = this.coordinator.execute('read', leases => leases.get({ ...leader, name }).state)
    await this.pass(0)
    return state
  }

  /** A session that notes what it is told. */
  openSession(name: string): ReturnType<OpenCoordinator['sessions']['openSession']> {
    return this.open.sessions.openSession((push: Push) => this.heard.push(`push ${name} ${push.type}`))
  }

  /** What was heard since the last call. */
  takeHeard(): string[] {
    return this.heard.splice(0)
  }

  /** What the entries in the store hold, one list of records each. */
  entries(): (readonly LeaseRecord[])[] {
    return [...this.store.entries].map(([sequence, bytes]) => decodeEntry(bytes, sequence).entry.records)
  }

  /** Ends it as a crash would: what is on its way is lost. */
  crash(): void {
    this.open.leaseClock.stop()
  }

  /** Every lease, in the order of their ids. */
  state(): LeaseImage[] {
    return [...this.open.table.images()].sort((a, b) => a.id - b.id)
  }
}
