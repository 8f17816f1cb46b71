import { type Logger, pino } from 'pino'
import { Registry } from 'prom-client'
import type { AgentContext, AgentSession } from '../../agents/runtime/agent.js'
import {
  type AcquireError,
  type AcquireOptions,
  type Hold,
  type HoldState,
  LeaseLostError,
  type LossCause,
} from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import { fixedRandom } from '../support/virtual-random.js'

/** A hold that a test grants and takes away. */
export class FakeHold implements Hold {
  readonly options: AcquireOptions
  readonly #abort = new AbortController()
  readonly #listeners = new Set<(hold: Hold) => void>()
  readonly #held: Promise<void>
  #resolveHeld = (): void => {}
  #rejectHeld = (_error: Error): void => {}
  readonly #clock: Clock
  state: HoldState = 'waiting'
  fencingToken = 0
  error: LeaseLostError | AcquireError | undefined
  deadlineMs = 0
  isRenewing = true
  isReleased = false

  constructor(options: AcquireOptions, clock: Clock) {
    this.options = options
    this.#clock = clock
    this.#held = new Promise((resolve, reject) => {
      this.#resolveHeld = resolve
      this.#rejectHeld = reject
    })
    this.#held.catch(() => {})
  }

  get namespace(): string {
    return this.options.namespace
  }
  get name(): string {
    return this.options.name
  }
  get leaseDurationMs(): number {
    return this.options.leaseDurationMs
  }
  get holderIdentity(): string {
    return this.isHeld() ? this.options.holderIdentity : ''
  }
  get signal(): AbortSignal {
    return this.#abort.signal
  }
  isHeld(): boolean {
    return this.state === 'held' || this.state === 'jeopardy'
  }
  remainingMs(): number {
    return this.isHeld() ? this.deadlineMs - this.#clock.sinceBootMs() : 0
  }
  localDeadlineMs(): number {
    return this.isHeld() ? this.deadlineMs : 0
  }
  whenHeld(): Promise<void> {
    return this.#held
  }
  onChange(listener: (hold: Hold) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  setRenewing(renewing: boolean): void {
    this.isRenewing = renewing
  }
  async release(): Promise<void> {
    if (this.state === 'lost') return
    this.isReleased = true
    this.lose('released')
  }

  grant(fencingToken: number): void {
    this.state = 'held'
    this.fencingToken = fencingToken
    this.renew()
    this.#resolveHeld()
    this.tell()
  }

  renew(): void {
    this.deadlineMs = this.#clock.sinceBootMs() + this.leaseDurationMs * 0.97
  }

  lose(cause: LossCause): void {
    this.fail(new LeaseLostError(this, cause, this.fencingToken))
  }

  fail(error: LeaseLostError | AcquireError): void {
    this.state = 'lost'
    this.error = error
    this.#rejectHeld(error)
    this.#abort.abort(error)
    this.tell()
  }

  tell(): void {
    for (const listener of this.#listeners) listener(this)
  }
}

/** A session whose coordinator is the test. */
export class FakeSession implements AgentSession {
  readonly holds: FakeHold[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  acquire(options: AcquireOptions): FakeHold {
    const hold = new FakeHold(options, this.#clock)
    this.holds.push(hold)
    return hold
  }

  async close(): Promise<void> {
    for (const hold of this.holds) if (hold.state !== 'lost') hold.lose('closed')
  }

  /** The newest hold. */
  get last(): FakeHold {
    const hold = this.holds.at(-1)
    if (!hold) throw new Error('nothing was acquired')
    return hold
  }
}

export const silent: Logger = pino({ level: 'silent' })

/** A context on a fake session; `stop` is what a signal does. */
export function fakeContext(
  clock: Clock,
  given: { command?: readonly string[]; random?: Random; hostname?: string } = {},
): { context: AgentContext; session: FakeSession; stop: () => void; notes: (string | undefined)[] } {
  const session = new FakeSession(clock)
  const stop = new AbortController()
  const notes: (string | undefined)[] = []
  const context: AgentContext = {
    // What these agents do is all on their sessions.
    client: undefined as never,
    session,
    openSession: () => session,
    signal: stop.signal,
    log: silent,
    clock,
    random: given.random ?? fixedRandom(),
    hostname: given.hostname ?? 'host-1',
    addresses: ['127.0.0.1:7070'],
    command: given.command ?? [],
    metrics: new Registry(),
    note: text => notes.push(text),
  }
  return { context, session, stop: () => stop.abort(), notes }
}
