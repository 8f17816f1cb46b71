import { readFileSync } from 'node:fs'
import test from 'ava'
import { applied } from '../../../../services/coordinator/kubernetes/apply/applied.js'
import { managedAfterUpdate } from '../../../../services/coordinator/kubernetes/apply/managed-fields.js'
import type { JsonObject } from '../../../../services/coordinator/kubernetes/decoding.js'
import { type Status, StatusError } from '../../../../services/coordinator/kubernetes/status.js'
import { entriesOf, managedAs } from './managers.js'

interface Operation {
  readonly op: 'apply' | 'update'
  readonly manager: string
  readonly force?: boolean
  readonly object: JsonObject
}

/** Writes to one lease, one after the other, and what Kubernetes 1.33 (managedfields) answers, without times. */
interface History {
  readonly operations: readonly Operation[]
  readonly results: readonly (JsonObject | Pick<Status, 'message'>)[]
}

const histories = readFileSync(new URL('kubernetes-applies.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as History)

for (const [i, { operations, results }] of histories.entries()) {
  test(`a history of applies and updates goes as it does in Kubernetes (${i + 1})`, t => {
    let live: JsonObject | undefined
    for (const [step, operation] of operations.entries()) {
      const result = write(live, operation)
      const expected = results[step]
      t.deepEqual(comparable(result), comparable(expected as JsonObject), `step ${step}: ${JSON.stringify(operation)}`)
      if (result.kind === 'Lease') live = result
    }
  })
}

function write(live: JsonObject | undefined, { op, manager, force = false, object }: Operation): JsonObject {
  if (op === 'update') {
    const entries = managedAfterUpdate(live, object, { manager, nowSeconds: 0 })
    return managedAs(object, entries.length === 0 ? undefined : entries)
  }
  try {
    return applied(live, object, { manager, force, nowSeconds: 0 })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { message: error.status.message, causes: error.status.details?.causes }
  }
}

/** Without times, and in an order that does not depend on them. Kubernetes lists conflicts in any order of managers. */
function comparable(result: JsonObject): unknown {
  if (result.kind !== 'Lease') {
    const causes = result.causes as readonly { readonly field: string; readonly message: string }[]
    return { lines: String(result.message).split('\n').length, causes: sorted(causes) }
  }
  const entries = entriesOf(result).map(({ time: _, ...entry }) => entry)
  return managedAs({ ...result, spec: result.spec ?? {} }, sorted(entries))
}

const sorted = <T>(items: readonly T[]): T[] => [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))

function keyOf(item: unknown): string {
  const { operation, manager, message, field } = item as Record<string, unknown>
  return JSON.stringify([operation, manager, message, field])
}
