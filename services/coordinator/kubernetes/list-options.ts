import type { FieldViolation } from '../lease/errors.js'
import { forbidden, notSupported } from '../lease/field-errors.js'
import { badRequest, expired, invalidOptions, tooLargeResourceVersion } from './status.js'

/** Which leases of a collection, how many, and how new they must be. */
export interface ListOptions {
  /** 0: all. */
  readonly limit: number
  /** The token of the page before; '' on the first. */
  readonly continue: string
}

/**
 * @param query of a list; the selectors are read elsewhere.
 * @param revision the newest revision of the coordinator.
 * @throws StatusError 400, 422 for options that contradict each other, 410 for a state that is gone, 504 for one that is
 *   not there yet.
 * @see Kubernetes apimachinery, pkg/apis/meta/internalversion/validation
 */
export function listOptions(query: URLSearchParams, revision: number): ListOptions {
  const version = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const token = query.get('continue') ?? ''
  const limit = limitOf(query.get('limit') ?? '')
  const violations = matchViolations(version, match, token)
  if (query.has('sendInitialEvents'))
    violations.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  if (violations.length > 0) throw invalidOptions('ListOptions', violations)
  if (token !== '' && version !== '' && version !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const wanted = versionOf(version)
  if (wanted > revision) throw tooLargeResourceVersion(version, String(revision))
  // Only the present state is there: an exact one is, while it is the present one.
  const isExact = match === 'Exact' || (match === '' && limit > 0 && wanted > 0)
  if (isExact && wanted < revision) throw expired('The resourceVersion for the provided list is too old.')
  return { limit, continue: token }
}

/**
 * The revision that a resourceVersion means; 0 for none.
 * @throws StatusError 400
 */
export function versionOf(resourceVersion: string): number {
  if (resourceVersion === '') return 0
  const version = Number(resourceVersion)
  if (/^\d+$/.test(resourceVersion) && Number.isSafeInteger(version)) return version
  throw badRequest(`Invalid value: ${JSON.stringify(resourceVersion)}: resourceVersion must be a whole number`)
}

function limitOf(limit: string): number {
  if (limit === '') return 0
  const count = Number(limit)
  if (!/^-?\d+$/.test(limit) || !Number.isSafeInteger(count))
    throw badRequest(`limit: ${JSON.stringify(limit)} is no number`)
  return Math.max(0, count)
}

function matchViolations(version: string, match: string, token: string): FieldViolation[] {
  if (match === '') return []
  const field = 'resourceVersionMatch'
  const violations: FieldViolation[] = []
  if (version === '')
    violations.push(forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
  if (token !== '') violations.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'))
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    violations.push(notSupported(field, match, ['Exact', 'NotOlderThan', '']))
  } else if (match === 'Exact' && version === '0') {
    violations.push(forbidden(field, 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"'))
  }
  return violations
}
