import type { LeaseName } from '../lease/commands.js'
import type { FieldViolation } from '../lease/errors.js'
import { invalid, tooLong } from '../lease/field-errors.js'
import type { LeaseImage } from '../lease/lease.js'
import {
  validateGenerateName,
  validateGeneration,
  validateName,
  validateNamespace,
  validateNoNewFinalizers,
} from '../lease/metadata-rules.js'
import { type Limits, maxHolderIdentityBytes, validateChanges, validatePreferredHolder } from '../lease/validation.js'
import type { ReadLease } from './lease-object.js'

/**
 * Kubernetes' rules for a whole lease as it is written, with its paths. Of our own are the limits, the takeover delay and
 * the length of a holder's identity, of which Kubernetes has no limit but the body's.
 *
 * @param before the lease as it is; undefined for one that is to be made.
 * @param path where the request goes to: its namespace is the lease's.
 * @see Kubernetes pkg/apis/coordination/validation
 */
export function validateLeaseWrite(
  { metadata, lease, violations }: ReadLease,
  limits: Limits,
  before?: LeaseImage,
  path?: LeaseName,
): readonly FieldViolation[] {
  const { leaseDurationMs, leaseTransitions, preferredHolder, strategy, holderIdentity = '' } = lease
  // The duration is no change among others here: Kubernetes allows any that is more than nothing.
  const changes = validateChanges(lease, limits).map(atAnnotation)
  return [
    ...(before === undefined ? newNameViolations(metadata, path?.namespace) : []),
    ...(before?.deletionTimestamp === undefined
      ? []
      : validateNoNewFinalizers(lease.finalizers ?? [], before.finalizers ?? [], 'metadata.finalizers')),
    ...violations,
    ...changes.filter(({ field }) => !field.startsWith('spec.')),
    ...(Buffer.byteLength(holderIdentity) > maxHolderIdentityBytes
      ? [tooLong('spec.holderIdentity', maxHolderIdentityBytes)]
      : []),
    ...(leaseDurationMs === undefined || leaseDurationMs > 0
      ? []
      : [invalid('spec.leaseDurationSeconds', leaseDurationMs / 1e3, 'must be greater than 0')]),
    ...(leaseTransitions === undefined || leaseTransitions >= 0
      ? []
      : [invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0')]),
    ...changes.filter(({ field }) => field.startsWith('spec.')),
    ...validatePreferredHolder(preferredHolder, strategy, 'spec.preferredHolder'),
  ]
}

function newNameViolations(
  { name = '', generateName = '', generation = 0, namespace: own }: ReadLease['metadata'],
  namespace = own,
): readonly FieldViolation[] {
  return [
    ...validateGenerateName(generateName, 'metadata.generateName'),
    ...(name === '' && generateName !== '' ? [] : validateName(name, 'metadata.name')),
    ...(namespace === undefined ? [] : validateNamespace(namespace, 'metadata.namespace')),
    ...validateGeneration(generation, 'metadata.generation'),
  ]
}

/** To a Kubernetes client the takeover delay is an annotation. */
const atAnnotation = ({ field, description }: FieldViolation): FieldViolation => ({
  field: field === 'spec.takeoverDelay' ? 'metadata.annotations' : field,
  description,
})
