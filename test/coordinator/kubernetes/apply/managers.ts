import { managedAfterUpdate } from '../../../../services/coordinator/kubernetes/apply/managed-fields.js'
import { isObject, type JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import { lease } from '../patch/leases.js'

export function entriesOf(object: JsonObject): readonly JsonObject[] {
  const { managedFields = [] } = object.metadata as { managedFields?: readonly JsonObject[] }
  return managedFields
}

export const fieldsOfManager = (object: JsonObject, manager: string): unknown =>
  entriesOf(object).find(entry => entry.manager === manager)?.fieldsV1

/** The object with other entries, or with none. */
export function managedAs(object: JsonObject, entries: readonly JsonObject[] | undefined): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata as JsonObject
  return { ...object, metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries } }
}

/** The lease after an update that sets these fields. */
export function updatedBy(
  manager: string,
  before: JsonObject | undefined,
  parts: { readonly metadata?: JsonObject; readonly spec?: JsonObject },
  nowSeconds = 0,
): JsonObject {
  const base = before ?? lease()
  const after = {
    ...base,
    metadata: { ...(isObject(base.metadata) ? base.metadata : {}), ...parts.metadata },
    spec: { ...(isObject(base.spec) ? base.spec : {}), ...parts.spec },
  }
  const entries = managedAfterUpdate(before, after, { manager, nowSeconds })
  return managedAs(after, entries.length === 0 ? undefined : entries)
}
