/** The bodies of requests: whatever their form, the JSON object that they stand for. */
import { type Document, isScalar, parseDocument, type Tags, visit } from 'yaml'
import { quoted } from '../lease/field-errors.js'
import { isObject, type JsonObject } from './decoding.js'
import { DepthError, duplicateFields, maxDepth } from './duplicate-fields.js'
import { objectOfProtobuf, ProtobufError } from './protobuf/objects.js'
import { badRequest, tooLargeBody, unsupportedMediaType } from './status.js'

/** The most bytes of a body; Kubernetes has the same limit. */
export const maxBodyBytes = 3 * 1024 * 1024

/** The most bytes of YAML that is no JSON: reading it takes far longer, and nothing else goes on in the meantime. */
export const maxYamlBytes = 64 * 1024

/** What a body may be. */
export const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const

/** A body that was read. */
export interface Body {
  readonly object: JsonObject
  /** What its text has twice, in words; part of what readLease refuses or warns of. */
  readonly duplicates: readonly string[]
}

/**
 * Reads a body that is one object.
 * @param bytes absent or empty: an object with nothing in it.
 * @throws StatusError 400, 413, 415
 */
export function readBody(bytes: Buffer | undefined, contentType: string | undefined): Body {
  const type = mediaTypeOf(contentType)
  if (bytes === undefined || bytes.length === 0) return { object: {}, duplicates: [] }
  checkSize(bytes, maxBodyBytes)
  try {
    const { value, duplicates } = readers[type](bytes)
    // An object that is null is one with nothing in it, to Kubernetes.
    if (value === null || value === undefined) return { object: {}, duplicates }
    if (!isObject(value))
      throw new UnreadableError(`json: cannot unmarshal ${kindOf(value)} into Go value of type Object`)
    return { object: value, duplicates }
  } catch (error) {
    if (!(error instanceof UnreadableError || error instanceof ProtobufError)) throw error
    const why =
      type === 'application/json' ? `couldn't get version/kind; json parse error: ${error.message}` : error.message
    throw badRequest(`the object provided is unrecognized: ${why} (${summary(bytes)})`)
  }
}

/**
 * Reads a patch: any JSON value, or YAML where an object is applied.
 * @throws StatusError 400, 413
 */
export function readPatch(bytes: Buffer | undefined, form: 'json' | 'yaml'): unknown {
  const patch = bytes ?? Buffer.alloc(0)
  checkSize(patch, maxBodyBytes)
  try {
    return form === 'json' ? readJson(patch).value : readYaml(patch).value
  } catch (error) {
    if (error instanceof UnreadableError) throw badRequest(`error decoding patch: ${error.message}`)
    throw error
  }
}

interface Parsed {
  readonly value: unknown
  readonly duplicates: readonly string[]
}

/** A text that is not of its form. */
class UnreadableError extends Error {}

type MediaType = (typeof mediaTypes)[number]

const readers: Readonly<Record<MediaType, (bytes: Buffer) => Parsed>> = {
  'application/json': readJson,
  'application/yaml': readYaml,
  'application/vnd.kubernetes.protobuf': bytes => ({ value: objectOfProtobuf(bytes), duplicates: [] }),
}

/** The content types of patches, and what each is. */
const patchTypes = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const

/**
 * What kind of patch a body is.
 * @throws StatusError 415
 */
export function patchTypeOf(contentType = ''): (typeof patchTypes)[keyof typeof patchTypes] {
  const name = mediaTypeName(contentType)
  const type = Object.entries(patchTypes).find(([known]) => known === name)?.[1]
  if (type === undefined) throw unsupportedMediaType(Object.keys(patchTypes))
  return type
}

/** A content type without its parameters, which do not matter. */
const mediaTypeName = (contentType: string): string => contentType.replace(/;.*$/s, '').trim().toLowerCase()

/** None at all means JSON. */
function mediaTypeOf(contentType = ''): MediaType {
  if (contentType === '') return 'application/json'
  const name = mediaTypeName(contentType)
  const type = mediaTypes.find(known => known === name)
  if (type === undefined) throw unsupportedMediaType(mediaTypes)
  return type
}

function checkSize(bytes: Buffer, maxBytes: number): void {
  if (bytes.length > maxBytes) throw tooLargeBody(maxBytes)
}

function readJson(bytes: Buffer): Parsed {
  const text = bytes.toString()
  try {
    const value: unknown = JSON.parse(text)
    return { value, duplicates: duplicateFields(text).map(path => `duplicate field ${quoted(path)}`) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DepthError) throw new UnreadableError(error.message)
    throw error
  }
}

/** Clients say YAML and mostly send JSON, which is YAML too and is read much faster. */
function readYaml(bytes: Buffer): Parsed {
  try {
    if (bytes[0] === openBrace) return readJson(bytes)
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
  }
  checkSize(bytes, maxYamlBytes)
  try {
    const document = parseDocument(bytes.toString(), yamlOptions)
    const fault = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS')
    if (fault !== undefined) throw new UnreadableError(fault.message)
    const duplicates = duplicateKeys(document)
    // Through JSON: what YAML can say beyond it (aliases, what is no number) becomes what JSON can.
    const json = JSON.stringify(document.toJS({ maxAliasCount: 100 })) ?? 'null'
    return { value: JSON.parse(json), duplicates }
  } catch (error) {
    // The parser has errors of many kinds, and runs out of stack in a text that is too deep.
    const why = error instanceof Error ? error.message.replace(/\n.*$/s, '') : 'cannot be read'
    throw new UnreadableError(`yaml: ${why}`)
  }
}

/** YAML 1.1, as Kubernetes reads it, where times are texts. Keys that are there twice are not looked for in passing: it
 * takes a time that grows with their square. */
const yamlOptions = {
  version: '1.1',
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  customTags: (tags: Tags) => tags.filter(tag => typeof tag === 'string' || !notInJson.has(tag.tag)),
} as const

const notInJson: ReadonlySet<string> = new Set(
  ['timestamp', 'binary', 'omap', 'pairs', 'set'].map(tag => `tag:yaml.org,2002:${tag}`),
)

/** Keys of the same map that are there more than once. */
function duplicateKeys(document: Document.Parsed): readonly string[] {
  const found: string[] = []
  visit(document, {
    Map(_, map, path) {
      if (path.length > 2 * maxDepth) throw new UnreadableError('exceeded max depth')
      const keys = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        if (keys.has(name)) found.push(`key ${quoted(String(name))} already set in map`)
        keys.add(name)
      }
    },
  })
  return found
}

const openBrace = 0x7b

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

/** The beginning of a body that cannot be read, for whoever looks for the cause. */
function summary(bytes: Buffer): string {
  const beginning = bytes.subarray(0, 30)
  const shown = bytes[0] === openBrace ? beginning.toString() : beginning.toString('hex')
  return bytes.length > beginning.length ? `${shown} ...` : shown
}
