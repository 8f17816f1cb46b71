/** Objects around leases as a Table, which kubectl prints as it comes. */
import { isObject, type JsonObject } from './decoding.js'
import { type IncludeObject, partialObject } from './negotiation.js'

interface Column {
  readonly name: string
  readonly description: string
  readonly cell: (object: JsonObject) => string
}

const nameColumn: Column = {
  name: 'Name',
  description: 'What it is called; no other of its kind is called so in the same place.',
  cell: object => text(object, 'metadata', 'name'),
}

const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [
    nameColumn,
    { name: 'Status', description: 'Active, always.', cell: object => text(object, 'status', 'phase') },
    { name: 'Age', description: 'Not known: it is not kept when the first lease came.', cell: () => '<unknown>' },
  ],
}

/**
 * @param object a list, of which each item is a row, or one object.
 * @see Kubernetes meta/v1 Table
 */
export function objectTable(object: JsonObject, includeObject: IncludeObject = 'Metadata'): JsonObject {
  const kind = String(object.kind)
  const items = Array.isArray(object.items) ? object.items.filter(isObject) : [object]
  const columns = columnsByKind[kind.replace(/List$/, '')] ?? [nameColumn]
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: Array.isArray(object.items) && isObject(object.metadata) ? object.metadata : {},
    columnDefinitions: columns.map(({ name, description }) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description,
      priority: 0,
    })),
    rows: items.map(item => ({
      cells: columns.map(({ cell }) => cell(item)),
      ...(includeObject !== 'None' && { object: includeObject === 'Object' ? item : partialObject(item) }),
    })),
  }
}

function text(object: JsonObject, ...path: readonly string[]): string {
  let value: unknown = object
  for (const key of path) value = isObject(value) ? value[key] : undefined
  return typeof value === 'string' ? value : ''
}
