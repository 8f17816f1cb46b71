import type { FieldViolation } from '../lease/errors.js'
import { forbidden, notSupported, required } from '../lease/field-errors.js'
import { validateFieldManager } from '../lease/metadata-rules.js'
import type { KubernetesRequest } from './request.js'
import { invalidOptions } from './status.js'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** What the query of a write says beside the object. */
export interface WriteOptions {
  /** Check and answer as if, but store nothing. */
  readonly isDryRun: boolean
  /** What becomes of fields that a Lease does not have. */
  readonly validation: FieldValidation
  /** Who has set the fields. */
  readonly manager: string
  /** An apply takes fields from others. */
  readonly force: boolean
}

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

/** The longest name of a manager that is made of a User-Agent. */
const maxManagerBytes = 128

/**
 * @param isApply whether the write is a server-side apply, which must say who applies.
 * @throws StatusError 422 naming each option at fault.
 * @see Kubernetes apimachinery, pkg/apis/meta/v1/validation
 */
export function writeOptions(request: KubernetesRequest, kind: OptionsKind, isApply = false): WriteOptions {
  const { query } = request
  const dryRun = query.getAll('dryRun')
  const validation = query.get('fieldValidation') || 'Warn'
  const fieldManager = query.get('fieldManager') ?? ''
  const violations: FieldViolation[] = [
    ...dryRunViolations(dryRun),
    ...validateFieldManager(fieldManager, 'fieldManager'),
  ]
  if (!isFieldValidation(validation)) violations.push(notSupported('fieldValidation', validation, fieldValidations))
  if (isApply && fieldManager === '') violations.push(required('fieldManager', 'is required for apply patch'))
  if (!isApply && query.has('force')) {
    violations.push(forbidden('force', 'may not be specified for non-apply patch'))
  }
  if (violations.length > 0) throw invalidOptions(kind, violations)
  return {
    isDryRun: dryRun.length > 0,
    validation: isFieldValidation(validation) ? validation : 'Warn',
    manager: fieldManager || managerOf(request.userAgent),
    force: query.get('force') === 'true',
  }
}

/** The rule for dryRun, which is in the query of a write and in the body of a delete. */
export function dryRunViolations(dryRun: readonly string[]): readonly FieldViolation[] {
  return dryRun.filter(value => value !== 'All').map(value => notSupported('dryRun', value, ['All']))
}

const fieldValidations: readonly FieldValidation[] = ['Ignore', 'Strict', 'Warn']

const isFieldValidation = (value: string): value is FieldValidation =>
  fieldValidations.includes(value as FieldValidation)

/** The program in a User-Agent, as in `kubectl/v1.33.0 (linux/amd64)`. */
function managerOf(userAgent: string): string {
  const [program = ''] = userAgent.split('/', 1)
  const printable = program.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')
  return (
    Buffer.from(printable)
      .subarray(0, maxManagerBytes)
      .toString()
      .replace(/\ufffd$/, '') || 'unknown'
  )
}
