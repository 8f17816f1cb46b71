/**
 * The fields of requests as the core wants them: durations in ms, tokens as safe integers, metadata without what a
 * client may not set. What does not fit becomes a violation.
 */
import type { Duration__Output } from '../../../protos/generated/google/protobuf/Duration.js'
import type { LeaseSpec__Output } from '../../../protos/generated/leasehold/v1/LeaseSpec.js'
import type { ManagedFieldsEntry__Output } from '../../../protos/generated/leasehold/v1/ManagedFieldsEntry.js'
import type { ObjectMeta__Output } from '../../../protos/generated/leasehold/v1/ObjectMeta.js'
import type { OwnerReference__Output } from '../../../protos/generated/leasehold/v1/OwnerReference.js'
import type { LeaseChanges } from '../lease/commands.js'
import { type FieldViolation, invalidRequest } from '../lease/errors.js'
import type { ManagedFieldsEntry, OwnerReference } from '../lease/lease.js'

/** The longest Duration that protobuf knows, in seconds: 10,000 years. */
const maxDurationSeconds = 315_576_000_000

/** A Duration in ms; undefined when it is not set, NaN when it is none. */
export function millisecondsOf(duration: Duration__Output | null | undefined): number | undefined {
  if (!duration) return undefined
  const seconds = Number(duration.seconds)
  const { nanos } = duration
  const hasOneSign = seconds === 0 || nanos === 0 || seconds > 0 === nanos > 0
  if (!hasOneSign || Math.abs(nanos) > 999_999_999 || Math.abs(seconds) > maxDurationSeconds) return Number.NaN
  return seconds * 1e3 + nanos / 1e6
}

/** An int64 as a number; undefined where a number is not exact. */
export function safeIntegerOf(int64: string): number | undefined {
  const value = Number(int64)
  return Number.isSafeInteger(value) ? value : undefined
}

/** 32 hex digits of a client's instance; undefined for none. */
export const instanceOf = (bytes: Buffer): string | undefined =>
  bytes.length === 0 ? undefined : bytes.toString('hex')

/** A string that is not '', or undefined: how proto3 says "absent". */
export const given = (text: string | undefined): string | undefined => text || undefined

/** What a request sets on a lease beside its holder. What it leaves out, or empty, is undefined. */
export function changesOf(
  metadata: Partial<ObjectMeta__Output>,
  spec: Partial<LeaseSpec__Output>,
): Required<LeaseChanges> {
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [], managedFields = [] } = metadata
  return {
    labels: filled(labels),
    annotations: filled(annotations),
    ownerReferences: filled(ownerReferences)?.map(ownerReferenceOf),
    finalizers: filled(finalizers),
    managedFields: filled(managedFields)?.map(managedFieldsOf),
    leaseDurationMs: millisecondsOf(spec.leaseDuration),
    strategy: given(spec.strategy),
    preferredHolder: given(spec.preferredHolder),
    takeoverDelayMs: millisecondsOf(spec.takeoverDelay),
  }
}

/** Only what is set. */
export function setFields<Fields extends object>(fields: Fields): Partial<Fields> {
  // The entries are those of `fields`.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
}

/** The paths of Kubernetes, in camel case, as the protos have them. */
export function asProtoPaths(violations: readonly FieldViolation[]): FieldViolation[] {
  return violations.map(({ field, description }) => ({
    field: field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
    description,
  }))
}

/** @throws LeaseError INVALID_REQUEST with all violations, if there is one. */
export function refuseAny(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) throw invalidRequest(violations)
}

function filled<Value extends object>(value: Value): Value | undefined {
  return Object.keys(value).length === 0 ? undefined : value
}

function ownerReferenceOf(owner: OwnerReference__Output): OwnerReference {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner
  return {
    apiVersion,
    kind,
    name,
    uid,
    ...(controller !== undefined && { controller }),
    ...(blockOwnerDeletion !== undefined && { blockOwnerDeletion }),
  }
}

function managedFieldsOf(entry: ManagedFieldsEntry__Output): ManagedFieldsEntry {
  const { manager, operation, apiVersion, time, fieldsType, fieldsV1, subresource } = entry
  return {
    manager,
    operation,
    apiVersion,
    ...(time && { time: Number(time.seconds) }),
    fieldsType,
    fieldsV1,
    ...(subresource && { subresource }),
  }
}
