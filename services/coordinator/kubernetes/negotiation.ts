/** Which form of an answer a client wants, and the answer in it. */
import { Document } from 'yaml'
import { isObject, type JsonObject } from './decoding.js'
import { hasMessage, protobufEvent, protobufOf } from './protobuf/objects.js'
import { notAcceptable } from './status.js'

/** object: as it is. table: rows of what people look at. partial: metadata alone. */
export type Shape = 'object' | 'table' | 'partial'

export type Encoding = 'json' | 'yaml' | 'protobuf'

export interface Format {
  readonly shape: Shape
  readonly encoding: Encoding
  /** Of the answer; a watch answers with streamType instead. */
  readonly contentType: string
  readonly streamType: string
  /** The version of meta.k8s.io that a table or partial object says it is of. */
  readonly version: 'v1' | 'v1beta1'
  /** JSON with line breaks, for people. */
  readonly isPretty: boolean
}

/** What an endpoint can answer with; absent: everything. */
export interface Allowed {
  readonly shapes?: readonly Shape[]
  readonly encodings?: readonly Encoding[]
  /** The query, for `pretty`. */
  readonly query?: URLSearchParams
  readonly userAgent?: string
}

/**
 * The first clause of an Accept header that can be met: greater `q` before smaller, what is named before `*`, then in
 * the order of the header.
 *
 * @throws StatusError 406
 * @see Kubernetes apiserver, pkg/endpoints/handlers/negotiation
 */
export function negotiate(accept: string | undefined, allowed: Allowed = {}): Format {
  const { shapes = allShapes, encodings = allEncodings } = allowed
  const isPretty = isForPeople(allowed)
  for (const { type, parameters } of clausesOf(accept || '*/*')) {
    for (const encoding of encodings) {
      if (!isMet(type, mediaTypes[encoding])) continue
      const format = formatOf(encoding, parameters)
      if (format === undefined || !shapes.includes(format.shape)) continue
      return { ...format, isPretty: format.isPretty || isPretty }
    }
  }
  throw notAcceptable(encodings.map(encoding => mediaTypes[encoding]))
}

/**
 * An object in its form: an object or list as the shape has it, or a Status, which has no shape. What has no message is
 * answered in JSON, whatever was asked for, so the content type comes with it.
 */
export function encode(format: Format, object: JsonObject): { contentType: string; body: Buffer | string } {
  const { encoding, contentType, isPretty } = format
  if (encoding === 'protobuf' && hasMessage(object)) return { contentType, body: protobufOf(object) }
  if (encoding === 'yaml') return { contentType, body: yamlOf(object) }
  return { contentType: mediaTypes.json, body: `${JSON.stringify(object, undefined, isPretty ? 2 : 0)}\n` }
}

/** An event of a watch, with what parts it from the next one. */
export function encodeEvent(format: Format, type: string, object: JsonObject): Buffer | string {
  if (format.encoding === 'protobuf') return protobufEvent(type, object)
  if (format.encoding === 'yaml') return `---\n${yamlOf({ type, object })}`
  return `${JSON.stringify({ type, object })}\n`
}

/** The metadata alone of an object, or of the items of a list. */
export function partialObject(object: JsonObject, version: Format['version'] = 'v1'): JsonObject {
  const { metadata, items } = object
  const apiVersion = `meta.k8s.io/${version}`
  if (!Array.isArray(items)) return { kind: 'PartialObjectMetadata', apiVersion, metadata }
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata,
    items: items.filter(isObject).map(item => partialObject(item, version)),
  }
}

const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

const allShapes: readonly Shape[] = ['object', 'table', 'partial']
const allEncodings: readonly Encoding[] = ['json', 'yaml', 'protobuf']

/** Accept headers of clients have a few; more are not looked at. */
const maxClauses = 32

interface Clause {
  /** The media type, which may have stars. */
  readonly type: string
  readonly parameters: Readonly<Record<string, string | undefined>>
}

function clausesOf(accept: string): readonly Clause[] {
  return accept
    .split(',', maxClauses)
    .map(clause => {
      const [type = '', ...parameters] = clause.split(';').map(part => part.trim())
      const pairs = parameters.map(parameter => {
        const [name = '', value = ''] = parameter.split('=', 2)
        return [name.trim(), value.trim()] as const
      })
      const quality = Number(pairs.find(([name]) => name === 'q')?.[1] ?? 1)
      return { type, parameters: Object.fromEntries(pairs), rank: rankOf(type, Number.isNaN(quality) ? 1 : quality) }
    })
    .sort((a, b) => b.rank - a.rank)
}

/** A greater quality goes first, then what is named in full. */
function rankOf(type: string, quality: number): number {
  const named = type.startsWith('*') ? 0 : type.endsWith('/*') ? 1 : 2
  return quality * 1e6 + named
}

const isMet = (asked: string, offered: string): boolean =>
  asked === offered || asked === '*/*' || asked === 'application/*'

/** What the parameters of a clause ask for; undefined where there is no such thing. */
function formatOf(encoding: Encoding, parameters: Clause['parameters']): Format | undefined {
  const { as, g, v, stream = '', sv = '', pretty } = parameters
  if ((stream !== '' && stream !== 'watch') || sv !== '') return undefined
  const mediaType = mediaTypes[encoding]
  const plain = { encoding, contentType: mediaType, streamType: `${mediaType};stream=watch`, isPretty: pretty === '1' }
  if (as === undefined && g === undefined && v === undefined) return { ...plain, shape: 'object', version: 'v1' }
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
    return { ...plain, shape: 'partial', version: v }
  }
  return as === 'Table' && encoding !== 'protobuf' ? { ...plain, shape: 'table', version: v } : undefined
}

/** The query says it, or the program is one that people look at. */
function isForPeople({ query, userAgent = '' }: Allowed): boolean {
  const asked = query?.get('pretty') ?? ''
  if (asked !== '') return /^(1|t|true)$/i.test(asked)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}

/** YAML 1.1, as Kubernetes' clients read it. */
const yamlOf = (object: JsonObject): string =>
  new Document(object, { version: '1.1', aliasDuplicateObjects: false }).toString({ lineWidth: 0 })
