import type { LeaseImage } from './lease.js'

/** The changes that each get a record and an event of their own. */
export const transitionTypes = [
  'created',
  'acquired',
  'transferred',
  'updated',
  'expired',
  'released',
  'deleted',
] as const
export type TransitionType = (typeof transitionTypes)[number]

/** Why, where a type of transition has more than one reason. */
export type Cause = 'revoked' | 'unconfirmed' | 'superseded' | 'kubernetes-write' | 'rule'

/** A change of one lease. It takes one revision, which is `lease.revision`. Absolute: replaying it twice is harmless. */
export interface Transition {
  readonly type: TransitionType
  /** When it was decided, by the wall clock, in microseconds since the Unix epoch: for people. */
  readonly time: number
  /** The lease after the change; for `deleted`, as it was last. */
  readonly lease: LeaseImage
  /** Who held the lease before, when the holder changed or the lease became free. */
  readonly previousHolder?: string
  readonly cause?: Cause
  /** How long nobody held the lease, in ms, when somebody took it after a while. */
  readonly unheldMs?: number
  /** The labels before the change, {} for none, where it changed them: who watches by label must know who left. */
  readonly previousLabels?: Readonly<Record<string, string>>
}

/**
 * A run of renewals: the i-th takes revision `firstRevision + i`. Numbers instead of an object a renewal, since a
 * million of them pass every ten seconds.
 */
export interface Renewals {
  readonly type: 'renewed'
  readonly firstRevision: number
  readonly leaseIds: number[]
  /** Microseconds since the Unix epoch; renewals of the coordinator's own are always exact as numbers. */
  readonly renewTimes: number[]
}

/** Every transition up to a revision is on NATS, or given up with a gap. Takes no revision. */
export interface Published {
  readonly type: 'published'
  readonly throughRevision: number
}

export type LeaseRecord = Transition | Renewals | Published

export const isTransition = (record: LeaseRecord): record is Transition =>
  record.type !== 'renewed' && record.type !== 'published'

/** What one append to the journal carries: the records of one batch, in revision order. */
export interface Entry {
  /** The writer's epoch. */
  readonly epoch: number
  /** The revision of the first record that takes one; with no such record, the next revision to give. */
  readonly firstRevision: number
  readonly records: readonly LeaseRecord[]
}
