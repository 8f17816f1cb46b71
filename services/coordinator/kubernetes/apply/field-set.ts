/**
 * A set of fields, as managers own them. A path is the text of its elements, joined by a character that none of them
 * has: `f:` a field, `v:` an item of a set by its JSON, `k:` an item of a list by the JSON of its keys. An object or
 * list is a field of its own beside those inside.
 * @see Kubernetes FieldsV1, structured-merge-diff's fieldpath
 */
import { isObject, type JsonObject } from '../decoding.js'

export type FieldSet = ReadonlySet<string>

const separator = '\0'

/** The path of an element inside another path; '' is the object itself. */
export const pathTo = (parent: string, element: string): string =>
  parent === '' ? element : `${parent}${separator}${element}`

export const fieldElement = (name: string): string => `f:${name}`
export const valueElement = (value: unknown): string => `v:${JSON.stringify(value)}`
export const keyElement = (keys: JsonObject): string => `k:${JSON.stringify(keys)}`

export function union(sets: readonly FieldSet[]): FieldSet {
  const all = new Set<string>()
  for (const set of sets) for (const path of set) all.add(path)
  return all
}

export function intersection(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter(path => other.has(path)))
}

export function difference(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter(path => !other.has(path)))
}

export const sameFields = (one: FieldSet, other: FieldSet): boolean =>
  one.size === other.size && [...one].every(path => other.has(path))

/** The paths in the order in which Kubernetes lists them: on each level first what has nothing inside. */
export function inReadingOrder(fields: FieldSet): readonly string[] {
  const ordered: string[] = []
  const visit = (node: Node, path: string) => {
    const children = sortedChildren(node)
    for (const [element, child] of children) if (child.isMember) ordered.push(pathTo(path, element))
    for (const [element, child] of children) visit(child, pathTo(path, element))
  }
  visit(treeOf(fields), '')
  return ordered
}

/** `.metadata.labels.app`, `.metadata.finalizers[="a"]`, `.metadata.ownerReferences[uid="1"]` */
export const pathText = (path: string): string => path.split(separator).map(elementText).join('')

function elementText(element: string): string {
  const content = element.slice(2)
  if (element.startsWith('f:')) return `.${content}`
  if (element.startsWith('v:')) return `[=${content}]`
  const keys = Object.entries(JSON.parse(content) as JsonObject)
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
}

/** The JSON of the set. */
export function fieldsV1(fields: FieldSet): JsonObject {
  const json = (node: Node): JsonObject =>
    Object.fromEntries([
      ...(node.isMember && node.children.size > 0 ? [['.', {}] as const] : []),
      ...sortedChildren(node).map(([element, child]) => [element, json(child)] as const),
    ])
  return json(treeOf(fields))
}

/** No field of a Lease is deeper, no element that names one is longer, and nobody sets more of them. */
const maxDepth = 8
const maxElementLength = 512
const maxFields = 40_000

/** The set that the JSON says, or undefined where it is none. Elements of unknown kinds are passed over. */
export function fieldSet(json: unknown): FieldSet | undefined {
  const fields = new Set<string>()
  const read = (node: unknown, path: string, depth: number): boolean => {
    if (!isObject(node) || depth > maxDepth || fields.size > maxFields) return false
    const entries = Object.entries(node)
    const hasChildren = entries.some(([element]) => element !== '.')
    if (path !== '' && (!hasChildren || Object.hasOwn(node, '.'))) fields.add(path)
    return entries.every(([text, child]) => {
      if (text === '.') return true
      const element = canonicalElement(text)
      if (element === undefined) return false
      return element === '' || read(child, pathTo(path, element), depth + 1)
    })
  }
  return read(json, '', 0) ? fields : undefined
}

/** The element as this file writes it; '' of an unknown kind, undefined where it is none. */
function canonicalElement(text: string): string | undefined {
  if (text.length > maxElementLength || text.includes(separator) || text[1] !== ':') return undefined
  if (text.startsWith('f:')) return text
  if (text.startsWith('i:')) return ''
  if (!text.startsWith('v:') && !text.startsWith('k:')) return ''
  try {
    const content: unknown = JSON.parse(text.slice(2))
    if (text.startsWith('v:')) return valueElement(content)
    if (!isObject(content)) return undefined
    return keyElement(Object.fromEntries(Object.entries(content).sort(byName)))
  } catch {
    return undefined
  }
}

interface Node {
  isMember: boolean
  readonly children: Map<string, Node>
}

function treeOf(fields: FieldSet): Node {
  const root: Node = { isMember: false, children: new Map() }
  for (const path of fields) {
    let node = root
    for (const element of path.split(separator)) {
      const child = node.children.get(element) ?? { isMember: false, children: new Map() }
      node.children.set(element, child)
      node = child
    }
    node.isMember = true
  }
  return root
}

const kindOrder = 'fkv'

const sortedChildren = (node: Node): readonly (readonly [string, Node])[] =>
  [...node.children].sort(([one], [other]) => {
    const kinds = kindOrder.indexOf(one.charAt(0)) - kindOrder.indexOf(other.charAt(0))
    return kinds !== 0 ? kinds : byName([one], [other])
  })

const byName = ([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number =>
  one < other ? -1 : one > other ? 1 : 0
