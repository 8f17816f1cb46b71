import type { LeaseImage, ManagedFieldsEntry, OwnerReference } from './lease.js'

/** The time of a command: the core is told it, it never asks. */
export interface Instant {
  /** Milliseconds on the lease clock when the command was read: decides. */
  readonly now: number
  /** Microseconds since the Unix epoch: for people. */
  readonly wallMicros: number
}

export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

/** Check and answer as if, but record nothing. */
export interface Validatable {
  readonly validateOnly?: boolean
}

/** What may be set on a lease beside its holder. Every field present replaces; one that is `undefined` unsets. */
export interface LeaseChanges {
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly ownerReferences?: readonly OwnerReference[] | undefined
  readonly finalizers?: readonly string[] | undefined
  readonly managedFields?: readonly ManagedFieldsEntry[] | undefined
  /** Refused while the lease is held: the holder counts on the duration that it asked for. */
  readonly leaseDurationMs?: number | undefined
  readonly strategy?: string | undefined
  readonly preferredHolder?: string | undefined
  readonly takeoverDelayMs?: number | undefined
}

export interface CreateCommand extends Validatable {
  readonly namespace: string
  /** '' where generateName gives the beginning. */
  readonly name: string
  readonly generateName?: string
  readonly generation?: number
  readonly changes: LeaseChanges
  /** Makes the create an acquire; needs changes.leaseDurationMs. */
  readonly holderIdentity?: string
}

export interface UpdateCommand extends LeaseName, Validatable {
  /** The lease must have this uid and this revision, where given. */
  readonly uid?: string
  readonly resourceVersion?: string
  readonly changes: LeaseChanges
}

export interface DeleteCommand extends LeaseName, Validatable {
  readonly uid?: string
  readonly resourceVersion?: string
}

/** A lease as a Kubernetes client writes it: everything that may be written. What is absent is absent afterwards. */
export type WrittenLease = Pick<
  LeaseImage,
  | 'labels'
  | 'annotations'
  | 'ownerReferences'
  | 'finalizers'
  | 'managedFields'
  | 'holderIdentity'
  | 'leaseDurationMs'
  | 'acquireTime'
  | 'renewTime'
  | 'leaseTransitions'
  | 'strategy'
  | 'preferredHolder'
  | 'takeoverDelayMs'
>

/** A write of the whole object by a Kubernetes client, to a lease that is there or, with createWritten, to a new one. */
export interface WriteCommand extends LeaseName, Validatable {
  /** With a name of '' it gives the beginning of a new lease's name. */
  readonly generateName?: string
  readonly generation?: number
  /** The lease must have this uid and this revision, where given. */
  readonly uid?: string
  readonly resourceVersion?: string
  readonly lease: WrittenLease
}

/** An acquire, of a session or of a client without one. */
export interface AcquireCommand extends LeaseName, Validatable {
  readonly holderIdentity: string
  /** 32 hex digits; absent: every call is another holder. */
  readonly instance?: string
  readonly leaseDurationMs: number
  /** Merged into the lease's labels. */
  readonly labels?: Readonly<Record<string, string>>
  /** Take it from another process of the same holder. */
  readonly supersede?: boolean
  /** Absent: the lease keeps the one it has. */
  readonly takeoverDelayMs?: number
}

/** Renew and release of a client without a session, revoke by an operator. */
export interface TenancyCommand extends LeaseName, Validatable {
  readonly fencingToken: number
}

export interface AcquireOutcome {
  readonly lease: LeaseImage
  readonly renewAfterMs: number
  readonly resumed: boolean
}

export interface RenewOutcome {
  readonly lease: LeaseImage
  readonly renewAfterMs: number
}

export interface TokenCheck {
  readonly valid: boolean
  readonly fencingToken: number
  readonly holderIdentity: string
}

export interface ListQuery {
  /** '' for all. */
  readonly namespace: string
  /** Only leases for which it says so. */
  readonly matches: (lease: LeaseImage) => boolean
  /** The most leases to answer. */
  readonly limit: number
  /** The key after which to go on, as the page before gave it; absent on the first page. */
  readonly after?: string
}

export interface ListPage {
  readonly leases: readonly LeaseImage[]
  /** Where the next page goes on; absent on the last. A page may end early, even empty: one look is bounded. */
  readonly after?: string
  /** The revision the page was read at. */
  readonly revision: number
}

/** The resource API of the core: what the coordinator runs for a face, one at a time, in arrival order. */
export interface Leases {
  /** The revision of the last record. */
  readonly revision: number
  get(name: LeaseName): LeaseImage
  list(query: ListQuery): ListPage
  /** At most `limit` namespaces with leases, in order, after one; '' begins with the first. */
  namespaces(after: string, limit: number): readonly string[]
  checkFencingToken(command: TenancyCommand): TokenCheck
  /** When the coordinator would expire a held lease, by the wall clock in µs; undefined when it is not held. */
  expireTime(lease: LeaseImage, time: Instant): number | undefined
  create(command: CreateCommand, time: Instant): LeaseImage
  update(command: UpdateCommand, time: Instant): LeaseImage
  /** Creates a lease as a Kubernetes client writes it. */
  createWritten(command: WriteCommand, time: Instant): LeaseImage
  /** Writes a lease that is there: what that means follows from what it changes. The same image when it changes nothing. */
  write(command: WriteCommand, time: Instant): LeaseImage
  delete(command: DeleteCommand, time: Instant): LeaseImage
  acquire(command: AcquireCommand, time: Instant): AcquireOutcome
  renew(command: TenancyCommand, time: Instant): RenewOutcome
  release(command: TenancyCommand, time: Instant): LeaseImage
  /** A fencingToken of 0 revokes any tenancy. */
  revoke(command: TenancyCommand, time: Instant): LeaseImage
}
