import type { AcquireLeaseRequest } from '../protos/generated/leasehold/v1/AcquireLeaseRequest.js'
import type { AcquireLeaseResponse__Output } from '../protos/generated/leasehold/v1/AcquireLeaseResponse.js'
import type { CheckFencingTokenResponse__Output } from '../protos/generated/leasehold/v1/CheckFencingTokenResponse.js'
import type { Lease__Output, Lease as LeaseMessage } from '../protos/generated/leasehold/v1/Lease.js'
import type { ListLeasesRequest } from '../protos/generated/leasehold/v1/ListLeasesRequest.js'
import type { ListLeasesResponse__Output } from '../protos/generated/leasehold/v1/ListLeasesResponse.js'
import type { RenewLeaseResponse__Output } from '../protos/generated/leasehold/v1/RenewLeaseResponse.js'
import type { UpdateLeaseRequest } from '../protos/generated/leasehold/v1/UpdateLeaseRequest.js'
import type { CallOptions, Calls } from './calls.js'
import { type Lease, type LeaseState, leaseFromMessage, type OwnerReference } from './lease.js'
import { toDuration, toMillis } from './time.js'
import { TransportError } from './transport.js'

export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

/** Names one tenancy of a lease. */
export interface Tenancy extends LeaseName {
  readonly fencingToken: number
}

export interface WriteOptions extends CallOptions {
  /** Check everything and answer as if, but store nothing. */
  readonly validateOnly?: boolean
}

/** Which leases to list. */
export interface ListQuery {
  /** All namespaces by default. */
  readonly namespace?: string
  /** In Kubernetes' syntax. */
  readonly labelSelector?: string
  readonly holderIdentity?: string
  readonly state?: LeaseState
  /** The most leases a page holds; at most 1,000. */
  readonly pageSize?: number
}

/** Some leases, sorted by namespace and name. A watch resumed after `revision` of `journalId` misses nothing. */
export interface LeasePage {
  readonly leases: readonly Lease[]
  readonly revision: number
  readonly journalId: string
}

/** What may be set on a lease beside its holder. */
export interface LeaseFields {
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly ownerReferences?: readonly OwnerReference[] | undefined
  readonly finalizers?: readonly string[] | undefined
  readonly leaseDurationMs?: number | undefined
  readonly strategy?: string | undefined
  readonly preferredHolder?: string | undefined
  readonly takeoverDelayMs?: number | undefined
}

export interface NewLease extends LeaseFields {
  readonly namespace: string
  /** Either this or generateName. */
  readonly name?: string
  readonly generateName?: string
  /** Makes the create an acquire of a lease that must not exist; needs leaseDurationMs. */
  readonly holderIdentity?: string
}

/** Changes a lease: a field that is present replaces, one that is present as undefined unsets. */
export interface LeaseUpdate extends LeaseName, LeaseFields {
  readonly uid?: string
  /** The lease must still be at this version. */
  readonly resourceVersion?: string
}

export interface OneAcquire extends LeaseName {
  readonly holderIdentity: string
  readonly leaseDurationMs: number
  readonly labels?: Readonly<Record<string, string>>
  readonly supersede?: boolean
  readonly takeoverDelayMs?: number
  /** 32 hex digits; by default the client's own. */
  readonly instance?: string
}

/** A lease as acquired or renewed without a session. The local deadline is the caller's to count, from its sending. */
export interface Renewal {
  readonly lease: Lease
  /** When to renew next, from now. */
  readonly renewAfterMs: number
}

export interface TokenCheck {
  readonly valid: boolean
  /** The token of the present or last tenancy. */
  readonly fencingToken: number
  /** '' when nobody has the lease. */
  readonly holderIdentity: string
}

/** The resource API: leases as objects. Every method throws TransportError, with the coordinator's reason. */
export class LeaseCalls {
  /** 32 hex digits: this client among the processes with the same holder identity. */
  readonly instance: string
  readonly #calls: Calls

  constructor(calls: Calls, instance: string) {
    this.#calls = calls
    this.instance = instance
  }

  async get({ namespace, name }: LeaseName, options?: CallOptions): Promise<Lease> {
    return leaseOf(await this.#calls.repeatable<WithLease>('GetLease', { namespace, name }, options))
  }

  /** Lists leases page by page. */
  async *list({ state, ...query }: ListQuery = {}, options?: CallOptions): AsyncGenerator<LeasePage, void, void> {
    let pageToken = ''
    do {
      const request: ListLeasesRequest = {
        ...query,
        ...(state === undefined ? {} : { state: stateFilters[state] }),
        pageToken,
      }
      const page = await this.#calls.repeatable<ListLeasesResponse__Output>('ListLeases', request, options)
      const leases = page.leases.map(leaseFromMessage)
      yield { leases, revision: Number(page.revision), journalId: page.journalId }
      pageToken = page.nextPageToken
    } while (pageToken !== '')
  }

  async create(lease: NewLease, { validateOnly = false, ...options }: WriteOptions = {}): Promise<Lease> {
    const request = { lease: messageOf(lease), validateOnly }
    return leaseOf(await this.#calls.once<WithLease>('CreateLease', request, options))
  }

  async update(update: LeaseUpdate, { validateOnly = false, ...options }: WriteOptions = {}): Promise<Lease> {
    const paths = Object.entries(fieldPaths).flatMap(([field, path]) => (field in update ? [path] : []))
    const request: UpdateLeaseRequest = { lease: messageOf(update), updateMask: { paths }, validateOnly }
    return leaseOf(await this.#calls.once<WithLease>('UpdateLease', request, options))
  }

  /** Deletes a lease, held or not. Returns it as it was last, or still is while finalizers hold the deletion up. */
  async delete(
    { namespace, name, uid = '', resourceVersion = '' }: LeaseName & { uid?: string; resourceVersion?: string },
    { validateOnly = false, ...options }: WriteOptions = {},
  ): Promise<Lease> {
    const request = { namespace, name, uid, resourceVersion, validateOnly }
    return leaseOf(await this.#calls.once<WithLease>('DeleteLease', request, options))
  }

  /** Takes a lease back from its holder: the one with the token, where given, otherwise whoever it is. */
  async revoke(
    { namespace, name, fencingToken = 0 }: LeaseName & { fencingToken?: number },
    { validateOnly = false, ...options }: WriteOptions = {},
  ): Promise<Lease> {
    const request = { namespace, name, fencingToken, validateOnly }
    return leaseOf(await this.#calls.once<WithLease>('RevokeLease', request, options))
  }

  /** Advice: the answer is old when it arrives. The guarded resource itself must refuse smaller tokens. */
  async checkFencingToken(tenancy: Tenancy, options?: CallOptions): Promise<TokenCheck> {
    type Response = CheckFencingTokenResponse__Output
    const check = await this.#calls.repeatable<Response>('CheckFencingToken', tenancyOf(tenancy), options)
    return { valid: check.valid, fencingToken: Number(check.fencingToken), holderIdentity: check.holderIdentity }
  }

  /** Takes a lease without a session, or fails; the caller renews it by `renew`. */
  async acquireOnce(
    { leaseDurationMs, takeoverDelayMs, instance = this.instance, ...acquire }: OneAcquire,
    { validateOnly = false, ...options }: WriteOptions = {},
  ): Promise<Renewal & { readonly resumed: boolean }> {
    const request: AcquireLeaseRequest = {
      ...acquire,
      instance: Buffer.from(instance, 'hex'),
      leaseDuration: toDuration(leaseDurationMs),
      ...(takeoverDelayMs === undefined ? {} : { takeoverDelay: toDuration(takeoverDelayMs) }),
      validateOnly,
    }
    const response = await this.#calls.repeatable<AcquireLeaseResponse__Output>('AcquireLease', request, options)
    return { ...renewalOf(response), resumed: response.resumed }
  }

  async renew(tenancy: Tenancy, { validateOnly = false, ...options }: WriteOptions = {}): Promise<Renewal> {
    const request = { ...tenancyOf(tenancy), validateOnly }
    return renewalOf(await this.#calls.repeatable<RenewLeaseResponse__Output>('RenewLease', request, options))
  }

  /**
   * Gives a lease up. After a failure without an answer it may still arrive: acquire under another instance then, since
   * the same one would resume the tenancy that it ends.
   */
  async release(tenancy: Tenancy, { validateOnly = false, ...options }: WriteOptions = {}): Promise<Lease> {
    const request = { ...tenancyOf(tenancy), validateOnly }
    return leaseOf(await this.#calls.once<WithLease>('ReleaseLease', request, options))
  }
}

interface WithLease {
  readonly lease: Lease__Output | null
}

const stateFilters = {
  unheld: 'LEASE_STATE_UNHELD',
  held: 'LEASE_STATE_HELD',
  expired: 'LEASE_STATE_EXPIRED',
  released: 'LEASE_STATE_RELEASED',
} as const

const fieldPaths: Record<keyof LeaseFields, string> = {
  labels: 'metadata.labels',
  annotations: 'metadata.annotations',
  ownerReferences: 'metadata.owner_references',
  finalizers: 'metadata.finalizers',
  leaseDurationMs: 'spec.lease_duration',
  strategy: 'spec.strategy',
  preferredHolder: 'spec.preferred_holder',
  takeoverDelayMs: 'spec.takeover_delay',
}

function leaseOf({ lease }: WithLease): Lease {
  if (lease === null) throw new TransportError('INTERNAL', 'the coordinator answered without the lease')
  return leaseFromMessage(lease)
}

const renewalOf = (response: RenewLeaseResponse__Output): Renewal => ({
  lease: leaseOf(response),
  renewAfterMs: response.renewAfter === null ? 0 : toMillis(response.renewAfter),
})

const tenancyOf = ({ namespace, name, fencingToken }: Tenancy) => ({ namespace, name, fencingToken })

function messageOf(fields: NewLease | LeaseUpdate): LeaseMessage {
  const { namespace, name, labels, annotations, ownerReferences, finalizers, strategy, preferredHolder } = fields
  const { generateName, holderIdentity, uid, resourceVersion } = { ...absent, ...fields }
  return {
    metadata: {
      namespace,
      ...(name === undefined ? {} : { name }),
      ...(generateName === undefined ? {} : { generateName }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences: [...ownerReferences] }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
    },
    spec: {
      ...(holderIdentity === undefined ? {} : { holderIdentity }),
      ...(fields.leaseDurationMs === undefined ? {} : { leaseDuration: toDuration(fields.leaseDurationMs) }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(preferredHolder === undefined ? {} : { preferredHolder }),
      ...(fields.takeoverDelayMs === undefined ? {} : { takeoverDelay: toDuration(fields.takeoverDelayMs) }),
    },
  }
}

/** What only one of a new lease and an update has. */
const absent: { generateName?: string; holderIdentity?: string; uid?: string; resourceVersion?: string } = {}
