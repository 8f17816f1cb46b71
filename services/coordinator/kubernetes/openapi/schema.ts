/** A schema of OpenAPI 3.0, as far as these documents use it. */
export interface Schema {
  readonly description?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly allOf?: readonly Schema[]
  readonly $ref?: string
  readonly [extension: `x-kubernetes-${string}`]: unknown
}

/** Schemas by their names, under which others refer to them. */
export type Schemas = Readonly<Record<string, Schema>>

export const text = (description: string): Schema => ({ type: 'string', description })
export const bool = (description: string): Schema => ({ type: 'boolean', description })
export const int32 = (description: string): Schema => ({ type: 'integer', format: 'int32', description })
export const int64 = (description: string): Schema => ({ type: 'integer', format: 'int64', description })

/** Another schema in a place that has a description of its own. */
export const reference = (name: string, description: string): Schema => ({ allOf: [refer(name)], description })

export const refer = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

export const texts = (description: string): Schema => ({
  type: 'array',
  items: { type: 'string', default: '' },
  description,
})

export const listOf = (name: string, description: string): Schema => ({
  type: 'array',
  items: { allOf: [refer(name)], default: {} },
  description,
})

export const textsByKey = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'string', default: '' },
  description,
})

/** An object of a kind that the API has by itself: every such object says what it is. */
export function kindOf(
  { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string },
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    description,
    properties: {
      apiVersion: text(`The version of the API: ${group === '' ? version : `${group}/${version}`}.`),
      kind: text(`What the object is: ${kind}.`),
      ...properties,
    },
    ...(required.length > 0 && { required }),
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
}

/** The schemas with these names and all that they refer to. */
export function closure(schemas: Schemas, names: Iterable<string>): Schemas {
  const found: Record<string, Schema> = {}
  const add = (name: string): void => {
    const schema = schemas[name]
    if (schema === undefined) throw new Error(`there is no schema ${name}`)
    if (found[name] !== undefined) return
    found[name] = schema
    for (const other of referencesIn(schema)) add(other)
  }
  for (const name of names) add(name)
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The names that a schema, or whatever has schemas in it, refers to. */
export const referencesIn = (value: unknown): readonly string[] =>
  [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
