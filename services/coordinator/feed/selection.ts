import type { LeaseImage, Selectable } from '../lease/lease.js'
import type { Transition, TransitionType } from '../lease/records.js'

/** A change as a watcher hears it. */
export interface FeedChange {
  readonly type: TransitionType | 'renewed'
  /** The lease after the change; for a deletion, as it was last. */
  readonly lease: LeaseImage
  readonly previousHolder?: string
  readonly cause?: string
}

/**
 * A transition as a watcher with this selection hears it: a lease whose labels change enters the selection as
 * `created` and leaves it as `deleted`; undefined where the lease is outside before and after.
 */
export function select(transition: Transition, matches: (lease: Selectable) => boolean): FeedChange | undefined {
  const { lease, previousLabels } = transition
  const isSelected = matches(lease)
  if (previousLabels === undefined) return isSelected ? transition : undefined
  const wasSelected = matches({ ...lease, labels: previousLabels })
  if (isSelected) return wasSelected ? transition : { type: 'created', lease }
  return wasSelected ? { type: 'deleted', lease } : undefined
}
