import type { Random } from '../../clock/random.js'
import { NatsPublisher } from '../../services/coordinator/feed/nats-publisher.js'
import { publishRecords } from '../../services/coordinator/feed/publish-records.js'
import type { Journal } from '../../services/coordinator/journal/journal.js'
import type { CollectionRule } from '../../services/coordinator/lease/collection.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import type { OpenCoordinator } from '../../services/coordinator/open-coordinator.js'
import { Snapshots } from '../../services/coordinator/snapshots.js'
import type { SimulatedDisk } from './disk.js'
import { connectSimulated } from './nats/connection.js'
import type { SimulatedNats } from './nats/server.js'
import type { Network } from './network.js'
import type { SnapshotPlan } from './plan.js'
import type { SimulatedProcess } from './process.js'

/** How long events may take to reach NATS at a stop, as start-coordinator.ts has it. */
const publishGraceMs = 1_000

/** What the background of a coordinator needs of the world. */
export interface BackgroundOptions {
  readonly random: Random
  readonly snapshots: SnapshotPlan
  /** What goes by itself. */
  readonly collectionRules: readonly CollectionRule[]
  /** Undefined: without NATS. */
  readonly nats: { readonly server: SimulatedNats; readonly network: Network } | undefined
  count(what: string): void
  note(text: string): void
}

/** What a coordinator process does beside its leases: snapshots, and events on NATS; put together as a real one is. */
export class Background {
  readonly #options: BackgroundOptions
  readonly #process: SimulatedProcess
  readonly #disk: SimulatedDisk
  #open: OpenCoordinator | undefined
  #publisher: NatsPublisher | undefined
  #snapshots: Snapshots | undefined

  constructor(options: BackgroundOptions, process: SimulatedProcess, disk: SimulatedDisk) {
    this.#options = options
    this.#process = process
    this.#disk = disk
  }

  /** How many transitions may wait for NATS. */
  get outboxLimit(): number {
    return this.#options.nats?.server.plan.outboxLimit ?? 0
  }

  begin(open: OpenCoordinator, journal: Journal): void {
    const { count, nats, note, random, snapshots } = this.#options
    const process = this.#process
    this.#open = open
    this.#snapshots = new Snapshots({
      ...snapshots,
      open,
      journal,
      clock: process,
      freeBytes: () => this.#disk.store.freeBytes,
      onTaken: () => count('snapshots'),
      onFailure: error => {
        if (!process.isDead) note(`no snapshot: ${error.message}`)
      },
    })
    if (nats === undefined) return
    this.#publisher = new NatsPublisher({
      url: nats.server.name,
      journalId: journal.id,
      outbox: open.outbox,
      clock: process,
      random,
      log: {
        info: (_fields, message) => note(message),
        warn: (fields, message) => note(`${message}: ${'error' in fields ? fields.error : ''}`),
      },
      renewedEvents: nats.server.plan.renewedEvents,
      connect: () => connectSimulated(nats.network, process, nats.server),
      isPressed: () => open.coordinator.isMoreDue,
      checkOwner: () => journal.checkOwner(),
      onPublished: throughRevision => open.coordinator.published(throughRevision),
    })
  }

  /** Resolves when what could be told is told. */
  async close(): Promise<void> {
    await this.#publisher?.close(publishGraceMs)
  }

  appended(bytes: number): void {
    this.#snapshots?.appended(bytes)
  }

  durable(records: readonly LeaseRecord[]): void {
    if (this.#publisher === undefined) return
    publishRecords(
      this.#publisher,
      records,
      this.#options.nats?.server.plan.renewedEvents ? this.#open?.table : undefined,
    )
  }
}
