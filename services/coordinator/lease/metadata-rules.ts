/**
 * Kubernetes' rules for the metadata of an object, with its texts. Every function takes the path of the field and names
 * what is below it as Kubernetes does, in camel case.
 * @see Kubernetes apimachinery, pkg/api/validation/objectmeta.go
 */
import type { FieldViolation } from './errors.js'
import { forbidden, invalid, quoted, required, tooLong } from './field-errors.js'
import type { ManagedFieldsEntry, OwnerReference } from './lease.js'
import {
  generateNameFaults,
  labelFaults,
  labelValueFaults,
  qualifiedNameFaults,
  subdomainFaults,
} from './name-rules.js'

/** The most bytes that the keys and values of all annotations of a lease may have together. */
export const maxAnnotationBytes = 262_144

const none: readonly FieldViolation[] = []

/** The rule for the name of a lease that exists or is to be acquired. */
export function validateName(name: string, field: string): readonly FieldViolation[] {
  return name === ''
    ? [required(field, 'name or generateName is required')]
    : faults(subdomainFaults(name), field, name)
}

/** The rule for the beginning of a generated name; '' is none. */
export function validateGenerateName(generateName: string, field: string): readonly FieldViolation[] {
  return generateName === '' ? none : faults(generateNameFaults(generateName), field, generateName)
}

/** The rule for a namespace, which must be there. */
export function validateNamespace(namespace: string, field: string): readonly FieldViolation[] {
  return namespace === '' ? [required(field)] : faults(labelFaults(namespace), field, namespace)
}

/** The rule for a number of the desired state. */
export function validateGeneration(generation: number, field: string): readonly FieldViolation[] {
  return generation < 0 ? [invalid(field, generation, 'must be greater than or equal to 0')] : none
}

/** The rules for the keys and values of labels. */
export function validateLabels(labels: Readonly<Record<string, string>>, field: string): readonly FieldViolation[] {
  let violations = none
  for (const key of Object.keys(labels)) {
    const value = labels[key] ?? ''
    const keyFaults = qualifiedNameFaults(key)
    const valueFaults = labelValueFaults(value)
    if (keyFaults.length + valueFaults.length === 0) continue
    violations = [...violations, ...faults(keyFaults, field, key), ...faults(valueFaults, field, value)]
  }
  return violations
}

/** The rules for the keys of annotations, and for their size. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  field: string,
): readonly FieldViolation[] {
  const keys = Object.keys(annotations)
  const violations = keys.flatMap(key => faults(qualifiedNameFaults(key.toLowerCase()), field, key))
  if (sizeOf(annotations) > maxAnnotationBytes) violations.push(tooLong(field, maxAnnotationBytes))
  return violations
}

/** The bytes of all keys and values. */
export function sizeOf(map: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const key of Object.keys(map)) bytes += Buffer.byteLength(key) + Buffer.byteLength(map[key] ?? '')
  return bytes
}

/** The rules for the owners of a lease: complete, no events, at most one controller. */
export function validateOwnerReferences(owners: readonly OwnerReference[], field: string): readonly FieldViolation[] {
  const violations = owners.flatMap(owner => validateOwnerReference(owner, field))
  const [first, ...others] = owners.filter(({ controller }) => controller)
  for (const other of first ? others : []) {
    const both = `${first?.kind}/${first?.name} and ${other.kind}/${other.name}`
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${both}`
    violations.push(invalid(field, owners.map(inOrder), detail))
  }
  return violations
}

function validateOwnerReference(owner: OwnerReference, field: string): FieldViolation[] {
  const { apiVersion, kind, name, uid } = owner
  const violations: FieldViolation[] = []
  const version = /^(?:[^/]*\/)?([^/]*)$/.exec(apiVersion)?.[1] ?? ''
  if (version === '') violations.push(invalid(`${field}.apiVersion`, apiVersion, 'version must not be empty'))
  for (const [key, value] of Object.entries({ kind, name, uid })) {
    if (value === '') violations.push(invalid(`${field}.${key}`, value, 'must not be empty'))
  }
  if (/^\/?v1$/.test(apiVersion) && kind === 'Event') {
    violations.push(invalid(field, inOrder(owner), '/v1, Kind=Event is disallowed from being an owner'))
  }
  return violations
}

/** The owner with its fields in the order in which Kubernetes shows them. */
function inOrder({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): object {
  return { apiVersion, kind, name, uid, controller, blockOwnerDeletion }
}

/** The rules for finalizers: qualified names, and not both ways to deal with dependents. */
export function validateFinalizers(finalizers: readonly string[], field: string): readonly FieldViolation[] {
  const violations = finalizers.flatMap(finalizer => faults(qualifiedNameFaults(finalizer), field, finalizer))
  if (finalizers.includes('foregroundDeletion') && finalizers.includes('orphan')) {
    violations.push(invalid(field, finalizers, 'finalizer foregroundDeletion and orphan cannot be both set'))
  }
  return violations
}

/** The rule for the finalizers of a lease whose deletion was asked for: they may only go. */
export function validateNoNewFinalizers(
  finalizers: readonly string[],
  stored: readonly string[],
  field: string,
): readonly FieldViolation[] {
  const added = finalizers.filter(finalizer => !stored.includes(finalizer)).sort()
  if (added.length === 0) return none
  const list = `[]string{${added.map(quoted).join(', ')}}`
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  return [forbidden(field, detail)]
}

/** The rules for the record of who set which field. */
export function validateManagedFields(
  entries: readonly ManagedFieldsEntry[],
  field: string,
): readonly FieldViolation[] {
  return entries.flatMap(({ operation, fieldsType, manager, subresource = '' }, index) => {
    const at = `${field}[${index}]`
    const violations = [...validateFieldManager(manager, `${at}.manager`)]
    if (operation !== 'Apply' && operation !== 'Update') {
      violations.unshift(invalid(`${at}.operation`, operation, 'must be `Apply` or `Update`'))
    }
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
      violations.push(invalid(`${at}.fieldsType`, fieldsType, 'must be `FieldsV1`'))
    }
    if (Buffer.byteLength(subresource) > 256) violations.push(tooLong(`${at}.subresource`, 256))
    return violations
  })
}

/** The rules for the name of a manager of fields: at most 128 bytes, all printable. */
export function validateFieldManager(manager: string, field: string): readonly FieldViolation[] {
  if (Buffer.byteLength(manager) > 128) return [tooLong(field, 128)]
  return [...manager.matchAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu)].map(({ 0: character, index }) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    const position = Buffer.byteLength(manager.slice(0, index))
    return invalid(field, manager, `invalid character U+${code} (at position ${position})`)
  })
}

function faults(details: readonly string[], field: string, value: unknown): FieldViolation[] {
  return details.map(detail => invalid(field, value, detail))
}
