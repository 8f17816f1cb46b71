/**
 * The messages of a Hold stream as the code sees them: durations in ms, tokens as safe integers, instances as 32 hex
 * digits. `hold-codec.ts` turns them into the bytes of session_service.proto and back; client and coordinator speak in
 * these, over grpc-js or any other duplex.
 */
import type { LeaseState__Output } from './generated/leasehold/v1/LeaseState.js'

export type HoldRequest = AcquireRequest | RenewRequest | ReleaseRequest

export interface AcquireRequest {
  readonly type: 'acquire'
  readonly requestId: number
  readonly namespace: string
  readonly name: string
  readonly holderIdentity: string
  readonly instance: string
  readonly leaseDurationMs: number
  readonly labels?: Readonly<Record<string, string>>
  readonly priority: number
  /** Absent: do not wait. */
  readonly waitTimeoutMs?: number
  readonly supersede: boolean
  readonly takeoverDelayMs?: number
}

export interface RenewRequest {
  readonly type: 'renew'
  readonly requestId: number
  /** 'all': every lease of the session. */
  readonly handles: readonly number[] | 'all'
}

export interface ReleaseRequest {
  readonly type: 'release'
  readonly requestId: number
  readonly handle: number
}

export type HoldResponse =
  | AcquiredResponse
  | WaitingResponse
  | RenewedResponse
  | ReleasedResponse
  | FailedResponse
  | LostPush
  | HolderChangedPush
  | DrainingPush

/** An answer, or with requestId 0 and unconfirmed a grant to a waiter. */
export interface AcquiredResponse {
  readonly type: 'acquired'
  readonly requestId: number
  readonly handle: number
  readonly fencingToken: number
  readonly renewAfterMs: number
  readonly leaseDurationMs: number
  readonly resumed: boolean
  readonly unconfirmed: boolean
}

export interface WaitingResponse {
  readonly type: 'waiting'
  readonly requestId: number
  readonly handle: number
  readonly holderIdentity: string
  readonly ahead: number
  readonly renewAfterMs: number
}

export interface RenewedResponse {
  readonly type: 'renewed'
  readonly requestId: number
  readonly failures: readonly { readonly handle: number; readonly reason: string }[]
  readonly renewAfterMs: number
}

export interface ReleasedResponse {
  readonly type: 'released'
  readonly requestId: number
  readonly handle: number
}

/** An answer, or with requestId 0 the end of a wait. */
export interface FailedResponse {
  readonly type: 'failed'
  readonly requestId: number
  readonly reason: string
  readonly message: string
  /** 0: none. */
  readonly handle: number
  readonly holderIdentity: string
  readonly violations: readonly { readonly field: string; readonly description: string }[]
  /** 0: not said. */
  readonly retryAfterMs: number
}

export type LostCause = 'expired' | 'revoked' | 'superseded' | 'deleted' | 'unconfirmed' | 'transferred' | 'resumed'

export interface LostPush {
  readonly type: 'lost'
  readonly handle: number
  readonly cause: LostCause
}

export interface HolderChangedPush {
  readonly type: 'holderChanged'
  readonly handle: number
  readonly holderIdentity: string
  readonly state: LeaseState__Output
}

export interface DrainingPush {
  readonly type: 'draining'
  readonly reconnectAfterMs: number
}
