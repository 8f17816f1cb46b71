import { type NatsConnection, NatsError, nanos, RetentionPolicy, StorageType } from 'nats'

/** How long a JetStream request may take before it counts as failed. */
export const requestTimeoutMs = 5_000

/** What streams of events have in common: bounded by age, and doubles within two minutes are known. */
export const streamLimits = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  max_age: nanos(7 * 24 * 3600 * 1_000),
  duplicate_window: nanos(120_000),
}

// JetStream's own error codes.
export const messageNotFound = 10_037
const notEnabledForAccount = 10_039
export const streamNotFound = 10_059
const notEnabled = 10_076

export const apiErrorCode = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined

/**
 * Whether the server, or this account on it, has no JetStream. A server that says it has it but does not answer is only
 * not ready yet.
 */
export function isWithoutJetStream(error: unknown, connection: NatsConnection): boolean {
  const code = apiErrorCode(error)
  if (code === notEnabled || code === notEnabledForAccount) return true
  return error instanceof NatsError && code === undefined && error.code === '503' && !connection.info?.jetstream
}
