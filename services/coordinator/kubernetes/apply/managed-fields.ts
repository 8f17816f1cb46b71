import { isObject, type JsonObject } from '../decoding.js'
import { fieldOf } from '../patch/json.js'
import { difference, union } from './field-set.js'
import { changes } from './lease-fields.js'
import {
  capped,
  type Managers,
  managedFieldsEntries,
  managedFieldsOf,
  managerKey,
  managing,
  readManagers,
  taken,
  withFields,
} from './managers.js'

/**
 * The managed fields of a lease after a write other than an apply: a create, a replace, a patch. What the write set or
 * changed is its manager's, and nobody else's; what it took away is nobody's. A lease of which nothing is tracked, since
 * it was not made by a client of Kubernetes, is tracked from its first apply on.
 *
 * @param before absent for a create.
 * @param after with the `managedFields` that the client sent: those count, where there are any. `[]` and `[{}]` let go of all
 *   managers.
 * @param options.manager '' is nobody known.
 * @returns `metadata.managedFields`, which is left out where it is empty.
 */
export function managedAfterUpdate(
  before: JsonObject | undefined,
  after: JsonObject,
  { manager, nowSeconds }: { readonly manager: string; readonly nowSeconds: number },
): JsonObject[] {
  const managers = managersSent(before, after)
  if (managers.size === 0 && before !== undefined) return []
  return managedFieldsEntries(capped(updated(managers, before, after, manager, nowSeconds)))
}

/** The managers after an update by one of them. */
export function updated(
  managers: Managers,
  before: JsonObject | undefined,
  after: JsonObject,
  manager: string,
  nowSeconds: number,
): Managers {
  const { added, modified, removed } = changes(before, after)
  const mine = { manager: manager === '' ? 'unknown' : manager, operation: 'Update' } as const
  const key = managerKey(mine)
  const others = taken(managers, key, union([added, modified, removed]))
  const held = managers.get(key)
  const set = union([added, modified])
  const fields = union([difference(held?.fields ?? new Set(), removed), set])
  // What only lost fields keeps its time.
  const seconds = difference(fields, held?.fields ?? new Set()).size === 0 ? (held?.seconds ?? nowSeconds) : nowSeconds
  return withFields(others, managing(held, mine, fields, seconds))
}

/** A client that does not know of managed fields sends none, and keeps those that are there. */
function managersSent(before: JsonObject | undefined, after: JsonObject): Managers {
  const sent = managedFieldsOf(after)
  if (isReset(sent)) return new Map()
  const managers = readManagers(after)
  return managers === undefined || managers.size === 0 ? (readManagers(before) ?? new Map()) : managers
}

function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries) || entries.length > 1) return false
  const [only] = entries
  return entries.length === 0 || (isObject(only) && Object.keys(only).every(key => fieldOf(only, key) === ''))
}
