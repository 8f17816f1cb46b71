import { type AnySignal, anySignal } from '../../client/any-signal.js'
import { type Hold, isLeaseChange, type LeaseChange, type WatchEvent } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { AgentContext } from '../runtime/agent.js'
import { EventQueue, type EventServer } from './event-queue.js'
import { Fleet } from './fleet.js'
import { Judge, type Judgement, type Question } from './judge.js'
import { disruptionMessage, type Monitor, nodeMessage } from './node-event.js'
import type { StatusChange } from './node-status.js'
import { Teller } from './teller.js'

export interface MonitorOptions {
  /** Where the nodes' leases are. */
  readonly namespace: string
  readonly graceMs: number
  readonly disruptionPercent: number
  /** Connects to NATS; undefined: nothing is told there. */
  readonly connect: (() => Promise<EventServer>) | undefined
}

const bookmarkIntervalMs = 1_000
/** How long the coordinator may take to say its newest revision. */
const answerTimeoutMs = 5_000
/** At a stop: how long what was decided may take to be told. */
const lastWordsMs = 2_000

/** What metrics tell of a term. */
export interface Figures {
  readonly ready: number
  readonly unknown: number
  /** Nodes that have no status yet. */
  readonly new: number
  readonly isDisrupted: boolean
  /** Statuses whose label is not written, and events that are not on NATS. */
  readonly untold: number
  readonly untoldEvents: number
  /** Since the watch told last how far it is. */
  readonly bookmarkAgeMs: number
}

type TermContext = Pick<AgentContext, 'client' | 'clock' | 'random' | 'log' | 'signal' | 'note'>

/** Told of what happens. */
export interface TermObserver {
  blind(blindMs: number): void
}

/**
 * One term of a monitor: from when it holds the monitors' lease until it does not. It knows nothing of the terms before
 * but the labels of the nodes' leases; every node's grace starts afresh.
 */
export class Term {
  readonly #hold: Hold
  readonly #context: TermContext
  readonly #options: MonitorOptions
  readonly #observer: TermObserver
  readonly #monitor: Monitor
  readonly #over: AnySignal
  readonly #fleet = new Fleet()
  readonly #judge: Judge
  readonly #events: EventQueue | undefined
  readonly #teller: Teller
  #bookmarkMs: number
  #hasWarned = false

  constructor(hold: Hold, context: TermContext, options: MonitorOptions, observer: TermObserver) {
    const { client, clock, random, log, signal } = context
    const { namespace, connect } = options
    const mayTell = (): boolean => hold.isHeld()
    this.#hold = hold
    this.#context = context
    this.#options = options
    this.#observer = observer
    this.#monitor = { namespace, holderIdentity: hold.holderIdentity, fencingToken: hold.fencingToken }
    this.#over = anySignal(hold.signal, signal)
    this.#judge = new Judge(this.#fleet, options)
    this.#bookmarkMs = clock.monotonicMs()
    this.#events =
      connect &&
      new EventQueue({
        connect,
        mayTell,
        clock,
        random,
        connected: server => this.#connected(server),
        trouble: error => log.warn({ error }, 'events wait for NATS; labels are written'),
      })
    this.#teller = new Teller({
      client,
      clock,
      namespace,
      events: this.#events,
      mayTell,
      message: (change, lease) => nodeMessage(change, lease, this.#monitor, clock.wallMicros()),
      read: lease => this.#fleet.read(lease),
      heard: lease => this.#told({ type: 'renewed', lease, previousHolderIdentity: '', cause: '', revision: 0 }),
      refused: ({ node, status }, error) => log.error({ node, status, error: error.message }, 'a label is refused'),
    })
  }

  /** @throws TransportError when the coordinator will never let it watch. */
  async run(): Promise<void> {
    const { client, signal } = this.#context
    const watch = { namespace: this.#options.namespace, includeRenewals: true, compactRenewals: true }
    try {
      for await (const event of client.watch({ ...watch, bookmarkIntervalMs, signal: this.#over.signal })) {
        if (!this.#hold.isHeld()) break
        this.#see(event)
      }
      if (signal.aborted && this.#hold.isHeld()) await this.#lastWords()
    } finally {
      this.#over.letGo()
      this.#teller.close()
      this.#events?.close()
      this.#context.note(undefined)
    }
  }

  figures(): Figures {
    const ready = this.#fleet.called('Ready')
    const unknown = this.#fleet.called('Unknown')
    return {
      ready,
      unknown,
      new: this.#fleet.size - ready - unknown,
      isDisrupted: this.#judge.isDisrupted,
      untold: this.#teller.size,
      untoldEvents: this.#events?.size ?? 0,
      bookmarkAgeMs: this.#context.clock.monotonicMs() - this.#bookmarkMs,
    }
  }

  #see(event: WatchEvent): void {
    const nowMs = this.#context.clock.monotonicMs()
    const blindMs = this.#judge.sees(nowMs)
    if (blindMs > 0) {
      this.#observer.blind(blindMs)
      this.#context.log.warn({ blindMs: Math.round(blindMs) }, 'could not see the nodes; every grace starts afresh')
    }
    if (isLeaseChange(event)) this.#told(event)
    else if (event.type === 'renewals')
      for (const change of this.#fleet.renewed(event.leaseIds, nowMs)) this.#tell(change)
    else if (event.type === 'bookmark') this.#bookmark(event.revision, nowMs)
    else if (event.type === 'synced') this.#synced(nowMs)
    else this.#restarted()
  }

  #told(change: LeaseChange): void {
    this.#warnOfDuration(change)
    const status = this.#fleet.told(change, this.#context.clock.monotonicMs())
    if (status !== undefined) this.#tell(status)
  }

  #restarted(): void {
    this.#fleet.restarted()
    this.#judge.restarted()
  }

  #synced(nowMs: number): void {
    this.#fleet.synced()
    this.#judge.synced(nowMs)
    const { ready, unknown } = this.figures()
    this.#context.log.info({ nodes: this.#fleet.size, ready, unknown }, 'watching the nodes')
  }

  #bookmark(revision: number, nowMs: number): void {
    this.#bookmarkMs = nowMs
    const { changes, question, disruption } = this.#judge.bookmark(revision, nowMs)
    for (const change of changes) this.#tell(change)
    if (question !== undefined) void this.#ask(question)
    if (disruption !== undefined) this.#disruption(disruption, nowMs)
  }

  async #ask(question: Question): Promise<void> {
    const { client, log } = this.#context
    const query = { namespace: this.#options.namespace, pageSize: 1 }
    try {
      const page = await client.list(query, { timeoutMs: answerTimeoutMs, signal: this.#over.signal }).next()
      this.#judge.answered(question, page.done ? undefined : page.value.revision)
    } catch (error) {
      log.debug({ err: error }, 'the coordinator did not say its revision')
      this.#judge.answered(question, undefined)
    }
  }

  #tell(change: StatusChange): void {
    const { node, status, previousStatus, silentForMs } = change
    const { log } = this.#context
    if (status === 'Unknown') log.warn({ node, silentForMs }, 'the node is Unknown')
    else if (previousStatus === undefined) log.debug({ node }, 'a new node is Ready')
    else log.info({ node, silentForMs }, 'the node is Ready')
    this.#teller.tell(change)
  }

  #disruption(phase: NonNullable<Judgement['disruption']>, nowMs: number): void {
    const { log, clock, note } = this.#context
    const { ready } = this.figures()
    const counts = { lost: this.#judge.countLost(nowMs), ready, nodes: this.#fleet.size }
    if (phase === 'began') {
      log.warn(counts, 'most nodes are silent at once: no node is called Unknown until fewer are')
      note(`disruption: ${counts.lost} of ${ready} nodes are silent at once, and none is called Unknown`)
    } else {
      log.warn(counts, 'fewer nodes are silent again; every grace starts afresh')
      note(undefined)
    }
    const message = disruptionMessage({ phase, ...counts }, this.#monitor, clock.wallMicros())
    void this.#events?.put('_disruption', message)
  }

  #warnOfDuration({ lease: { name, leaseDurationMs = 0 } }: LeaseChange): void {
    const { graceMs } = this.#options
    if (this.#hasWarned || leaseDurationMs <= graceMs) return
    this.#hasWarned = true
    const text =
      'the grace period is shorter than the duration of a lease: its node is Unknown before the lease expires'
    this.#context.log.warn({ node: name, leaseDurationMs, graceMs }, text)
  }

  #connected({ address, isJetStream }: EventServer): void {
    const { log } = this.#context
    log.info({ server: address, jetStream: isJetStream }, 'connected to NATS')
    if (!isJetStream) log.warn('this NATS has no JetStream: events are best effort, and are kept nowhere')
  }

  /** What was decided before the stop is told, in a short time. */
  async #lastWords(): Promise<void> {
    const enough = new AbortController()
    void this.#teller.whenIdle().then(() => enough.abort())
    await sleep(this.#context.clock, lastWordsMs, enough.signal)
  }
}
