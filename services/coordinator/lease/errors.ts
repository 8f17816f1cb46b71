/** Every way a request can fail. The faces map each to their own status with a Record, so that none is forgotten. */
export type LeaseErrorCode =
  | 'INVALID_REQUEST' // a bug in the caller: never retry
  | 'LEASE_NOT_FOUND'
  | 'LEASE_EXISTS'
  | 'LEASE_HELD' // wait for release or expiry
  | 'LEASE_NOT_HELD' // there is nobody to revoke
  | 'REVISION_MISMATCH' // read again, then retry
  | 'STALE_FENCING_TOKEN' // stop the work, then acquire anew
  | 'WAIT_TIMEOUT' // the wait is over, without the lease
  | 'QUEUE_FULL' // too many wait for this lease; retryAfterMs says when
  | 'SESSION_FULL' // this session has too many leases
  | 'OVERLOADED' // retryAfterMs says when
  | 'STORAGE_FULL' // only renew, release and delete go on until there is space
  | 'REVISION_TOO_OLD' // list again
  | 'REVISION_TOO_NEW'
  | 'WRONG_JOURNAL'
  | 'SLOW_WATCHER' // read faster, or select less; watch again after the last revision read
  | 'DRAINING' // this coordinator stops: another address, or later

export interface FieldViolation {
  /** The path in the request, as in `lease.metadata.name`. */
  readonly field: string
  readonly description: string
}

export interface LeaseErrorDetails {
  /** namespace/name of the lease. */
  readonly lease?: string
  /** Who holds it. */
  readonly holderIdentity?: string
  readonly fencingToken?: number
  readonly violations?: readonly FieldViolation[]
  readonly retryAfterMs?: number
}

/** A request that was refused. The message names the lease and says what to do; code and details are for programs. */
export class LeaseError extends Error {
  override readonly name = 'LeaseError'
  readonly code: LeaseErrorCode
  readonly details: LeaseErrorDetails

  constructor(code: LeaseErrorCode, message: string, details: LeaseErrorDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

/** A request with fields at fault, each named. */
export function invalidRequest(violations: readonly FieldViolation[]): LeaseError {
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ')
  return new LeaseError('INVALID_REQUEST', message, { violations })
}
