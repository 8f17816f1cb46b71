import type { LostCause } from '../protos/hold.js'

/**
 * Why a hold is over: the coordinator's word; 'expired' also when the local deadline passed unheard; 'released' and
 * 'closed' by the caller's own doing; 'refused' when the coordinator would not let it resume.
 */
export type LossCause = LostCause | 'released' | 'closed' | 'refused'

/** The lease is no longer held, or will not be: stop the work, then acquire anew. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
  readonly namespace: string
  readonly leaseName: string
  readonly lossCause: LossCause
  /** The token it was held under; 0 when it never was. */
  readonly fencingToken: number

  /** @param options `cause`: what the work threw, where it ended by that. */
  constructor(
    lease: { namespace: string; name: string },
    lossCause: LossCause,
    fencingToken: number,
    options?: ErrorOptions,
  ) {
    super(`lease ${lease.namespace}/${lease.name} is no longer held: ${lossCause}`, options)
    this.namespace = lease.namespace
    this.leaseName = lease.name
    this.lossCause = lossCause
    this.fencingToken = fencingToken
  }
}

/** The lease was not acquired, and waiting for it is over. */
export class AcquireError extends Error {
  override readonly name = 'AcquireError'
  readonly namespace: string
  readonly leaseName: string
  /** 'LEASE_HELD' (only with noWait), 'WAIT_TIMEOUT', 'INVALID_REQUEST', 'SESSION_FULL' or another code of the coordinator. */
  readonly reason: string
  /** Who holds the lease, as far as it was told; '' otherwise. */
  readonly holderIdentity: string
  /** The fields at fault, for INVALID_REQUEST. */
  readonly violations: readonly { readonly field: string; readonly description: string }[]

  constructor(
    lease: { namespace: string; name: string },
    reason: string,
    message: string,
    details: { holderIdentity?: string; violations?: readonly { field: string; description: string }[] } = {},
  ) {
    super(message === '' ? `lease ${lease.namespace}/${lease.name} was not acquired: ${reason}` : message)
    this.namespace = lease.namespace
    this.leaseName = lease.name
    this.reason = reason
    this.holderIdentity = details.holderIdentity ?? ''
    this.violations = details.violations ?? []
  }
}
