/** How the coordinator's process ends; docs and supervisors rely on it. */
export const exitCodes = {
  /** Stopped by SIGTERM or SIGINT: everything acknowledged is durable. */
  stopped: 0,
  /** It could not start: a setting that cannot be used, an address in use. */
  cannotStart: 1,
  /** The journal failed, so memory was ahead of it: start again, nothing acknowledged is lost. */
  journalFailed: 3,
  /** Another coordinator has the journal. */
  journalTaken: 4,
} as const
