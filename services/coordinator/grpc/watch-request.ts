import type { WatchLeasesRequest__Output } from '../../../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import { type FieldViolation, LeaseError } from '../lease/errors.js'
import { invalid, required } from '../lease/field-errors.js'
import { validateName } from '../lease/metadata-rules.js'
import type { LeaseWatchQuery } from '../reads/lease-watch.js'
import { namespaceFilterViolations, selectorOf } from './list-leases.js'
import { millisecondsOf, refuseAny, safeIntegerOf } from './request-fields.js'

/** How often a watch tells how far it is, unless asked otherwise; also the longest interval. */
const defaultBookmarkIntervalMs = 60_000
const minBookmarkIntervalMs = 1_000

/**
 * @param journalId the journal of this coordinator.
 * @throws LeaseError INVALID_REQUEST, WRONG_JOURNAL
 */
export function watchQuery(request: WatchLeasesRequest__Output, journalId: string): LeaseWatchQuery {
  const { namespace, name, includeRenewals, compactRenewals } = request
  const resumeAfter = safeIntegerOf(request.resumeAfterRevision) ?? -1
  const violations: FieldViolation[] = [...namespaceFilterViolations(namespace)]
  if (name !== '') violations.push(...validateName(name, 'name'))
  if (name !== '' && namespace === '') violations.push(required('namespace', 'a name needs its namespace'))
  const selects = selectorOf(request.labelSelector, violations)
  if (resumeAfter < 0) {
    const detail = 'must be a revision as ListLeases and WatchLeases tell them, or 0'
    violations.push(invalid('resume_after_revision', request.resumeAfterRevision, detail))
  }
  if (compactRenewals && !includeRenewals) {
    violations.push(invalid('compact_renewals', true, 'is a way to tell renewals: set include_renewals too'))
  }
  const bookmarkIntervalMs = millisecondsOf(request.bookmarkInterval) ?? defaultBookmarkIntervalMs
  if (!(bookmarkIntervalMs >= minBookmarkIntervalMs && bookmarkIntervalMs <= defaultBookmarkIntervalMs)) {
    const given = Number.isFinite(bookmarkIntervalMs) ? `${bookmarkIntervalMs / 1e3}s` : 'no valid duration'
    violations.push(invalid('bookmark_interval', given, 'must be between 1 s and 1 min'))
  }
  refuseAny(violations)
  if (resumeAfter > 0 && request.journalId !== '' && request.journalId !== journalId) {
    const message = `revision ${resumeAfter} is of journal ${request.journalId}, and this is ${journalId}: list again`
    throw new LeaseError('WRONG_JOURNAL', message)
  }
  return {
    namespace,
    name,
    matches: lease =>
      (namespace === '' || lease.namespace === namespace) &&
      (name === '' || lease.name === name) &&
      selects(lease.labels),
    ...(resumeAfter > 0 && { resumeAfter }),
    includeRenewals,
    compactRenewals,
    bookmarkIntervalMs,
  }
}
