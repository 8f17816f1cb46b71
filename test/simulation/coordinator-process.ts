import { sleep } from '../../client/sleep.js'
import type { Random } from '../../clock/random.js'
import { decodeHoldRequest, encodeHoldResponse } from '../../protos/hold-codec.js'

import { leaseService } from '../../services/coordinator/grpc/lease-service.js'
import { statusFor } from '../../services/coordinator/grpc/status-details.js'
import { HoldSession } from '../../services/coordinator/hold-session.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import { defaultLimits } from '../../services/coordinator/lease/validation.js'
import { type OpenCoordinator, openCoordinator } from '../../services/coordinator/open-coordinator.js'
import { StorageWatch } from '../../services/coordinator/storage-watch.js'
import { Background, type BackgroundOptions } from './background.js'
import type { CoordinatorEars } from './coordinator.js'
import type { SimulatedDisk } from './disk.js'
import { isKubernetesMethod, type KubernetesRequest, kubernetesCall } from './kubernetes-calls.js'
import { methodOf, refusalOf } from './methods.js'
import type { Connection, Ear } from './network.js'
import type { SimulatedProcess } from './process.js'
import { SimulatedWatchCall } from './watch-call.js'
import type { Down, Up } from './wire.js'

/** How long clients have to leave a coordinator that stops, as start-coordinator.ts has it. */
const drainGraceMs = 2_000

/** Transitions that a watch can resume over: so few that some cannot. */
const windowSize = 30

/** A disk with less is full. */
const minFreeBytes = 1

/** An error that nobody expects ends the world. */
const throwing = {
  error({ err }: { err?: Error }): void {
    throw new Error(`an unexpected error in a call: ${err?.stack}`)
  },
}

export interface CoordinatorProcessOptions {
  readonly process: SimulatedProcess
  readonly disk: SimulatedDisk
  readonly random: Random
  readonly ears: readonly CoordinatorEars[]
  readonly background: BackgroundOptions
  readonly onDurable: (records: readonly LeaseRecord[]) => void
  /** It must end, now. */
  readonly onFailure: () => void
}

/** One process of a coordinator, from its start on a disk to its end. */
export class CoordinatorProcess {
  readonly process: SimulatedProcess
  readonly #options: CoordinatorProcessOptions
  readonly #sessions = new Map<Connection<Up, Down>, HoldSession>()
  #service: ReturnType<typeof leaseService> | undefined
  #storage: StorageWatch | undefined
  readonly #background: Background
  /** Undefined until it serves. */
  open: OpenCoordinator | undefined
  /** New connections are refused. */
  isClosed = false
  /** Another has the disk: what this one does is no concern of the invariants of a coordinator any more. */
  isDeposed = false

  constructor(options: CoordinatorProcessOptions) {
    this.#options = options
    this.process = options.process
    this.#background = new Background(options.background, options.process, options.disk)
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { process, disk, random, onFailure } = this.#options
    const journal = disk.open(process)
    const fails = (): void => {
      if (!process.isDead) onFailure()
    }
    const open = await openCoordinator({
      journal,
      clock: process,
      random,
      windowSize,
      outboxLimit: this.#background.outboxLimit,
      collectionRules: this.#options.background.collectionRules,
      observer: {
        appended: (_changes, bytes) => this.#background.appended(bytes),
        renewed() {},
        expired() {},
        collected() {},
      },
      onDurable: records => {
        if (!process.isDead && !this.isDeposed) this.#options.onDurable(records)
        this.#background.durable(records)
      },
      onFailure: fails,
    })
    if (process.isDead) return
    this.#tell(ear => ear.restored?.(open))
    const { coordinator } = open
    this.#background.begin(open, journal)
    this.#storage = new StorageWatch({
      journal,
      coordinator,
      minFreeBytes,
      clock: process,
      onChange: () => {},
      onDeposed: fails,
    })
    await this.#storage.start()
    if (process.isDead) return
    this.#service = leaseService({
      coordinator,
      clock: process,
      log: throwing,
    })
    this.open = open
  }

  /** What it hears of a connection that arrives. */
  accept(connection: Connection<Up, Down>): Ear<Up> {
    const { coordinator } = this.#opened()
    let session: HoldSession | undefined
    let watch: SimulatedWatchCall | undefined
    return {
      message: message => {
        if (message.type === 'taken') watch?.taken()
        else if (message.type === 'call' && message.method === 'WatchLeases') {
          watch = new SimulatedWatchCall(connection, this.process, message.bytes)
          this.#service?.watches.begin(watch.asCall())
        } else if (message.type === 'call') this.#call(connection, message.method, message.bytes)
        else {
          session ??= this.#openSession(coordinator, connection)
          const request = decodeHoldRequest(message.bytes)
          this.#tell(ear => ear.read?.(connection, request))
          session.receive(request)
        }
      },
      end: () => {
        watch?.hangUp()
        if (session !== undefined && this.#sessions.delete(connection)) this.#closeSession(connection, session)
      },
    }
  }

  /** SIGTERM: clients are told and have time to leave; all that was acknowledged is durable when it resolves. */
  async stop(): Promise<void> {
    const { coordinator, leaseClock } = this.#opened()
    for (const session of this.#sessions.values()) session.drain(drainGraceMs / 2)
    const endMs = this.process.monotonicMs() + drainGraceMs
    while (this.#sessions.size > 0 && this.process.monotonicMs() < endMs) await sleep(this.process, 20)
    await coordinator.execute('read', () => undefined).catch(() => {})
    this.isClosed = true
    for (const [connection, session] of this.#sessions) {
      this.#closeSession(connection, session)
      connection.closeDown()
    }
    this.#sessions.clear()
    this.#service?.watches.endAll()
    await this.#background.close()
    await coordinator.stop()
    this.#storage?.stop()
    leaseClock.stop()
  }

  #opened(): OpenCoordinator {
    if (this.open === undefined) throw new Error('nothing listens')
    return this.open
  }

  #openSession(coordinator: OpenCoordinator['coordinator'], connection: Connection<Up, Down>): HoldSession {
    const session = new HoldSession(coordinator, defaultLimits, response => {
      this.#tell(ear => ear.said?.(connection, response))
      connection.sendDown({ type: 'hold', bytes: encodeHoldResponse(response) })
    })
    this.#sessions.set(connection, session)
    return session
  }

  #closeSession(connection: Connection<Up, Down>, session: HoldSession): void {
    this.#tell(ear => ear.streamEnded?.(connection))
    session.close()
  }

  #tell(tell: (ear: CoordinatorEars) => void): void {
    if (!this.isDeposed) for (const ear of this.#options.ears) tell(ear)
  }

  #call(connection: Connection<Up, Down>, name: string, bytes: Uint8Array): void {
    const method = methodOf(name)
    const call = {
      request: method.requestDeserialize(Buffer.from(bytes)),
      cancelled: false,
      getPath: () => method.path,
    }
    this.#tell(ear => ear.called?.(call, name, call.request))
    const answer = (error: Parameters<typeof refusalOf>[0] | null, response?: object | null): void => {
      this.#tell(ear => ear.answered?.(call, error ? undefined : (response ?? {})))
      if (error) connection.sendDown(refusalOf(error))
      else connection.sendDown({ type: 'answer', bytes: method.responseSerialize(response ?? {}) })
      connection.closeDown()
    }
    if (isKubernetesMethod(name)) {
      // The codec gives back what its client put in.
      kubernetesCall(this.#opened().coordinator, name, call.request as KubernetesRequest).then(
        response => answer(null, response),
        error => answer(statusFor(error, throwing, name)),
      )
      return
    }
    // The handlers of unary calls look at nothing else of a call.
    this.#service?.handlers[name as 'GetLease'](call as never, answer)
  }
}
