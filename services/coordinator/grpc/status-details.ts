/** How a refusal looks to a client of gRPC: a status, a message for people, and google.rpc details for programs. */
import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { encodeStatusDetails, type StatusDetails, statusDetailsKey } from '../../../protos/status-details.js'
import { type FieldViolation, LeaseError, type LeaseErrorCode, type LeaseErrorDetails } from '../lease/errors.js'

/** A Record, so that the compiler finds a code without a status. */
export const statusOf: Readonly<Record<LeaseErrorCode, status>> = {
  INVALID_REQUEST: status.INVALID_ARGUMENT,
  LEASE_NOT_FOUND: status.NOT_FOUND,
  LEASE_EXISTS: status.ALREADY_EXISTS,
  LEASE_HELD: status.FAILED_PRECONDITION,
  LEASE_NOT_HELD: status.FAILED_PRECONDITION,
  REVISION_MISMATCH: status.ABORTED,
  STALE_FENCING_TOKEN: status.FAILED_PRECONDITION,
  WAIT_TIMEOUT: status.DEADLINE_EXCEEDED,
  QUEUE_FULL: status.RESOURCE_EXHAUSTED,
  SESSION_FULL: status.RESOURCE_EXHAUSTED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  STORAGE_FULL: status.RESOURCE_EXHAUSTED,
  REVISION_TOO_OLD: status.OUT_OF_RANGE,
  REVISION_TOO_NEW: status.OUT_OF_RANGE,
  WRONG_JOURNAL: status.OUT_OF_RANGE,
  SLOW_WATCHER: status.RESOURCE_EXHAUSTED,
  DRAINING: status.UNAVAILABLE,
}

/** Where unexpected errors go; pino's shape. */
export interface ErrorLog {
  error(fields: object, message: string): void
}

/** What the retries of a gRPC service config obey; they know nothing of RetryInfo. */
const pushbackKey = 'grpc-retry-pushback-ms'

/** The longest message; also of the one in the details. Clients take at least 8 KiB of trailers, ours stay below. */
const maxMessageBytes = 512

/** The most that the violations of one request take together; what does not fit is counted. */
const maxViolationBytes = 3072

/**
 * The status of an error. A LeaseError says what it says; anything else is a fault of ours, which the log gets and the
 * client does not.
 *
 * @param call what was called, for the log.
 */
export function statusFor(error: unknown, log: ErrorLog, call: string): StatusObject {
  if (error instanceof LeaseError) return statusOfLeaseError(error)
  log.error({ err: error, call }, 'unexpected error in a call')
  return {
    code: status.INTERNAL,
    details: 'internal error: the log of the coordinator has it',
    metadata: new Metadata(),
  }
}

function statusOfLeaseError({ code: reason, message: text, details }: LeaseError): StatusObject {
  const code = statusOf[reason]
  const message = truncated(text, maxMessageBytes)
  const statusDetails: StatusDetails = {
    code,
    message,
    reason,
    metadata: errorMetadata(details),
    violations: boundedViolations(details.violations ?? []),
    ...(details.retryAfterMs !== undefined && { retryAfterMs: details.retryAfterMs }),
  }
  const metadata = new Metadata()
  metadata.set(statusDetailsKey, Buffer.from(encodeStatusDetails(statusDetails)))
  if (details.retryAfterMs !== undefined) metadata.set(pushbackKey, String(Math.ceil(details.retryAfterMs)))
  return { code, details: message, metadata }
}

/** ErrorInfo.metadata; '' is a value, as the holder of a lease that nobody has. */
function errorMetadata({ lease, holderIdentity, fencingToken }: LeaseErrorDetails): Record<string, string> {
  return {
    ...(lease !== undefined && { lease }),
    ...(holderIdentity !== undefined && { holder: holderIdentity }),
    ...(fencingToken !== undefined && { fencingToken: String(fencingToken) }),
  }
}

function boundedViolations(violations: readonly FieldViolation[]): readonly FieldViolation[] {
  const kept: FieldViolation[] = []
  let bytes = 0
  for (const { field, description } of violations) {
    const violation = { field: truncated(field, 256), description: truncated(description, maxMessageBytes) }
    bytes += Buffer.byteLength(violation.field) + Buffer.byteLength(violation.description)
    if (bytes > maxViolationBytes) {
      kept.push({ field: '', description: `and ${violations.length - kept.length} more` })
      return kept
    }
    kept.push(violation)
  }
  return kept
}

/** At most so many bytes of UTF-8, whole characters; well-formed, as a header must be. */
function truncated(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.byteLength <= maxBytes) return bytes.toString()
  return `${bytes
    .subarray(0, maxBytes - 3)
    .toString()
    .replace(/\ufffd+$/, '')}…`
}
