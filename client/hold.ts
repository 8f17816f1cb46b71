import type { AcquireError, LeaseLostError } from './errors.js'

/**
 * waiting: not held yet; in the queue, or on the way to it.
 * held: the caller may act.
 * jeopardy: the caller may act, but renewing fails: the stream is down, or the last renewal went unanswered for longer
 * than its cadence. At the local deadline the lease is lost unless a renewal succeeds before.
 * lost: over, for good, whether it was held or only waited for; `error` says why.
 */
export type HoldState = 'waiting' | 'held' | 'jeopardy' | 'lost'

/** What to acquire, and how. */
export interface AcquireOptions {
  readonly namespace: string
  /** A missing lease is created. */
  readonly name: string
  /** Who wants to hold it: what people read. */
  readonly holderIdentity: string
  /** How long a renewal lasts. */
  readonly leaseDurationMs: number
  /** Labels to set on the lease beside those it has. */
  readonly labels?: Readonly<Record<string, string>>
  /** Among waiters the greater goes first; 0 by default. */
  readonly priority?: number
  /** How long to wait for the lease at most, over reconnects; for ever by default. */
  readonly waitTimeoutMs?: number
  /** Fail with LEASE_HELD instead of waiting when somebody else has the lease. */
  readonly noWait?: boolean
  /**
   * Take the lease at once from another process of the same holder, for a process that restarted: one with the same
   * identity, or with one that is the same but for a final `_UUID`.
   */
  readonly supersede?: boolean
  /** How long nobody else may take the lease after the holder's time ran out; by default the lease keeps what it has. */
  readonly takeoverDelayMs?: number
  /** How often to renew; by default as often as the coordinator says. Must be well below the lease duration. */
  readonly renewIntervalMs?: number
  /** 32 hex digits: which process is behind the identity. By default the client's own. */
  readonly instance?: string
}

/** One lease that a session acquires and then keeps. It ends with `lost`; the caller then acquires anew. */
export interface Hold {
  readonly namespace: string
  readonly name: string
  readonly leaseDurationMs: number
  /** Where it stands now, by a look at the clock. */
  readonly state: HoldState
  /**
   * Whether the caller may act now. Looks at the clock at each call, since a blocked event loop delivers no
   * AbortSignal. The coordinator still counts the lease as held for a little longer.
   */
  isHeld(): boolean
  /** How long the caller may act if no renewal succeeds any more; 0 unless held. Looks at the clock at each call. */
  remainingMs(): number
  /** Until when that is, on `clock.sinceBootMs`, which processes on one Linux machine share; 0 unless held. */
  localDeadlineMs(): number
  /** The token of this tenancy, for the guarded resource; 0 before it was held. */
  readonly fencingToken: number
  /** Who holds the lease, as far as it was told: the caller's own identity when held, '' when unknown or nobody. */
  readonly holderIdentity: string
  /** Why it is lost; undefined before. */
  readonly error: LeaseLostError | AcquireError | undefined
  /** Aborted once, with `error` as its reason, when the state becomes lost, also by `release`. */
  readonly signal: AbortSignal
  /** Resolves when the lease is held; rejects with `error` when it is lost. */
  whenHeld(): Promise<void>
  /** Calls `listener` after each change of state, holder, or local deadline's owner (a new token); returns how to stop. */
  onChange(listener: (hold: Hold) => void): () => void
  /**
   * With false, lets the lease run its time without renewing it, until true. For a heartbeat that depends on a check.
   * Only for leases that are held; a waiting one keeps its place.
   */
  setRenewing(renewing: boolean): void
  /**
   * Gives the lease, or the place in its queue, up. The hold counts as lost from the moment of the call. Resolves when
   * the coordinator has answered, or at the local deadline: after it the lease cannot be this client's any more.
   */
  release(): Promise<void>
}
