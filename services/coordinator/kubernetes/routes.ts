/** The Kubernetes face over HTTP: which path and method has which handler. Here alone the framework is known. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type HttpHandler, type Method, maxBodyBytes, serve } from '../http.js'
import { LeaseError } from '../lease/errors.js'
import type { OpenWatches } from '../reads/open-watches.js'
import type { Answer, AnyBody } from './answer.js'
import { mediaTypes } from './body.js'
import { discoveryAnswer, discoveryPaths } from './discovery.js'
import {
  emptyHandlers,
  type Handler,
  type KubernetesFaceOptions,
  leaseHandlers,
  namespaceHandlers,
  reviewHandlers,
} from './face.js'
import { leaseSelection } from './lease-selection.js'
import { negotiateStream } from './negotiation.js'
import { openApiAnswer, openApiPaths } from './openapi/openapi.js'
import type { KubernetesRequest } from './request.js'
import {
  badRequest,
  forbiddenRequest,
  methodNotAllowed,
  noSuchPath,
  StatusError,
  statusOf,
  tooLargeBody,
  unsupportedMediaType,
} from './status.js'
import { versionAnswer } from './version.js'
import { KubernetesWatches } from './watch.js'
import { isWatch, watchQuery } from './watch-query.js'

export interface KubernetesRoutesOptions extends KubernetesFaceOptions {
  /** The watches of every face together; whoever stops the coordinator ends them. */
  readonly openWatches: OpenWatches
  /** Told what no client can cause. */
  readonly log: ErrorLog
}

interface ErrorLog {
  error(fields: object, message: string): void
}

/** Adds the face's paths; returns those that a client may look at first. */
export function kubernetesRoutes(app: FastifyInstance, options: KubernetesRoutesOptions): readonly string[] {
  const { log } = options
  const watches = new KubernetesWatches(options)
  const http =
    (handler: Handler): HttpHandler =>
    async (request, reply) => {
      try {
        refuseStrangers(request)
        return send(reply, await handler(requestOf(request)))
      } catch (error) {
        return refuse(reply, error, request, log)
      }
    }
  const notAllowed = http(async () => {
    throw methodNotAllowed()
  })
  const path = (url: string, handlers: Partial<Record<Method, Handler>>): void => {
    const served = Object.entries(handlers).map(([method, handler]) => [method, http(handler)])
    serve(app, url, Object.fromEntries(served), notAllowed)
  }
  const document = (url: string, answer: (request: KubernetesRequest) => Answer | undefined): void =>
    path(url, {
      async GET(request) {
        const found = answer(request)
        if (found === undefined) throw noSuchPath()
        return found
      },
    })

  for (const url of discoveryPaths) document(url, ({ accept }) => discoveryAnswer(url, accept))
  for (const url of openApiPaths) document(url, request => openApiAnswer(url, request))
  document('/version', () => versionAnswer)

  const leases = leaseHandlers(options)
  const root = '/apis/coordination.k8s.io/v1'
  const listOrWatch: HttpHandler = (request, reply) =>
    isWatch(queryOf(request)) ? watch(watches, request, reply, options) : http(leases.list)(request, reply)
  serve(app, `${root}/leases`, { GET: listOrWatch }, notAllowed)
  serve(
    app,
    `${root}/namespaces/:namespace/leases`,
    { GET: listOrWatch, POST: http(leases.create), DELETE: http(leases.deleteCollection) },
    notAllowed,
  )
  path(`${root}/namespaces/:namespace/leases/:name`, {
    GET: leases.get,
    PUT: leases.replace,
    PATCH: leases.patch,
    DELETE: leases.delete,
  })

  const namespaces = namespaceHandlers(options)
  path('/api/v1/namespaces', { GET: namespaces.list, POST: namespaces.create })
  path('/api/v1/namespaces/:name', {
    GET: namespaces.get,
    PUT: namespaces.replace,
    PATCH: namespaces.patch,
    DELETE: namespaces.delete,
  })
  for (const resource of ['events', 'services'] as const) {
    const empty = emptyHandlers(options, resource)
    path(`/api/v1/${resource}`, { GET: empty.list })
    path(`/api/v1/namespaces/:namespace/${resource}`, { GET: empty.list })
    path(`/api/v1/namespaces/:namespace/${resource}/:name`, { GET: empty.get })
  }

  for (const version of ['v1', 'v1beta1']) {
    path(`/apis/authentication.k8s.io/${version}/selfsubjectreviews`, { POST: reviewHandlers.whoami(version) })
  }
  path('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { POST: reviewHandlers.access })
  path('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { POST: reviewHandlers.rules })
  app.setErrorHandler((error, request, reply) => refuse(reply, ofFramework(error), request, log))
  return [...discoveryPaths, ...openApiPaths, '/version']
}

const queryOf = ({ query }: FastifyRequest): URLSearchParams =>
  // The query parser of http.ts makes it.
  query as URLSearchParams

function requestOf(request: FastifyRequest): KubernetesRequest {
  const { headers, body } = request
  // Only these two parts of a path have names.
  const { namespace = '', name = '' } = request.params as { namespace?: string; name?: string }
  return {
    namespace,
    name,
    query: queryOf(request),
    accept: headers.accept,
    contentType: headers['content-type'],
    ifNoneMatch: headers['if-none-match'],
    userAgent: headers['user-agent'] ?? '',
    body: Buffer.isBuffer(body) ? body : undefined,
  }
}

/**
 * Nobody logs in here, so nobody can be somebody else; and no page in a browser may write, wherever it comes from.
 * @throws StatusError 403
 */
function refuseStrangers({ headers, method }: FastifyRequest): void {
  const impersonated = Object.keys(headers).find(name => name.startsWith('impersonate-'))
  if (impersonated !== undefined)
    throw forbiddenRequest('', `nobody is known here who could be impersonated: ${impersonated}`)
  const reads = method === 'GET' || method === 'HEAD'
  if (headers.origin !== undefined && !reads) throw forbiddenRequest('', 'pages of a browser may not write here')
}

function send(reply: FastifyReply, { code, contentType, headers = {}, body, warnings = [] }: Answer<AnyBody>): unknown {
  reply.code(code).headers({ 'cache-control': 'no-cache, private', ...headers, 'content-type': contentType })
  if (warnings.length > 0) reply.header('warning', warnings.map(warningHeader))
  return reply.send(
    typeof body === 'string' || Buffer.isBuffer(body) ? body : Readable.from(body, { objectMode: false }),
  )
}

/** @see RFC 7234, section 5.5 */
const warningHeader = (text: string): string =>
  `299 - "${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`

function refuse(reply: FastifyReply, error: unknown, request: FastifyRequest, log: ErrorLog): unknown {
  const { name = '' } = request.params as { name?: string }
  const { status, code, retryAfterSeconds } = statusOf(error, name)
  if (!(error instanceof StatusError || error instanceof LeaseError)) {
    log.error({ err: error, method: request.method, url: request.url }, 'unexpected error in a request')
  }
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return send(reply, { code, contentType: 'application/json', headers, body: `${JSON.stringify(status)}\n` })
}

/** A request that did not come as far as its handler. */
function ofFramework(error: unknown): unknown {
  if (!(error instanceof Error) || !('statusCode' in error)) return error
  if (error.statusCode === 413) return tooLargeBody(maxBodyBytes)
  if (error.statusCode === 415) return unsupportedMediaType(mediaTypes)
  return Number(error.statusCode) < 500 ? badRequest(error.message) : error
}

/** How long a client may take to read the end of a watch. */
const lastWordMs = 5_000

/**
 * Watches go over plain HTTP alone. A client that would like a WebSocket first, as the Java client fabric8, reads this
 * answer to its end before it watches without one: so it has an end, and 200 is what makes the client go on.
 */
const noWebSocket: Answer = { code: 200, contentType: 'application/json', headers: { connection: 'close' }, body: '' }

/** Answers with the events of a watch, for as long as it goes on. */
async function watch(
  watches: KubernetesWatches,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, clock }: KubernetesRoutesOptions,
): Promise<void> {
  const asked = requestOf(request)
  try {
    refuseStrangers(request)
    const format = negotiateStream(asked.accept, asked.query)
    const query = watchQuery(asked.query, leaseSelection(asked))
    if (request.headers.upgrade?.toLowerCase() === 'websocket') return void send(reply, noWebSocket)
    const { raw } = reply
    const watch = watches.begin({ query, format, write: (events, onTaken) => void raw.write(events, onTaken) })
    reply.hijack()
    raw.writeHead(200, { 'content-type': format.contentType, 'cache-control': 'no-cache, private' })
    raw.flushHeaders()
    raw.once('close', () => watch.end())
    try {
      await watch.run()
    } catch (error) {
      log.error({ err: error, url: request.url }, 'unexpected error in a watch')
    }
    raw.end()
    // A client that does not read would keep its end from leaving for ever.
    const lastWord = clock.setTimer(lastWordMs, () => raw.destroy())
    raw.once('close', () => lastWord.cancel())
  } catch (error) {
    refuse(reply, error, request, log)
  }
}
