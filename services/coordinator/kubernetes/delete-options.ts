import type { FieldViolation } from '../lease/errors.js'
import { notSupported } from '../lease/field-errors.js'
import { readBody } from './body.js'
import { isObject } from './decoding.js'
import type { KubernetesRequest } from './request.js'
import { badRequest, invalidOptions } from './status.js'
import { dryRunViolations } from './write-options.js'

/** How something is deleted. */
export interface DeleteOptions {
  readonly isDryRun: boolean
  /** What the object must be, where given. */
  readonly uid?: string
  readonly resourceVersion?: string
}

/** There are no dependents here: each of them comes to the same. */
const propagationPolicies = ['Background', 'Foreground', 'Orphan']

/**
 * The options of a DELETE, which are in its body, in its query, or in both: kubectl has a dry run in the body alone.
 * @throws StatusError 400, 415, 422
 */
export function deleteOptions({ query, body, contentType }: KubernetesRequest): DeleteOptions {
  const { object } = readBody(body, contentType)
  const { kind = '', dryRun, propagationPolicy = query.get('propagationPolicy'), preconditions } = object
  if (kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(`a DELETE takes DeleteOptions, not ${typeof kind === 'string' ? kind : JSON.stringify(kind)}`)
  const dryRuns = [...query.getAll('dryRun'), ...textsOf('dryRun', dryRun)]
  const violations: FieldViolation[] = [...dryRunViolations(dryRuns)]
  const policy = textOf('propagationPolicy', propagationPolicy)
  if (policy !== undefined && !propagationPolicies.includes(policy)) {
    violations.push(notSupported('propagationPolicy', policy, propagationPolicies))
  }
  if (violations.length > 0) throw invalidOptions('DeleteOptions', violations)
  const { uid, resourceVersion } = isObject(preconditions) ? preconditions : {}
  const [wantedUid, wantedVersion] = [textOf('uid', uid), textOf('resourceVersion', resourceVersion)]
  return {
    isDryRun: dryRuns.length > 0,
    ...(wantedUid !== undefined && { uid: wantedUid }),
    ...(wantedVersion !== undefined && { resourceVersion: wantedVersion }),
  }
}

function textOf(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw badRequest(`${field} of DeleteOptions is a string`)
}

function textsOf(field: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap(item => textOf(field, item) ?? [])
  throw badRequest(`${field} of DeleteOptions is a list of strings`)
}
