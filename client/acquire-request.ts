import type { AcquireRequest } from '../protos/hold.js'
import type { SessionHold } from './session-hold.js'

/** Waiting for ever, on the wire. A wait that the coordinator ends before its time is begun again. */
const longestWaitMs = 7 * 24 * 3_600_000

/** Whether an acquire of the lease is wanted and not under way. */
export function mayAcquire(hold: SessionHold): boolean {
  if (hold.handle > 0 || hold.isSent || hold.isBlocked || hold.retryAtMs !== Number.POSITIVE_INFINITY) return false
  return hold.phase === 'waiting' || (hold.phase === 'held' && hold.isRenewing)
}

/**
 * A held lease resumes, or nothing: it neither queues, for it would be another tenancy, nor supersedes, for then two
 * processes with one identity would take it from each other for ever. A waiting one waits for what is left of its time.
 */
export function acquireRequest(hold: SessionHold, requestId: number, now: number): AcquireRequest {
  const { namespace, name, holderIdentity, labels, takeoverDelayMs } = hold.options
  const { priority = 0, supersede = false, noWait = false } = hold.options
  const isWaiting = hold.phase === 'waiting'
  const waitTimeoutMs = Math.ceil(Math.min(Math.max(hold.waitUntilMs - now, 0), longestWaitMs))
  return {
    type: 'acquire',
    requestId,
    namespace,
    name,
    holderIdentity,
    instance: hold.instance,
    leaseDurationMs: hold.options.leaseDurationMs,
    ...(labels === undefined ? {} : { labels }),
    priority,
    ...(isWaiting && !noWait ? { waitTimeoutMs } : {}),
    supersede: supersede && isWaiting,
    ...(takeoverDelayMs === undefined ? {} : { takeoverDelayMs }),
  }
}
