/**
 * A Lease as fields that managers own: what its parts are, which of them merge, and how two of its states differ. What is
 * not of its kind counts as one plain value here; who reads the object refuses it.
 * @see Kubernetes structured-merge-diff, and the schema of coordination.k8s.io/v1 Lease
 */

import { isObject, type JsonObject } from '../decoding.js'
import { fieldOf, sameJson, withField } from '../patch/json.js'
import { badRequest } from '../status.js'
import {
  difference,
  type FieldSet,
  fieldElement,
  intersection,
  keyElement,
  pathText,
  pathTo,
  valueElement,
} from './field-set.js'

/** What a part of a Lease is. Items of lists are plain values, owned whole. */
type Kind =
  | { readonly is: 'plain'; readonly of?: 'string' | 'number' | 'boolean' }
  /** Named fields: the object is there whenever one of them is. */
  | { readonly is: 'fields'; readonly fields: ReadonlyMap<string, Kind> }
  | { readonly is: 'map' }
  | { readonly is: 'list'; readonly item: Kind; readonly elementOf: (item: unknown) => string | undefined }

const text: Kind = { is: 'plain', of: 'string' }
const number: Kind = { is: 'plain', of: 'number' }
const truth: Kind = { is: 'plain', of: 'boolean' }
const anything: Kind = { is: 'plain' }
const map: Kind = { is: 'map' }
const fields = (kinds: Record<string, Kind>): Kind & { readonly is: 'fields' } => ({
  is: 'fields',
  fields: new Map(Object.entries(kinds)),
})

const ownerReference = fields({
  apiVersion: text,
  kind: text,
  name: text,
  uid: text,
  controller: truth,
  blockOwnerDeletion: truth,
})

const lease = fields({
  apiVersion: text,
  kind: text,
  metadata: fields({
    name: text,
    generateName: text,
    namespace: text,
    selfLink: text,
    uid: text,
    resourceVersion: text,
    generation: number,
    creationTimestamp: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: number,
    labels: map,
    annotations: map,
    finalizers: {
      is: 'list',
      item: text,
      elementOf: item => (typeof item === 'string' ? valueElement(item) : undefined),
    },
    ownerReferences: {
      is: 'list',
      item: ownerReference,
      elementOf: item => {
        const uid = isObject(item) ? fieldOf(item, 'uid') : undefined
        return typeof uid === 'string' ? keyElement({ uid }) : undefined
      },
    },
    managedFields: anything,
  }),
  spec: fields({
    holderIdentity: text,
    leaseDurationSeconds: number,
    acquireTime: anything,
    renewTime: anything,
    leaseTransitions: number,
    strategy: text,
    preferredHolder: text,
  }),
})

/** What this coordinator shows of a lease besides: nobody sets it. */
const shownOnly = ['leasehold.dev/state', 'leasehold.dev/fencing-token']

const path = (...names: readonly string[]): string => names.map(fieldElement).reduce(pathTo, '')

/** What names an object, or what the server sets. */
const unowned: FieldSet = new Set([
  path('apiVersion'),
  path('kind'),
  path('metadata'),
  ...[
    'name',
    'namespace',
    'selfLink',
    'uid',
    'clusterName',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'managedFields',
  ].map(name => path('metadata', name)),
])

/** The fields that an object sets: of what has fields inside only those, unless it is empty. */
export function setFields(object: JsonObject): FieldSet {
  const paths = new Set<string>()
  visit(object, lease, '', (path, value, kind) => {
    const isEmptyMap = isObject(value) && Object.keys(value).length === 0
    if (kind.is === 'plain' || value === null || isEmptyMap) paths.add(path)
  })
  return difference(paths, unowned)
}

/** How an object differs from what was before. */
export interface Changes {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

export function changes(before: JsonObject | undefined, after: JsonObject): Changes {
  const old = allFields(before ?? {})
  const now = allFields(after)
  const both = intersection(keys(old), keys(now))
  return {
    added: difference(keys(now), keys(old)),
    modified: new Set([...both].filter(path => !sameJson(old.get(path), now.get(path)))),
    removed: difference(keys(old), keys(now)),
  }
}

const keys = (values: ReadonlyMap<string, unknown>): FieldSet => new Set(values.keys())

/** Stands for what has fields inside: it is there, whatever they are. */
const inside = true

/** Every field with its value. A Lease always has a spec. */
function allFields(object: JsonObject): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  visit({ ...withoutShown(object), spec: fieldOf(object, 'spec') ?? {} }, lease, '', (path, value, kind) => {
    if (!unowned.has(path)) values.set(path, kind.is === 'plain' || value === null ? value : inside)
  })
  return values
}

/** Tells every field in the value, and of what kind it is; the first of an item that is there twice. */
function visit(value: unknown, kind: Kind, at: string, tell: (path: string, value: unknown, kind: Kind) => void): void {
  const isInside = kind.is === 'list' ? Array.isArray(value) : kind.is !== 'plain' && isObject(value)
  if (at !== '') tell(at, value, isInside || value === null ? kind : anything)
  if (!isInside) return
  if (kind.is === 'list' && Array.isArray(value)) {
    for (const [element, item] of indexed(value, kind.elementOf)) tell(pathTo(at, element), item, anything)
  } else if (isObject(value)) {
    for (const [name, child] of Object.entries(value)) {
      const childKind = kind.is === 'fields' ? kind.fields.get(name) : text
      if (childKind !== undefined) visit(child, childKind, pathTo(at, fieldElement(name)), tell)
    }
  }
}

/** The items that have an element, each once. */
function indexed(list: readonly unknown[], elementOf: (item: unknown) => string | undefined): Map<string, unknown> {
  const items = new Map<string, unknown>()
  for (const item of list) {
    const element = elementOf(item)
    if (element !== undefined && !items.has(element)) items.set(element, item)
  }
  return items
}

/** The live object with what is wanted set in it. */
export const merged = (live: JsonObject, wanted: JsonObject): JsonObject => {
  // An object merges to an object.
  return mergedValue(live, wanted, lease) as JsonObject
}

function mergedValue(live: unknown, wanted: unknown, kind: Kind): unknown {
  if (kind.is === 'list') {
    if (!Array.isArray(live) || live.length === 0) return wanted ?? live
    return Array.isArray(wanted) ? mergedList(live, wanted, kind.elementOf) : live
  }
  if (kind.is === 'plain' || !isObject(live)) return wanted
  if (!isObject(wanted)) return live
  const children = new Map(Object.entries(live))
  for (const [name, value] of Object.entries(wanted)) {
    const childKind = kind.is === 'fields' ? (kind.fields.get(name) ?? anything) : text
    children.set(name, children.has(name) ? mergedValue(children.get(name), value, childKind) : value)
  }
  return Object.fromEntries(children)
}

/** The items wanted in their order; those that are not wanted stay before the shared one that they were before. */
function mergedList(
  live: readonly unknown[],
  wanted: readonly unknown[],
  elementOf: (item: unknown) => string | undefined,
): unknown[] {
  const liveItems = [...indexed(live, elementOf)]
  const liveElements = new Set(liveItems.map(([element]) => element))
  const wantedItems = [...indexed(wanted, elementOf)]
  const wantedElements = new Set(wantedItems.map(([element]) => element))
  const shared = wantedItems.map(([element]) => element).filter(element => liveElements.has(element))
  const all: unknown[] = []
  let next = 0
  const passUnwanted = (until: string | undefined) => {
    for (; next < liveItems.length; next++) {
      const [element, item] = liveItems[next] ?? []
      if (element === undefined || element === until) return
      if (!wantedElements.has(element)) all.push(item)
    }
  }
  for (const [element, item] of wantedItems) {
    passUnwanted(shared[0])
    all.push(item)
    if (element !== shared[0]) continue
    shared.shift()
    if (liveItems[next]?.[0] === element) next++
  }
  passUnwanted(undefined)
  return all
}

/** The object without some of its fields, without nulls, and without what is empty then. */
export function without(object: JsonObject, paths: FieldSet): JsonObject {
  const pruned = (value: unknown, kind: Kind, at: string): unknown => {
    if (value === null || (kind.is === 'plain' && paths.has(at))) return undefined
    if (kind.is === 'list' && Array.isArray(value)) {
      const items = value.filter(item => !paths.has(pathTo(at, kind.elementOf(item) ?? '')))
      return items.length === 0 ? undefined : items
    }
    if (kind.is === 'plain' || kind.is === 'list' || !isObject(value)) return value
    const children = Object.entries(value).flatMap(([name, child]) => {
      const childKind = kind.is === 'fields' ? (kind.fields.get(name) ?? anything) : text
      const left = pruned(child, childKind, pathTo(at, fieldElement(name)))
      return left === undefined ? [] : [[name, left] as const]
    })
    return children.length === 0 && kind.is === 'map' ? undefined : Object.fromEntries(children)
  }
  // The object itself stays.
  return pruned(object, lease, '') as JsonObject
}

/** The object without the annotations that this coordinator only shows. */
export function withoutShown(object: JsonObject): JsonObject {
  const metadata = fieldOf(object, 'metadata')
  const annotations = isObject(metadata) ? fieldOf(metadata, 'annotations') : undefined
  if (!isObject(metadata) || !isObject(annotations)) return object
  const kept = shownOnly.reduce((left, name) => withField(left, name, undefined), annotations)
  if (kept === annotations) return object
  return { ...object, metadata: withField(metadata, 'annotations', Object.keys(kept).length === 0 ? undefined : kept) }
}

/**
 * Refuses what is not made of the fields of a Lease, or says an item twice.
 * @throws StatusError 400
 */
export function checkFields(object: JsonObject): void {
  const metadata = fieldOf(object, 'metadata')
  const [namespace, name] = ['namespace', 'name'].map(key => {
    const value = isObject(metadata) ? fieldOf(metadata, key) : undefined
    return typeof value === 'string' ? value : ''
  })
  const subject = `${namespace}/${name}; coordination.k8s.io/v1, Kind=Lease`
  const fault = faultOf(object, lease, '')
  if (fault !== undefined) throw badRequest(`failed to create typed patch object (${subject}): ${fault}`)
}

function faultOf(value: unknown, kind: Kind, at: string): string | undefined {
  const place = at === '' ? '' : pathText(at)
  if (value === null) return undefined
  if (kind.is === 'plain') {
    const isFine = kind.of === undefined || typeof value === kind.of
    return isFine ? undefined : `${place}: expected ${kind.of}, got ${typeof value}`
  }
  if (kind.is === 'list') {
    if (!Array.isArray(value)) return `${place}: expected list`
    const seen = new Set<string>()
    for (const [i, item] of value.entries()) {
      const element = kind.elementOf(item)
      if (element === undefined) return `${place}: element ${i}: no key`
      if (seen.has(element)) return `${place}: duplicate entries for key ${pathText(element)}`
      seen.add(element)
      const fault = faultOf(item, kind.item, pathTo(at, element))
      if (fault !== undefined) return fault
    }
    return undefined
  }
  if (!isObject(value)) return `${place}: expected map`
  for (const [name, child] of Object.entries(value)) {
    const childKind = kind.is === 'fields' ? kind.fields.get(name) : text
    const childAt = pathTo(at, fieldElement(name))
    if (childKind === undefined) return `${pathText(childAt)}: field not declared in schema`
    const fault = faultOf(child, childKind, childAt)
    if (fault !== undefined) return fault
  }
  return undefined
}
