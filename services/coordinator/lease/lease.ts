/** Microseconds since the Unix epoch: a bigint only where a number is not exact (Kubernetes stores times of year 1). */
export type MicroTime = number | bigint

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

/** The fields that one manager of a lease has set, for Kubernetes clients. */
export interface ManagedFieldsEntry {
  readonly manager: string
  readonly operation: string
  readonly apiVersion: string
  /** Seconds since the Unix epoch. */
  readonly time?: number
  readonly fieldsType: string
  /** Kubernetes' JSON. */
  readonly fieldsV1: string
  readonly subresource?: string
}

/** What a lease is at one revision. Never changed once made: records, events and readers share it. */
export interface LeaseImage {
  /** The revision that created the lease. */
  readonly id: number
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly generateName?: string
  readonly generation?: number
  /** Seconds since the Unix epoch. */
  readonly creationTimestamp: number
  /** Seconds since the Unix epoch; set while finalizers hold a deletion up. */
  readonly deletionTimestamp?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
  readonly managedFields?: readonly ManagedFieldsEntry[]

  /** The present or last holder; '' when it was given up, absent when there never was one. */
  readonly holderIdentity?: string
  readonly leaseDurationMs?: number
  readonly acquireTime?: MicroTime
  readonly renewTime?: MicroTime
  readonly leaseTransitions?: number
  readonly strategy?: string
  readonly preferredHolder?: string
  /** How long nobody else may take the lease after its holder's time ran out; absent: not at all. */
  readonly takeoverDelayMs?: number

  readonly state: LeaseState
  /** The revision at which the present or last holder took the lease; 0 when nobody ever did. */
  readonly fencingToken: number
  /**
   * The client process that holds, 32 hex digits; never shown. Absent: an unnamed one, which cannot resume. With a
   * takeover delay an expired lease keeps it, to know its last holder.
   */
  readonly instance?: string
  /** The tenancy began by a write of a Kubernetes client, and ends by one; never shown. Absent: over gRPC, and protected. */
  readonly isWritten?: true
  /** When the lease last became free, by the wall clock. */
  readonly freeSince?: MicroTime
  /** The revision of the last change, renewals included. */
  readonly revision: number
}

/** What of a lease a selector may ask for. */
export interface Selectable {
  readonly namespace: string
  readonly name: string
  readonly labels?: LeaseImage['labels'] | undefined
}

/** What names a lease in an index: sorts by namespace, then name, since no name has a character below the separator. */
export const leaseKey = (namespace: string, name: string): string => `${namespace}\0${name}`

/** The name that such a key is of. */
export function nameOfKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('\0')
  return { namespace, name }
}

/** What names a lease to people. */
export const leasePath = (lease: { namespace: string; name: string }): string => `${lease.namespace}/${lease.name}`
