/** Leases as the messages of lease.proto. */
import type { Duration } from '../../../protos/generated/google/protobuf/Duration.js'
import type { Timestamp } from '../../../protos/generated/google/protobuf/Timestamp.js'
import type { Lease } from '../../../protos/generated/leasehold/v1/Lease.js'
import type { LeaseChangeType } from '../../../protos/generated/leasehold/v1/LeaseChangeType.js'
import type { LeaseSpec } from '../../../protos/generated/leasehold/v1/LeaseSpec.js'
import type { ObjectMeta } from '../../../protos/generated/leasehold/v1/ObjectMeta.js'
import { stateNames } from '../hold-session.js'
import type { LeaseImage, ManagedFieldsEntry, MicroTime } from '../lease/lease.js'
import type { TransitionType } from '../lease/records.js'

/** The names of changes on the wire. */
export const changeNames: Readonly<Record<TransitionType | 'renewed' | 'existing', LeaseChangeType>> = {
  existing: 'LEASE_CHANGE_TYPE_EXISTING',
  created: 'LEASE_CHANGE_TYPE_CREATED',
  acquired: 'LEASE_CHANGE_TYPE_ACQUIRED',
  renewed: 'LEASE_CHANGE_TYPE_RENEWED',
  transferred: 'LEASE_CHANGE_TYPE_TRANSFERRED',
  released: 'LEASE_CHANGE_TYPE_RELEASED',
  expired: 'LEASE_CHANGE_TYPE_EXPIRED',
  updated: 'LEASE_CHANGE_TYPE_UPDATED',
  deleted: 'LEASE_CHANGE_TYPE_DELETED',
}

/**
 * A lease as a message. Its instance is never shown.
 *
 * @param expireTime µs since the Unix epoch; undefined unless the lease is held.
 */
export function leaseMessage(lease: LeaseImage, expireTime: number | undefined): Lease {
  return {
    metadata: metadataMessage(lease),
    spec: specMessage(lease),
    state: stateNames[lease.state],
    fencingToken: lease.fencingToken,
    ...(expireTime !== undefined && { expireTime: timestampOf(expireTime) }),
    revision: lease.revision,
    id: lease.id,
  }
}

/** When a held lease expires as far as its image tells; after a restart of the coordinator it is later. */
export function expireTimeByImage({ state, renewTime, leaseDurationMs }: LeaseImage): number | undefined {
  const isKnown = state === 'held' && typeof renewTime === 'number' && leaseDurationMs !== undefined
  return isKnown ? renewTime + leaseDurationMs * 1e3 : undefined
}

/** Microseconds since the Unix epoch as a Timestamp; a bigint where a number is not exact, as in year 1. */
export function timestampOf(time: MicroTime): Timestamp {
  if (typeof time === 'number') {
    const seconds = Math.floor(time / 1e6)
    return { seconds, nanos: (time - seconds * 1e6) * 1e3 }
  }
  const micros = ((time % 1_000_000n) + 1_000_000n) % 1_000_000n
  return { seconds: String((time - micros) / 1_000_000n), nanos: Number(micros) * 1e3 }
}

/** Milliseconds, with fractions, as a Duration. */
export function durationOf(ms: number): Duration {
  const seconds = Math.trunc(ms / 1e3)
  return { seconds, nanos: Math.round((ms - seconds * 1e3) * 1e6) }
}

function metadataMessage(lease: LeaseImage): ObjectMeta {
  const { generateName, generation, deletionTimestamp, labels, annotations } = lease
  const { ownerReferences, finalizers, managedFields } = lease
  return {
    name: lease.name,
    ...(generateName !== undefined && { generateName }),
    namespace: lease.namespace,
    uid: lease.uid,
    resourceVersion: String(lease.revision),
    ...(generation !== undefined && { generation }),
    creationTimestamp: { seconds: lease.creationTimestamp },
    ...(deletionTimestamp !== undefined && {
      deletionTimestamp: { seconds: deletionTimestamp },
      deletionGracePeriodSeconds: 0,
    }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences: [...ownerReferences] }),
    ...(finalizers && { finalizers: [...finalizers] }),
    ...(managedFields && { managedFields: managedFields.map(managedFieldsMessage) }),
  }
}

function managedFieldsMessage({ time, ...entry }: ManagedFieldsEntry) {
  return { ...entry, ...(time !== undefined && { time: { seconds: time } }) }
}

function specMessage(lease: LeaseImage): LeaseSpec {
  const { holderIdentity, leaseDurationMs, acquireTime, renewTime, leaseTransitions, strategy, preferredHolder } = lease
  return {
    ...(holderIdentity !== undefined && { holderIdentity }),
    ...(leaseDurationMs !== undefined && { leaseDuration: durationOf(leaseDurationMs) }),
    ...(acquireTime !== undefined && { acquireTime: timestampOf(acquireTime) }),
    ...(renewTime !== undefined && { renewTime: timestampOf(renewTime) }),
    ...(leaseTransitions !== undefined && { leaseTransitions }),
    ...(strategy !== undefined && { strategy }),
    ...(preferredHolder !== undefined && { preferredHolder }),
    ...(lease.takeoverDelayMs !== undefined && { takeoverDelay: durationOf(lease.takeoverDelayMs) }),
  }
}
