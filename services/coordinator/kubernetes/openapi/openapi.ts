/**
 * The documents that kubectl reads before it writes, and for `kubectl explain`: an index, and one document for each
 * version of a group, under an address that has the hash of its content.
 * @see Kubernetes, OpenAPI V3
 */
import { createHash } from 'node:crypto'
import { type Answer, askAgain } from '../answer.js'
import { rootOf, type ServedVersion, servedVersions } from '../served-resources.js'
import { noSuchPath } from '../status.js'
import { coreSchemas } from './core-schemas.js'
import { leaseSchemas } from './lease-schemas.js'
import { metadataSchemas } from './metadata-schemas.js'
import { pathsOf } from './operations.js'
import { reviewSchemas } from './review-schemas.js'
import { closure, refer, referencesIn, type Schema, type Schemas } from './schema.js'

/** What a request for a document says. */
export interface OpenApiRequest {
  readonly query: URLSearchParams
  /** The headers Accept and If-None-Match. */
  readonly accept: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** Every path of these documents. */
export const openApiPaths: readonly string[] = [
  '/openapi/v2',
  '/openapi/v3',
  ...servedVersions.map(version => `/openapi/v3/${rootOf(version)}`),
]

/**
 * The answer at one of these paths.
 * @throws StatusError 404 for another path.
 */
export function openApiAnswer(path: string, { query, accept, ifNoneMatch }: OpenApiRequest): Answer {
  if (path === '/openapi/v2') return oldAnswer(accept)
  const document = documents().get(path)
  if (document === undefined) throw noSuchPath()
  if (!takesJson(accept)) return refusal
  const wanted = query.get('hash') ?? ''
  const { hash, etag } = document
  if (wanted !== '' && wanted !== hash) return movedTo(`${path}?hash=${hash}`)
  // Under an address with a hash it is always the same.
  const headers = { etag, vary: 'Accept', ...(wanted === '' ? askAgain : forEver) }
  const isKnown = knows(ifNoneMatch, etag)
  return { code: isKnown ? 304 : 200, contentType: json, headers, body: isKnown ? '' : document.body }
}

const json = 'application/json'

/** A year, which is as long as anybody keeps anything. */
const forEver = { 'cache-control': 'public, immutable, max-age=31536000' } as const

interface Document {
  readonly body: string
  readonly hash: string
  readonly etag: string
}

let built: ReadonlyMap<string, Document> | undefined

/** They are made when somebody first asks. */
function documents(): ReadonlyMap<string, Document> {
  built ??= build()
  return built
}

function build(): ReadonlyMap<string, Document> {
  const versions = servedVersions.map(version => [rootOf(version), hashed(documentOf(version))] as const)
  const index = {
    paths: Object.fromEntries(
      versions.map(([root, { hash }]) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${hash}` }]),
    ),
  }
  return new Map([
    ['/openapi/v3', hashed(index)],
    ...versions.map(([root, document]) => [`/openapi/v3/${root}`, document] as const),
  ])
}

function hashed(content: object): Document {
  const body = JSON.stringify(content)
  const hash = createHash('sha256').update(body).digest('hex').toUpperCase()
  return { body, hash, etag: `"${hash}"` }
}

const schemas: Schemas = { ...leaseSchemas, ...coreSchemas, ...reviewSchemas, ...metadataSchemas }

/** The names of schemas by the kinds that they are of. */
const namesByKind: ReadonlyMap<string, string> = new Map(
  Object.entries(schemas).flatMap(([name, schema]) => kindsOf(schema).map(kind => [kind, name] as const)),
)

function kindsOf(schema: Schema): readonly string[] {
  const kinds = schema['x-kubernetes-group-version-kind']
  return Array.isArray(kinds) ? kinds.map(({ group, version, kind }) => `${group}/${version}/${kind}`) : []
}

function documentOf(version: ServedVersion): object {
  const schemaOf = (kind: string): Schema =>
    refer(namesByKind.get(`${version.group}/${version.version}/${kind}`) ?? kind)
  const paths = pathsOf(version, schemaOf)
  return {
    openapi: '3.0.0',
    info: { title: 'Leasehold', version: version.version },
    paths,
    components: { schemas: closure(schemas, referencesIn(paths)) },
  }
}

/** Whether a client reads JSON, which is the only form of these documents. */
const takesJson = (accept = '*/*'): boolean =>
  accept.split(',').some(clause => [json, 'application/*', '*/*'].includes(clause.split(';', 1)[0]?.trim() ?? ''))

const refusal: Answer = {
  code: 406,
  contentType: 'text/plain; charset=utf-8',
  headers: askAgain,
  body: `only ${json} can be had here\n`,
}

const knows = (ifNoneMatch = '', etag: string): boolean =>
  ifNoneMatch.split(',').some(known => [etag, `W/${etag}`, '*'].includes(known.trim()))

const movedTo = (location: string): Answer => ({ code: 301, contentType: json, headers: { location }, body: '' })

/** As a client asks for it; what it can read in an answer has a dot for the `@`. */
const oldProtobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/**
 * The older form of these documents is empty: no bytes are a valid one in protobuf, and clients that find it do without
 * where without any they give up.
 */
function oldAnswer(accept = oldProtobuf): Answer {
  const isProtobuf = !accept.trim().startsWith(json)
  return {
    code: 200,
    contentType: isProtobuf ? oldProtobuf.replace('@', '.') : json,
    headers: { vary: 'Accept', ...askAgain },
    body: isProtobuf ? '' : JSON.stringify({ swagger: '2.0', info: { title: 'Leasehold', version: 'v1' }, paths: {} }),
  }
}
