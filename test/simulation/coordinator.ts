import { status } from '@grpc/grpc-js'
import type { Random } from '../../clock/random.js'
import type { HoldRequest, HoldResponse } from '../../protos/hold.js'
import { decodeHoldRequest, encodeHoldResponse } from '../../protos/hold-codec.js'
import { packageDefinition } from '../../protos/load.js'
import { statusDetailsKey } from '../../protos/status-details.js'
import { leaseService } from '../../services/coordinator/grpc/lease-service.js'
import { HoldSession } from '../../services/coordinator/hold-session.js'
import { decodeEntry } from '../../services/coordinator/journal/entry-codec.js'
import { openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import { defaultLimits } from '../../services/coordinator/lease/validation.js'
import { type OpenCoordinator, openCoordinator } from '../../services/coordinator/open-coordinator.js'
import type { SimulatedDisk } from './disk.js'
import type { ClockFaults } from './machine-clock.js'
import type { Connection, Ear, Host } from './network.js'
import { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'
import type { Down, Up } from './wire.js'

/** What the invariants hear of a coordinator, as it happens. */
export interface CoordinatorEars {
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
  #process: SimulatedProcess | undefined
  readonly ears: CoordinatorEars[] = []
  #service: ReturnType<typeof leaseService>['handlers'] | undefined
  open: OpenCoordinator | undefined
  /** The sequence of the last entry that was heard. */
  #heard = 0
  /** Told when a process of it ends by itself. */
  onEnd: (process: SimulatedProcess) => void = () => {}

  constructor(name: string, timeline: Timeline, random: Random, clockFaults: ClockFaults, disk: SimulatedDisk) {
    this.name = name
    this.#timeline = timeline
    this.#random = random
    this.#clockFaults = clockFaults
    this.disk = disk
  }

  get process(): SimulatedProcess | undefined {
    return this.open === undefined ? undefined : this.#process
  }

  get running(): SimulatedProcess | undefined {
    return this.#process
  }

  /** Starts a process on the disk as it is, unless one runs; it serves when its first entry is durable. */
  start(): void {
    if (this.#process !== undefined) return
    const process = new SimulatedProcess(this.name, this.#timeline, this.#clockFaults)
    this.#process = process
    this.disk.mount(process)
    this.#serve(process).catch(error => {
      // One that was killed while it started.
      if (!process.isDead) throw error
    })
  }

  /** Ends the process as a crash does: what was not flushed yet is on the disk or is not. */
  kill(): void {
    const process = this.#process
    if (process === undefined) return
    this.#process = undefined
    this.open = undefined
    process.kill()
    this.disk.crash()
    for (const ear of this.ears) ear.ended?.()
  }

  accept(connection: Connection<Up, Down>): Ear<Up> {
    const { open } = this
    if (open === undefined) throw new Error('nothing listens')
    let session: HoldSession | undefined
    return {
      message: message => {
        if (message.type === 'call') this.#call(connection, message.method, message.bytes)
        else {
          session ??= new HoldSession(open.coordinator, defaultLimits, response => {
            for (const ear of this.ears) ear.said?.(connection, response)
            connection.sendDown({ type: 'hold', bytes: encodeHoldResponse(response) })
          })
          const request = decodeHoldRequest(message.bytes)
          for (const ear of this.ears) ear.read?.(connection, request)
          session.receive(request)
        }
      },
      end: () => {
        if (session === undefined) return
        for (const ear of this.ears) ear.streamEnded?.(connection)
        session.close()
      },
    }
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
      if (entry !== undefined) this.#durable(decodeEntry(entry, this.#heard).records)
    }
  }

  #durable(records: readonly LeaseRecord[]): void {
    for (const ear of this.ears) ear.durable?.(records)
  }

  async #serve(process: SimulatedProcess): Promise<void> {
    this.#hearWhatWasLeft()
    const open = await openCoordinator({
      journal: openMemoryJournal(this.disk.store),
      clock: process,
      random: this.#random,
      onDurable: records => {
        if (process.isDead) return
        this.#heard++
        this.#durable(records)
      },
      onFailure: () => {
        if (process.isDead) return
        this.kill()
        this.onEnd(process)
      },
    })
    if (process.isDead) return
    this.open = open
    for (const ear of this.ears) ear.serving?.(open)
    this.#service = leaseService({
      coordinator: open.coordinator,
      clock: process,
      log: {
        error: fields => {
          throw new Error(`an unexpected error in a call: ${JSON.stringify(fields)}`)
        },
      },
    }).handlers
  }

  #call(connection: Connection<Up, Down>, name: string, bytes: Uint8Array): void {
    const method = methodOf(name)
    const handler = this.#service?.[name as 'GetLease']
    const call = {
      request: method.requestDeserialize(Buffer.from(bytes)),
      cancelled: false,
      getPath: () => method.path,
    }
    for (const ear of this.ears) ear.called?.(call, name, call.request)
    // The handlers of unary calls look at nothing else of a call.
    handler?.(call as never, (error, response) => {
      for (const ear of this.ears) ear.answered?.(call, error ? undefined : (response ?? {}))
      if (error) {
        const [details] = error.metadata?.get(statusDetailsKey) ?? []
        connection.sendDown({
          type: 'refusal',
          status: status[error.code ?? status.UNKNOWN] ?? 'UNKNOWN',
          text: error.details ?? '',
          details: details instanceof Uint8Array ? details : undefined,
        })
      } else connection.sendDown({ type: 'answer', bytes: method.responseSerialize(response ?? {}) })
      connection.closeDown()
    })
  }
}

/** A method of LeaseService, with its codecs. */
export function methodOf(name: string) {
  const service = packageDefinition['leasehold.v1.LeaseService']
  const method = service !== undefined && !('format' in service) ? service[name] : undefined
  if (method === undefined) throw new TypeError(`LeaseService has no ${name}`)
  return method
}
