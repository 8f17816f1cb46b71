import type { Backoff } from './backoff.js'
import type { AcquireError, LeaseLostError } from './errors.js'
import type { AcquireOptions, Hold, HoldState } from './hold.js'
import type { RenewalGroup } from './renewals.js'

/** What a hold asks of the session that keeps it. */
export interface HoldKeeper {
  /** `clock.sinceBootMs`. */
  now(): number
  /** The local deadline has passed. */
  expire(hold: SessionHold): void
  release(hold: SessionHold): Promise<void>
  setRenewing(hold: SessionHold, renewing: boolean): void
}

/**
 * One lease of a session. The session writes the fields; `tell` hands what changed to those who listen, when the
 * session is consistent again. Listeners, promise and signal are made when first asked for: a session may have 100,000
 * of these.
 */
export class SessionHold implements Hold {
  readonly options: AcquireOptions
  /** The process that acquires, as the coordinator hears it. */
  instance: string
  /** What makes two acquires the same tenancy to the coordinator. */
  readonly key: string
  leaseDurationMs: number

  phase: 'waiting' | 'held' | 'lost' = 'waiting'
  isInJeopardy = false
  /** The local deadline, while held. */
  deadlineMs = 0
  fencingToken = 0
  holderIdentity = ''
  error: LeaseLostError | AcquireError | undefined

  /** Its handle on the present stream; 0 when it has none. */
  handle = 0
  /** An acquire is on its way and not answered. */
  isSent = false
  /** The token of a grant that a renewal must confirm; 0 when there is none. */
  grantedToken = 0
  /** A renewal of all leases counts for this one from this request on. */
  countsFrom = 0
  group: RenewalGroup | undefined
  isRenewing = true
  /** A release of the same tenancy must be settled first. */
  isBlocked = false
  /** When waiting for the lease is over. */
  waitUntilMs: number
  /** When to acquire again; Infinity when nothing is to be retried. */
  retryAtMs = Number.POSITIVE_INFINITY
  backoff: Backoff | undefined
  /** What `release` returned. */
  releasing: Promise<void> | undefined

  readonly #keeper: HoldKeeper
  #listeners: Set<(hold: Hold) => void> | undefined
  #abort: AbortController | undefined
  #held: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(keeper: HoldKeeper, options: AcquireOptions, instance: string, key: string) {
    this.#keeper = keeper
    this.options = options
    this.instance = instance
    this.key = key
    this.leaseDurationMs = options.leaseDurationMs
    const { noWait = false, waitTimeoutMs = Number.POSITIVE_INFINITY } = options
    const isBounded = !noWait && waitTimeoutMs < Number.POSITIVE_INFINITY
    this.waitUntilMs = isBounded ? keeper.now() + waitTimeoutMs : Number.POSITIVE_INFINITY
  }

  get namespace(): string {
    return this.options.namespace
  }

  get name(): string {
    return this.options.name
  }

  get state(): HoldState {
    if (this.phase === 'held') return this.isHeld() ? (this.isInJeopardy ? 'jeopardy' : 'held') : 'lost'
    return this.phase
  }

  isHeld(): boolean {
    if (this.phase !== 'held') return false
    if (this.#keeper.now() < this.deadlineMs) return true
    this.#keeper.expire(this)
    return false
  }

  remainingMs(): number {
    return this.isHeld() ? Math.max(this.deadlineMs - this.#keeper.now(), 0) : 0
  }

  localDeadlineMs(): number {
    return this.isHeld() ? this.deadlineMs : 0
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.phase === 'lost') this.#abort.abort(this.error)
    }
    return this.#abort.signal
  }

  whenHeld(): Promise<void> {
    if (this.phase === 'held') return Promise.resolve()
    if (this.phase === 'lost') return Promise.reject(this.error)
    if (this.#held === undefined) {
      let resolve = (): void => {}
      let reject = (_error: Error): void => {}
      const promise = new Promise<void>((onHeld, onLost) => {
        resolve = onHeld
        reject = onLost
      })
      this.#held = { promise, resolve, reject }
    }
    return this.#held.promise
  }

  onChange(listener: (hold: Hold) => void): () => void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => void this.#listeners?.delete(listener)
  }

  setRenewing(renewing: boolean): void {
    this.#keeper.setRenewing(this, renewing)
  }

  release(): Promise<void> {
    return this.#keeper.release(this)
  }

  /** Its stream is over, and with it whatever was under way there. */
  leaveStream(): void {
    this.handle = 0
    this.isSent = false
    this.grantedToken = 0
    this.retryAtMs = Number.POSITIVE_INFINITY
  }

  /** Whether anybody wants to be told. */
  get isObserved(): boolean {
    return this.#listeners !== undefined || this.#abort !== undefined || this.#held !== undefined
  }

  /** Tells where it stands. What a listener throws goes to `onThrow`. */
  tell(onThrow: (error: unknown) => void): void {
    if (this.phase === 'held') this.#held?.resolve()
    if (this.phase === 'lost' && this.error !== undefined) {
      this.#held?.reject(this.error)
      this.#abort?.abort(this.error)
    }
    for (const listener of this.#listeners ?? []) {
      try {
        listener(this)
      } catch (error) {
        onThrow(error)
      }
    }
  }
}
