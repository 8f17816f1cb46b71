/** The requests of LeaseService as commands of the core; every field at fault of a request is named at once. */
import type { AcquireLeaseRequest__Output } from '../../../protos/generated/leasehold/v1/AcquireLeaseRequest.js'
import type { CreateLeaseRequest__Output } from '../../../protos/generated/leasehold/v1/CreateLeaseRequest.js'
import type { DeleteLeaseRequest__Output } from '../../../protos/generated/leasehold/v1/DeleteLeaseRequest.js'
import type { LeaseSpec__Output } from '../../../protos/generated/leasehold/v1/LeaseSpec.js'
import type { AcquireCommand, CreateCommand, DeleteCommand, LeaseName, TenancyCommand } from '../lease/commands.js'
import type { FieldViolation } from '../lease/errors.js'
import { forbidden, invalid, required } from '../lease/field-errors.js'
import { validateGenerateName, validateGeneration, validateName, validateNamespace } from '../lease/metadata-rules.js'
import {
  type Limits,
  validateAcquire,
  validateChanges,
  validateHolderIdentity,
  validateLeaseDuration,
  validatePreferredHolder,
} from '../lease/validation.js'
import {
  asProtoPaths,
  changesOf,
  given,
  instanceOf,
  millisecondsOf,
  refuseAny,
  safeIntegerOf,
  setFields,
} from './request-fields.js'

/** @throws LeaseError INVALID_REQUEST */
export function leaseName({ namespace, name }: LeaseName): LeaseName {
  refuseAny(nameViolations({ namespace, name }))
  return { namespace, name }
}

/** The rules for the name of a lease that a request is about. */
export function nameViolations({ namespace, name }: LeaseName, prefix = ''): readonly FieldViolation[] {
  return [...validateNamespace(namespace, `${prefix}namespace`), ...validateName(name, `${prefix}name`)]
}

/** @throws LeaseError INVALID_REQUEST */
export function createCommand(request: CreateLeaseRequest__Output, limits: Limits): CreateCommand {
  const { metadata, spec } = request.lease ?? {}
  const { namespace = '', name = '', generateName = '' } = metadata ?? {}
  const generation = safeIntegerOf(metadata?.generation ?? '0') ?? -1
  const changes = changesOf(metadata ?? {}, spec ?? {})
  const holderIdentity = given(spec?.holderIdentity)
  const needsName = name !== '' || generateName === ''
  refuseAny(
    asProtoPaths([
      ...validateGenerateName(generateName, 'lease.metadata.generateName'),
      ...(needsName ? validateName(name, 'lease.metadata.name') : []),
      ...validateNamespace(namespace, 'lease.metadata.namespace'),
      ...validateGeneration(generation, 'lease.metadata.generation'),
      ...validateChanges(changes, limits, 'lease.'),
      ...validatePreferredHolder(changes.preferredHolder, changes.strategy, 'lease.spec.preferredHolder'),
      ...(holderIdentity === undefined ? [] : validateHolderIdentity(holderIdentity, 'lease.spec.holderIdentity')),
      ...durationViolations(changes.leaseDurationMs, limits, holderIdentity !== undefined),
      ...coordinatorsFields(spec ?? {}),
    ]),
  )
  return {
    namespace,
    name,
    ...(generateName !== '' && { generateName }),
    ...(generation !== 0 && { generation }),
    changes: setFields(changes),
    ...(holderIdentity !== undefined && { holderIdentity }),
    validateOnly: request.validateOnly,
  }
}

/** @throws LeaseError INVALID_REQUEST */
export function deleteCommand(request: DeleteLeaseRequest__Output): DeleteCommand {
  const uid = given(request.uid)
  const resourceVersion = given(request.resourceVersion)
  return {
    ...leaseName(request),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    validateOnly: request.validateOnly,
  }
}

/** @throws LeaseError INVALID_REQUEST */
export function acquireCommand(request: AcquireLeaseRequest__Output, limits: Limits): AcquireCommand {
  const { namespace, name, holderIdentity, labels, supersede, validateOnly } = request
  const instance = instanceOf(request.instance)
  const leaseDurationMs = millisecondsOf(request.leaseDuration)
  const takeoverDelayMs = millisecondsOf(request.takeoverDelay)
  const fields = { namespace, name, holderIdentity, labels, instance, leaseDurationMs, takeoverDelayMs }
  refuseAny(validateAcquire(fields, limits))
  return {
    namespace,
    name,
    holderIdentity,
    ...(instance !== undefined && { instance }),
    leaseDurationMs: leaseDurationMs ?? 0,
    ...(Object.keys(labels).length > 0 && { labels }),
    supersede,
    ...(takeoverDelayMs !== undefined && { takeoverDelayMs }),
    validateOnly,
  }
}

/**
 * A renewal, release, revocation or check.
 * @param isTokenOptional whether 0 is fine, and means any tenancy.
 * @throws LeaseError INVALID_REQUEST
 */
export function tenancyCommand(
  request: LeaseName & { readonly fencingToken: string; readonly validateOnly?: boolean },
  isTokenOptional = false,
): TenancyCommand {
  const { namespace, name, validateOnly = false } = request
  const fencingToken = safeIntegerOf(request.fencingToken) ?? -1
  const violations = [...nameViolations({ namespace, name })]
  if (fencingToken < 0) {
    const detail = 'must be a token as acquire gives them'
    violations.push(invalid('fencing_token', request.fencingToken, detail))
  } else if (fencingToken === 0 && !isTokenOptional) {
    violations.push(required('fencing_token', 'give the token that acquire gave'))
  }
  refuseAny(violations)
  return { namespace, name, fencingToken, validateOnly }
}

/** The rule for a duration in a lease's spec, which only a holder needs. */
export function durationViolations(
  leaseDurationMs: number | undefined,
  limits: Limits,
  isNeeded: boolean,
): readonly FieldViolation[] {
  if (leaseDurationMs === undefined && !isNeeded) return []
  return validateLeaseDuration(leaseDurationMs, limits, 'lease.spec.leaseDuration')
}

/** What the coordinator alone writes into a spec. */
export function coordinatorsFields(spec: Partial<LeaseSpec__Output>): readonly FieldViolation[] {
  const detail = 'set by the coordinator when a holder acquires or renews; leave it out'
  return (['acquireTime', 'renewTime', 'leaseTransitions'] as const)
    .filter(field => spec[field] !== undefined && spec[field] !== null)
    .map(field => forbidden(`lease.spec.${field}`, detail))
}
