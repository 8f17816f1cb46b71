import { isObject, type JsonObject } from '../decoding.js'
import { badRequest } from '../status.js'
import { fieldOf } from './json.js'

/**
 * The object after a strategic merge patch: a merge patch that knows two lists of a Lease, and directives.
 *
 * - `$patch` in an object or an item says `delete`, `replace` or `merge`, which is the default.
 * - `$retainKeys` lists the fields that stay.
 * - `$deleteFromPrimitiveList/finalizers` lists what goes from a list of strings.
 * - `$setElementOrder/<list>` has the order of the items that the client knows of; the others keep theirs among them.
 *
 * @see Kubernetes sig-api-machinery, strategic-merge-patch.md and preserve-order-in-strategic-merge-patch.md
 */
export const strategicallyPatched = (object: JsonObject, patch: JsonObject): JsonObject =>
  mergedObject(object, patch, leaseLists)

/** What is known of the fields of an object: its lists that merge, and the fields inside. */
interface Lists {
  /** By the name of the list: how an item is told from the others. */
  readonly keys: ReadonlyMap<string, (item: unknown) => string>
  readonly inside: ReadonlyMap<string, Lists>
}

const noLists: Lists = { keys: new Map(), inside: new Map() }

const leaseLists: Lists = {
  keys: new Map(),
  inside: new Map([
    [
      'metadata',
      {
        keys: new Map([
          ['finalizers', textOf],
          ['ownerReferences', uidOf],
        ]),
        inside: new Map(),
      },
    ],
  ]),
}

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

function mergedObject(object: JsonObject, patch: JsonObject, lists: Lists): JsonObject {
  const directive = directiveOf(patch)
  if (directive === 'delete') return {}
  if (directive === 'replace') return withoutNulls(patch, lists)

  const retained = retainedKeys(patch)
  const fields = new Map(Object.entries(object).filter(([key]) => retained === undefined || retained.has(key)))
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) checkDirective(key, value, lists)
    else if (value === null) fields.delete(key)
    else if (retained !== undefined && !retained.has(key)) throw badRequest('invalid patch format of retainKeys')
    else if (isObject(value) && !isObject(fields.get(key)) && directiveOf(value) === 'delete') fields.delete(key)
    else fields.set(key, mergedValue(fields.get(key), value, key, lists))
  }
  for (const [name, keyOf] of lists.keys) {
    const list = rearranged(object, fields.get(name), patch, name, keyOf)
    if (list !== undefined) fields.set(name, list)
  }
  return Object.fromEntries(fields)
}

function mergedValue(before: unknown, value: unknown, key: string, lists: Lists): unknown {
  const inside = lists.inside.get(key) ?? noLists
  if (isObject(value)) return isObject(before) ? mergedObject(before, value, inside) : withoutNulls(value, inside)
  if (!Array.isArray(value)) return value
  const keyOf = lists.keys.get(key)
  return keyOf === undefined ? value : mergedList(Array.isArray(before) ? before : [], value, keyOf)
}

/** An object that is put where none was. */
function withoutNulls(patch: JsonObject, lists: Lists): JsonObject {
  const plain = Object.entries(patch).filter(([key]) => key !== '$patch')
  return mergedObject({}, Object.fromEntries(plain), lists)
}

function mergedList(
  before: readonly unknown[],
  patch: readonly unknown[],
  keyOf: (item: unknown) => string,
): unknown[] {
  const replaces = patch.some(item => isObject(item) && directiveOf(item) === 'replace')
  const items = new Map((replaces ? [] : before).map(item => [keyOf(item), item]))
  const order = patch.filter(item => !isObject(item) || !['replace', 'delete'].includes(directiveOf(item)))
  for (const item of patch) {
    if (isObject(item) && directiveOf(item) === 'delete') items.delete(keyOf(item))
  }
  for (const item of order) {
    const key = keyOf(item)
    const same = items.get(key)
    items.set(key, isObject(item) ? mergedObject(isObject(same) ? same : {}, item, noLists) : item)
  }
  return inOrder([...items.values()], order, before, keyOf)
}

/** What the directives beside a list make of it. */
function rearranged(
  object: JsonObject,
  list: unknown,
  patch: JsonObject,
  name: string,
  keyOf: (item: unknown) => string,
): unknown[] | undefined {
  if (!Array.isArray(list)) return undefined
  const before = fieldOf(object, name)
  const order = fieldOf(patch, orderPrefix + name)
  const toDelete = fieldOf(patch, deletePrefix + name)
  const ordered = Array.isArray(order) ? inOrder(list, order, Array.isArray(before) ? before : [], keyOf) : list
  if (!Array.isArray(toDelete)) return ordered
  const gone = new Set(toDelete.map(keyOf))
  return ordered.filter(item => !gone.has(keyOf(item)))
}

/**
 * The items, those that the client knows in the client's order, the others in the order before; one of the others comes
 * before the first of the client's that was behind it.
 */
function inOrder(
  items: readonly unknown[],
  clientOrder: readonly unknown[],
  orderBefore: readonly unknown[],
  keyOf: (item: unknown) => string,
): unknown[] {
  const clientRank = ranks(clientOrder, keyOf)
  const rankBefore = ranks(orderBefore, keyOf)
  const sorted = (known: boolean, rank: ReadonlyMap<string, number>) =>
    items
      .map(item => ({ item, key: keyOf(item) }))
      .filter(({ key }) => clientRank.has(key) === known)
      .sort((one, other) => (rank.get(one.key) ?? 0) - (rank.get(other.key) ?? 0))
  const clients = sorted(true, clientRank)
  const others = sorted(false, rankBefore)
  const all: unknown[] = []
  let next = 0
  for (const { item, key } of clients) {
    const rank = rankBefore.get(key)
    for (let other = others[next]; other !== undefined && rank !== undefined; other = others[++next]) {
      if ((rankBefore.get(other.key) ?? Number.POSITIVE_INFINITY) > rank) break
      all.push(other.item)
    }
    all.push(item)
  }
  return [...all, ...others.slice(next).map(({ item }) => item)]
}

function ranks(items: readonly unknown[], keyOf: (item: unknown) => string): ReadonlyMap<string, number> {
  const rank = new Map<string, number>()
  for (const [i, item] of items.entries()) if (!rank.has(keyOf(item))) rank.set(keyOf(item), i)
  return rank
}

function directiveOf(patch: JsonObject): string {
  const directive = fieldOf(patch, '$patch')
  if (directive === undefined) return 'merge'
  if (directive === 'merge' || directive === 'replace' || directive === 'delete') return directive
  throw badRequest(`unknown patch type: ${JSON.stringify(directive)}`)
}

function retainedKeys(patch: JsonObject): ReadonlySet<unknown> | undefined {
  const keys = fieldOf(patch, '$retainKeys')
  if (keys === undefined) return undefined
  if (!Array.isArray(keys)) throw badRequest('invalid patch format of retainKeys')
  return new Set(keys)
}

function checkDirective(key: string, value: unknown, lists: Lists): void {
  if (key === '$patch' || key === '$retainKeys') return
  const prefix = [orderPrefix, deletePrefix].find(start => key.startsWith(start))
  const keyOf = prefix === undefined ? undefined : lists.keys.get(key.slice(prefix.length))
  const ofStrings = keyOf === textOf
  if (keyOf === undefined || (prefix === deletePrefix && !ofStrings)) throw badRequest(`unknown directive: ${key}`)
  if (Array.isArray(value)) return
  throw badRequest(`invalid patch format of ${prefix === deletePrefix ? 'primitive list' : 'setElementOrder list'}`)
}

function textOf(item: unknown): string {
  if (typeof item !== 'string') throw badRequest('metadata.finalizers: expected a string')
  return item
}

function uidOf(item: unknown): string {
  const uid = isObject(item) ? fieldOf(item, 'uid') : undefined
  if (typeof uid !== 'string') throw badRequest('map does not contain declared merge key: uid')
  return uid
}
