import type { Lease__Output } from '../protos/generated/leasehold/v1/Lease.js'
import type { LeaseState__Output } from '../protos/generated/leasehold/v1/LeaseState.js'
import type { ManagedFieldsEntry__Output } from '../protos/generated/leasehold/v1/ManagedFieldsEntry.js'
import type { OwnerReference__Output } from '../protos/generated/leasehold/v1/OwnerReference.js'
import { microTimeText, secondsText, toMillis } from './time.js'

export type LeaseState = 'unheld' | 'held' | 'expired' | 'released'

/** An object that a lease belongs to. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** The fields that one manager of a lease has set. */
export interface ManagedFieldsEntry {
  readonly manager: string
  readonly operation: string
  readonly apiVersion: string
  readonly time?: string
  readonly fieldsType: string
  readonly fieldsV1: string
  readonly subresource: string
}

/**
 * A lease at one revision, as plain JSON-like values. Times are RFC 3339 texts in UTC: acquire, renew and expire times
 * with six fractional digits, the others in whole seconds. What was never set is absent.
 */
export interface Lease {
  /** Names the lease as long as it exists, where a number stands for it, as in compact renewals. */
  readonly id: number
  readonly namespace: string
  readonly name: string
  readonly generateName?: string
  readonly uid: string
  /** The revision as an opaque text, for preconditions. */
  readonly resourceVersion: string
  readonly generation: number
  readonly creationTime?: string
  readonly deletionTime?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly ownerReferences: readonly OwnerReference[]
  readonly finalizers: readonly string[]
  readonly managedFields: readonly ManagedFieldsEntry[]
  /** The present or last holder; '' when it was given up, absent when there never was one. */
  readonly holderIdentity?: string
  readonly leaseDurationMs?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
  readonly strategy?: string
  readonly preferredHolder?: string
  /** How long nobody else may take the lease after its holder's time ran out. */
  readonly takeoverDelayMs?: number
  readonly state: LeaseState
  /** The revision at which the present or last holder took the lease; 0 when nobody ever did. */
  readonly fencingToken: number
  /** When the coordinator would expire it, by its wall clock: advice; only while held. */
  readonly expireTime?: string
  /** The revision of the last change, renewals included. */
  readonly revision: number
}

const states: Record<LeaseState__Output, LeaseState> = {
  LEASE_STATE_UNSPECIFIED: 'unheld',
  LEASE_STATE_UNHELD: 'unheld',
  LEASE_STATE_HELD: 'held',
  LEASE_STATE_EXPIRED: 'expired',
  LEASE_STATE_RELEASED: 'released',
}

/** A lease as gRPC carries it, made plain. */
export function leaseFromMessage(message: Lease__Output): Lease {
  const { metadata, spec } = message
  return {
    id: Number(message.id),
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    ...(metadata?.generateName ? { generateName: metadata.generateName } : {}),
    uid: metadata?.uid ?? '',
    resourceVersion: metadata?.resourceVersion ?? '',
    generation: Number(metadata?.generation ?? 0),
    ...defined('creationTime', metadata?.creationTimestamp, secondsText),
    ...defined('deletionTime', metadata?.deletionTimestamp, secondsText),
    labels: { ...metadata?.labels },
    annotations: { ...metadata?.annotations },
    ownerReferences: (metadata?.ownerReferences ?? []).map(ownerReference),
    finalizers: metadata?.finalizers ?? [],
    managedFields: (metadata?.managedFields ?? []).map(managedFieldsEntry),
    ...defined('holderIdentity', spec?.holderIdentity, same),
    ...defined('leaseDurationMs', spec?.leaseDuration, toMillis),
    ...defined('acquireTime', spec?.acquireTime, microTimeText),
    ...defined('renewTime', spec?.renewTime, microTimeText),
    ...defined('leaseTransitions', spec?.leaseTransitions, same),
    ...defined('strategy', spec?.strategy, same),
    ...defined('preferredHolder', spec?.preferredHolder, same),
    ...defined('takeoverDelayMs', spec?.takeoverDelay, toMillis),
    state: states[message.state],
    fencingToken: Number(message.fencingToken),
    ...defined('expireTime', message.expireTime, microTimeText),
    revision: Number(message.revision),
  }
}

const ownerReference = (message: OwnerReference__Output): OwnerReference => ({
  apiVersion: message.apiVersion,
  kind: message.kind,
  name: message.name,
  uid: message.uid,
  ...defined('controller', message.controller, same),
  ...defined('blockOwnerDeletion', message.blockOwnerDeletion, same),
})

const managedFieldsEntry = (message: ManagedFieldsEntry__Output): ManagedFieldsEntry => ({
  manager: message.manager,
  operation: message.operation,
  apiVersion: message.apiVersion,
  ...defined('time', message.time, secondsText),
  fieldsType: message.fieldsType,
  fieldsV1: message.fieldsV1,
  subresource: message.subresource,
})

const same = <T>(value: T): T => value

/** `{ [key]: convert(value) }`, or nothing where there is no value. */
function defined<Key extends string, In, Out>(
  key: Key,
  value: In | null | undefined,
  convert: (value: In) => Out,
): { readonly [K in Key]?: Out } {
  // The computed key makes TypeScript forget which one it is.
  return value === null || value === undefined ? {} : ({ [key]: convert(value) } as { readonly [K in Key]?: Out })
}
