import type { LiveLease } from '../../../services/coordinator/feed/live-lease.js'
import { isInScope, type Scope } from '../../../services/coordinator/feed/scope.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import type { Renewals, Transition } from '../../../services/coordinator/lease/records.js'

/** 2026-01-02T03:04:05.678901Z */
export const sampleMicros = 1_767_323_045_678_901

/** A held lease; its id is its revision unless told otherwise. */
export function image(revision: number, fields: Partial<LeaseImage> = {}): LeaseImage {
  return {
    id: revision,
    namespace: 'kube-system',
    name: 'kube-scheduler',
    uid: '11111111-2222-4333-8444-555555555555',
    creationTimestamp: Math.floor(sampleMicros / 1e6),
    holderIdentity: 'host-a',
    leaseDurationMs: 15_000,
    acquireTime: sampleMicros,
    renewTime: sampleMicros,
    leaseTransitions: 1,
    state: 'held',
    fencingToken: revision,
    instance: '00112233445566778899aabbccddeeff',
    revision,
    ...fields,
  }
}

/** A transition at a revision: `created` unless told otherwise. */
export function transition(
  revision: number,
  fields: Partial<LeaseImage> = {},
  rest: Partial<Omit<Transition, 'lease'>> = {},
): Transition {
  return { type: 'created', time: sampleMicros, lease: image(revision, fields), ...rest }
}

/** `created` at each revision from one to another. */
export function transitions(fromRevision: number, throughRevision: number): Transition[] {
  return Array.from({ length: throughRevision - fromRevision + 1 }, (_, index) => transition(fromRevision + index))
}

export function renewals(firstRevision: number, ...leaseIds: number[]): Renewals {
  return { type: 'renewed', firstRevision, leaseIds, renewTimes: leaseIds.map(() => sampleMicros) }
}

/** The leases of a map by id, whose images are always up to date. @param onImage told of each image that is made. */
export function liveIn(leases: ReadonlyMap<number, LeaseImage>, onImage: () => void = () => {}) {
  const live = (lease: LeaseImage): LiveLease => ({
    ...lease,
    changeRevision: lease.revision,
    current() {
      onImage()
      return lease
    },
  })
  return {
    leaseOf(leaseId: number): LiveLease | undefined {
      const lease = leases.get(leaseId)
      return lease && live(lease)
    },
    *leases(scope: Scope): Generator<LiveLease> {
      for (const lease of leases.values()) if (isInScope(lease, scope)) yield live(lease)
    },
  }
}
