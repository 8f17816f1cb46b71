import type { LeaseImage } from '../lease/lease.js'
import type { Transition } from '../lease/records.js'
import type { FeedChange } from './watcher.js'

/**
 * A transition as a watcher with this selection hears it: a lease whose labels change enters the selection as
 * `created` and leaves it as `deleted`; undefined where the lease is outside before and after.
 */
export function select(transition: Transition, matches: (lease: LeaseImage) => boolean): FeedChange | undefined {
  const { lease, previousLabels } = transition
  const isSelected = matches(lease)
  if (previousLabels === undefined) return isSelected ? transition : undefined
  const wasSelected = matches({ ...lease, labels: previousLabels })
  if (isSelected) return wasSelected ? transition : { type: 'created', lease }
  return wasSelected ? { type: 'deleted', lease } : undefined
}
