/** Which form of an answer a client wants, and the answer in it. */
import { Document } from 'yaml'
import { invalid } from '../lease/field-errors.js'
import { isObject, type JsonObject } from './decoding.js'
import { protobufOf } from './protobuf/objects.js'
import { badRequest, notAcceptable } from './status.js'

/** object: as it is. table: rows of what people look at. partial: metadata alone. */
export type Shape = 'object' | 'table' | 'partial'

export type Encoding = 'json' | 'yaml' | 'protobuf'

/** What the rows of a table say of their objects beside the cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface Format {
  readonly shape: Shape
  readonly encoding: Encoding
  /** Of the answer. */
  readonly contentType: string
  /** The version of meta.k8s.io that a table or a partial object says it is of. */
  readonly version: 'v1' | 'v1beta1'
  readonly includeObject: IncludeObject
  /** JSON with line breaks, for people. */
  readonly isPretty: boolean
}

/** What an endpoint can answer with, and what else the request says about it; absent: everything, and nothing. */
export interface Allowed {
  readonly shapes?: readonly Shape[]
  readonly encodings?: readonly Encoding[]
  /** `pretty`, and `includeObject` of tables. */
  readonly query?: URLSearchParams
  readonly userAgent?: string
}

/**
 * The first clause of an Accept header that can be met: greater `q` before smaller, what is named before `*`, then in
 * the order of the header.
 *
 * @throws StatusError 406, 400 for an includeObject that there is not.
 * @see Kubernetes apiserver, pkg/endpoints/handlers/negotiation
 */
export function negotiate(accept: string | undefined, allowed: Allowed = {}): Format {
  const { shapes = allShapes, encodings = allEncodings } = allowed
  const format = firstMet(accept || '*/*', shapes, encodings)
  if (format === undefined) throw notAcceptable(encodings.map(encoding => mediaTypes[encoding]))
  const isPretty = format.isPretty || isForPeople(allowed)
  return { ...format, isPretty, includeObject: includeObjectOf(format, allowed.query) }
}

/**
 * The same for a watch, whose events are on one line each, or in frames: not in YAML.
 * @throws StatusError 406, 400
 */
export function negotiateStream(accept: string | undefined, query?: URLSearchParams): Format {
  const format = firstMet(accept || '*/*', allShapes, streamEncodings)
  if (format === undefined) {
    throw notAcceptable(streamEncodings.map(encoding => `${mediaTypes[encoding]};stream=watch`))
  }
  const contentType = format.encoding === 'json' ? format.contentType : `${format.contentType};stream=watch`
  return { ...format, contentType, isPretty: false, includeObject: includeObjectOf(format, query) }
}

/**
 * An object in its encoding; it has its shape already. No line ends it.
 * @throws Error for protobuf of a kind that has no message; the endpoint should not have allowed it.
 */
export function encode(
  { encoding, isPretty }: Pick<Format, 'encoding' | 'isPretty'>,
  object: JsonObject,
): Buffer | string {
  if (encoding === 'protobuf') return protobufOf(object)
  return encoding === 'yaml' ? yamlOf(object) : JSON.stringify(object, undefined, isPretty ? 2 : 0)
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
const streamEncodings: readonly Encoding[] = ['json', 'protobuf']

/** Accept headers of clients have a few; more are not looked at. */
const maxClauses = 32

interface Clause {
  /** The media type, which may have stars. */
  readonly type: string
  readonly parameters: Readonly<Record<string, string | undefined>>
}

function firstMet(accept: string, shapes: readonly Shape[], encodings: readonly Encoding[]): Format | undefined {
  for (const { type, parameters } of clausesOf(accept)) {
    for (const encoding of encodings) {
      const format = isMet(type, mediaTypes[encoding]) ? formatOf(encoding, parameters) : undefined
      if (format !== undefined && shapes.includes(format.shape)) return format
    }
  }
  return undefined
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
  const plain = { encoding, contentType: mediaType, isPretty: pretty === '1', includeObject: 'Metadata' } as const
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

function includeObjectOf({ shape }: Format, query: URLSearchParams | undefined): IncludeObject {
  const asked = query?.get('includeObject') || 'Metadata'
  if (shape !== 'table' || asked === 'Metadata') return 'Metadata'
  if (asked === 'None' || asked === 'Object') return asked
  const detail = "must be 'Metadata', 'Object', 'None', or empty"
  throw badRequest(`includeObject: ${invalid('includeObject', asked, detail).description}`)
}

/** YAML 1.1, as Kubernetes' clients read it. */
const yamlOf = (object: JsonObject): string =>
  new Document(object, { version: '1.1', aliasDuplicateObjects: false }).toString({ lineWidth: 0 })
