import { quoted } from '../../lease/field-errors.js'
import type { JsonObject } from '../decoding.js'
import { fieldOf, outOfBounds } from '../patch/json.js'
import { applyConflict, badRequest } from '../status.js'
import { difference, type FieldSet, inReadingOrder, intersection, pathText, union } from './field-set.js'
import { kubectl, lastAppliedFields, withLastApplied } from './last-applied.js'
import { changes, checkFields, merged, setFields, without, withoutShown } from './lease-fields.js'
import { updated } from './managed-fields.js'
import {
  apiVersion,
  type Managed,
  type Managers,
  managedFieldsOf,
  managerKey,
  managing,
  readManagers,
  taken,
  withFields,
  withManagers,
} from './managers.js'

export interface ApplyOptions {
  readonly manager: string
  /** Takes fields that others set to another value, instead of a conflict. */
  readonly force: boolean
  readonly nowSeconds: number
}

/**
 * The lease after a server-side apply: the live one with the wanted fields set, and without those that the manager
 * applied the last time, does not any more, and shares with nobody. Neither argument is changed. A resourceVersion or
 * uid that is wanted is a precondition, which the caller checks.
 *
 * @param live absent when there is no such lease yet.
 * @returns the lease with its managed fields.
 * @throws StatusError 409 where another manager set a wanted field to another value, 400 for what is no Lease
 * @see Kubernetes structured-merge-diff
 */
export function applied(live: JsonObject | undefined, wanted: JsonObject, options: ApplyOptions): JsonObject {
  checkWanted(wanted)
  const config = withoutShown(wanted)
  const managers = managersOf(live, options.nowSeconds)
  const mine = { manager: options.manager, operation: 'Apply' } as const
  const key = managerKey(mine)

  const before = managers.get(key)
  const claimed = withFields(managers, managing(before, mine, setFields(config), options.nowSeconds))
  const owned = union([...claimed.values()].map(({ fields }) => fields))
  const withWanted = merged(live ?? {}, config)
  const { added, modified } = changes(live, withWanted)
  const conflicts = conflictsOf(claimed, key, modified)
  if (conflicts.length > 0 && !options.force) refuseConflicts(conflicts, live, options.manager)

  const result = without(withWanted, difference(before?.fields ?? new Set(), owned))
  // What is gone was nobody else's.
  const all = taken(claimed, key, union([added, modified]))
  return withManagers(options.manager === kubectl ? withLastApplied(result, wanted) : result, all)
}

function checkWanted(wanted: JsonObject): void {
  const excess = outOfBounds(wanted)
  if (excess !== undefined) throw badRequest(`the applied object has ${excess}`)
  if (fieldOf(wanted, 'apiVersion') !== apiVersion || fieldOf(wanted, 'kind') !== 'Lease') {
    const [version, kind] = ['apiVersion', 'kind'].map(key => textOf(fieldOf(wanted, key)))
    throw badRequest(`invalid object type: ${version}, Kind=${kind}`)
  }
  const entries = managedFieldsOf(wanted)
  const hasEntries = entries !== undefined && entries !== null && !(Array.isArray(entries) && entries.length === 0)
  if (hasEntries) throw badRequest('metadata.managedFields must be nil')
  checkFields(wanted)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Who set the fields of the live lease; where nothing is known, all of them were set before the first apply. */
function managersOf(live: JsonObject | undefined, nowSeconds: number): Managers {
  const managers = readManagers(live) ?? new Map()
  if (live === undefined || managers.size > 0) return managers
  return updated(managers, undefined, live, 'before-first-apply', nowSeconds)
}

interface Conflict {
  readonly managed: Managed
  readonly path: string
}

/** A field that is new is nobody's: who is said to own it has lost it to a write that was not by Kubernetes' rules. */
function conflictsOf(managers: Managers, by: string, modified: FieldSet): readonly Conflict[] {
  return [...managers]
    .filter(([key]) => key !== by)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, managed]) => inReadingOrder(intersection(managed.fields, modified)).map(path => ({ managed, path })))
}

/** @throws StatusError 409, unless kubectl applied all of it before without the server */
function refuseConflicts(conflicts: readonly Conflict[], live: JsonObject | undefined, manager: string): void {
  const kubectls = (manager === kubectl && live !== undefined && lastAppliedFields(live)) || new Set()
  const real = conflicts.filter(({ path }) => !kubectls.has(path))
  const [first] = real
  if (first === undefined) return
  const causes = real.map(({ managed, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${nameOf(managed)}`,
    field: pathText(path),
  }))
  if (real.length === 1) {
    const text = `conflict with ${nameOf(first.managed)}: ${pathText(first.path)}`
    throw applyConflict(`Apply failed with 1 conflict: ${text}`, causes)
  }
  const lines = real.flatMap(({ managed, path }, i) => [
    ...(real[i - 1]?.managed === managed ? [] : [`conflicts with ${nameOf(managed)}:`]),
    `- ${pathText(path)}`,
  ])
  throw applyConflict(`Apply failed with ${real.length} conflicts: ${lines.join('\n')}`, causes)
}

function nameOf({ manager, operation, subresource }: Managed): string {
  const name =
    subresource === undefined ? quoted(manager) : `${quoted(manager)} with subresource ${quoted(subresource)}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
