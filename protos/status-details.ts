/**
 * What travels in the trailer `grpc-status-details-bin`: a google.rpc.Status whose details are ErrorInfo, BadRequest and
 * RetryInfo, each packed in an Any. Shared by the coordinator, which encodes, and the client, which decodes. The field
 * numbers are those of google/rpc/status.proto and google/rpc/error_details.proto.
 */
import protobuf from 'protobufjs'

/** The trailer's name, as metadata has it. */
export const statusDetailsKey = 'grpc-status-details-bin'

/** The domain of every reason in an ErrorInfo of ours. */
export const errorDomain = 'leasehold'

/** An error in the terms of google.rpc. */
export interface StatusDetails {
  /** The number of the gRPC status. */
  readonly code: number
  /** For people. */
  readonly message: string
  /** ErrorInfo.reason, stable; '' when there was no ErrorInfo. */
  readonly reason: string
  /** ErrorInfo.metadata. */
  readonly metadata: Readonly<Record<string, string>>
  /** BadRequest.field_violations. */
  readonly violations: readonly { readonly field: string; readonly description: string }[]
  /** RetryInfo.retry_delay: the caller should wait so long before it tries again. */
  readonly retryAfterMs?: number
}

/** The bytes of `grpc-status-details-bin`. */
export function encodeStatusDetails(details: StatusDetails): Uint8Array {
  const { code, message, reason, metadata, violations, retryAfterMs } = details
  const packed = [pack('ErrorInfo', { reason, domain: errorDomain, metadata })]
  if (violations.length > 0) packed.push(pack('BadRequest', { fieldViolations: violations }))
  if (retryAfterMs !== undefined) packed.push(pack('RetryInfo', { retryDelay: durationOf(retryAfterMs) }))
  return encode('Status', { code, message, details: packed })
}

/**
 * Reads `grpc-status-details-bin`, also of another server or a proxy: details of other types are passed over.
 * @returns undefined when the bytes are no google.rpc.Status.
 */
export function decodeStatusDetails(bytes: Uint8Array): StatusDetails | undefined {
  try {
    const status = decode<WireStatus>('Status', bytes)
    const find = <T extends object>(type: DetailType): T | undefined => {
      const any = status.details.find(({ typeUrl }) => typeUrl === urlOf(type))
      return any && decode<T>(type, any.value)
    }
    const info = find<WireErrorInfo>('ErrorInfo')
    const retry = find<WireRetryInfo>('RetryInfo')?.retryDelay
    return {
      code: status.code,
      message: status.message,
      reason: info?.reason ?? '',
      metadata: info?.metadata ?? {},
      violations: find<WireBadRequest>('BadRequest')?.fieldViolations ?? [],
      ...(retry && { retryAfterMs: retry.seconds * 1e3 + retry.nanos / 1e6 }),
    }
  } catch {
    return undefined
  }
}

type DetailType = 'ErrorInfo' | 'BadRequest' | 'RetryInfo'

interface WireStatus {
  code: number
  message: string
  details: { typeUrl: string; value: Uint8Array }[]
}

interface WireErrorInfo {
  reason: string
  metadata: Record<string, string>
}

interface WireBadRequest {
  fieldViolations: { field: string; description: string }[]
}

interface WireRetryInfo {
  retryDelay?: { seconds: number; nanos: number }
}

const types = protobuf.parse(`
  syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message BadRequest { repeated FieldViolation field_violations = 1; }
  message FieldViolation { string field = 1; string description = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
`).root

const urlOf = (type: DetailType): string => `type.googleapis.com/google.rpc.${type}`

const pack = (type: DetailType, value: object) => ({ typeUrl: urlOf(type), value: encode(type, value) })

function encode(type: string, value: object): Uint8Array {
  return types.lookupType(type).encode(value).finish()
}

/** The shape of T is that of the descriptor above, which `defaults`, `arrays` and `objects` make complete. */
function decode<T extends object>(type: string, bytes: Uint8Array): T {
  const message = types.lookupType(type)
  const complete = { longs: Number, defaults: true, arrays: true, objects: true }
  return message.toObject(message.decode(bytes), complete) as T
}

function durationOf(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1e3)
  return { seconds, nanos: Math.round((ms - seconds * 1e3) * 1e6) }
}
