import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Registry } from 'prom-client'
import { measureRequests } from './http-metrics.js'

export interface HttpFaceOptions {
  /** HOST:PORT; port 0 for one of the system's choosing. */
  readonly listen: string
  readonly registry: Registry
  /** Why requests should go elsewhere now; undefined when they may come. */
  readonly whyNotReady: () => string | undefined
  /** Adds what else is served here, and says what paths there are. */
  readonly routes?: (app: FastifyInstance) => readonly string[]
}

/** The HTTP face, listening. */
export interface HttpFace {
  /** HOST:PORT as bound. */
  readonly address: string
  /** Takes no more connections and ends those that there are. */
  stop(): Promise<void>
}

/** The largest body, as a Kubernetes API server has it. */
export const maxBodyBytes = 3 * 1024 * 1024

/** Go's clients keep idle connections for 90 s: longer, so that none sends into one that is being closed. */
const keepAliveTimeoutMs = 120_000

/** The longest part of a path; names must be shorter, and are refused by their own rule with a clear error. */
const maxPathPartLength = 4_096

const plainText = 'text/plain; charset=utf-8'

/**
 * Serves `/healthz` and `/livez` (the process works), `/readyz` (send requests here), `/metrics` (Prometheus), and the
 * routes that are added; `/` lists the paths.
 * @throws Error when the address cannot be bound.
 */
export async function startHttpFace({ listen, registry, whyNotReady, routes }: HttpFaceOptions): Promise<HttpFace> {
  const app = fastify({
    bodyLimit: maxBodyBytes,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: true,
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: maxPathPartLength,
      // The type knows plain objects only; a parameter may come twice, and whoever reads it says which counts.
      querystringParser: text => new URLSearchParams(text) as never,
    },
  })
  measureRequests(app, registry)
  // Each route reads its body by itself: the API of Kubernetes has content types of its own.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((_request, reply) => reply.code(404).type(plainText).send('not found: / says what is here\n'))
  const paths = ['/healthz', '/livez', '/readyz', '/metrics']
  const ok = async (): Promise<TextAnswer> => ({ code: 200, body: 'ok\n' })
  serveText(app, '/healthz', ok)
  serveText(app, '/livez', ok)
  serveText(app, '/readyz', async () => {
    const why = whyNotReady()
    return why === undefined ? ok() : { code: 503, body: `${why}\n` }
  })
  serveText(app, '/metrics', async () => ({ code: 200, body: await registry.metrics(), type: registry.contentType }))
  paths.push(...(routes?.(app) ?? []))
  serveText(app, '/', async () => ({ code: 200, body: JSON.stringify({ paths }), type: 'application/json' }))
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  await app.listen({ host, port: Number(listen.slice(colon + 1)) })
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return { address: `${listen.slice(0, colon)}:${port}`, stop: () => app.close() }
}

/** HEAD comes with GET. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export type HttpHandler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** Serves a path: its methods by their handlers, and every other one with a refusal. */
export function serve(
  app: FastifyInstance,
  path: string,
  handlers: Partial<Record<Method, HttpHandler>>,
  refuse: HttpHandler,
): void {
  for (const method of methods) app.route({ method, url: path, handler: handlers[method] ?? refuse })
}

interface TextAnswer {
  readonly code: number
  readonly body: string
  readonly type?: string
}

function serveText(app: FastifyInstance, path: string, answer: () => Promise<TextAnswer>): void {
  const get: HttpHandler = async (_request, reply) => {
    const { code, body, type = plainText } = await answer()
    return reply.code(code).headers({ 'content-type': type, 'cache-control': 'no-store' }).send(body)
  }
  serve(app, path, { GET: get }, (_request, reply) =>
    reply.code(405).type(plainText).send('only GET is possible here\n'),
  )
}
