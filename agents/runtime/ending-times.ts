/** When a guarded process group hears that its time is over. All in ms on Clock.sinceBootMs. */
export interface EndingTimes {
  readonly terminateAtMs: number
  readonly killAtMs: number
}

export interface EndingRules {
  /** The holder's local deadline: the group must be gone by then. */
  readonly deadlineMs: number
  /** From SIGTERM to SIGKILL when the time runs out. */
  readonly graceMs: number
  /** From SIGKILL to the deadline. */
  readonly marginMs: number
  /** When the end was asked for, and with what grace; undefined: it was not. */
  readonly asked: { readonly atMs: number; readonly graceMs: number } | undefined
  /** When SIGTERM was sent; undefined: it was not. */
  readonly terminatedAtMs: number | undefined
}

/**
 * When to send SIGTERM and SIGKILL. A group that was asked to end has its own grace, but never beyond the deadline; a
 * group that was told to end stays told, also when a late renewal moves the deadline.
 */
export function endingTimes({ deadlineMs, graceMs, marginMs, asked, terminatedAtMs }: EndingRules): EndingTimes {
  const terminateAtMs = terminatedAtMs ?? Math.min(asked?.atMs ?? Infinity, deadlineMs - graceMs)
  return { terminateAtMs, killAtMs: Math.min(terminateAtMs + (asked?.graceMs ?? graceMs), deadlineMs - marginMs) }
}

/** How a lease's duration divides: the grace before the deadline, and the margin that a SIGKILL needs to have its effect. */
export function graces(leaseDurationMs: number): { graceMs: number; marginMs: number } {
  return { graceMs: Math.min(5_000, leaseDurationMs * 0.2), marginMs: Math.min(500, leaseDurationMs * 0.05) }
}
