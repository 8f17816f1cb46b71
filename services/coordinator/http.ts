import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

export interface HttpFaceOptions {
  /** HOST:PORT; port 0 for one of the system's choosing. */
  readonly listen: string
  readonly registry: Registry
  /** Why requests should go elsewhere now; undefined when they may come. */
  readonly whyNotReady: () => string | undefined
}

/** The HTTP face, listening. */
export interface HttpFace {
  /** HOST:PORT as bound. */
  readonly address: string
  readonly server: Server
  stop(): void
}

/**
 * Serves `/healthz` (the process works), `/readyz` (send requests here) and `/metrics` (Prometheus).
 * @throws Error when the address cannot be bound.
 */
export async function startHttpFace({ listen, registry, whyNotReady }: HttpFaceOptions): Promise<HttpFace> {
  const server = createServer(async (request, response) => {
    const reply = (code: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(405, 'only GET is possible here\n')
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return reply(200, 'ok\n')
      case '/readyz': {
        const why = whyNotReady()
        return why === undefined ? reply(200, 'ok\n') : reply(503, `${why}\n`)
      }
      case '/metrics':
        return reply(200, await registry.metrics(), registry.contentType)
      default:
        return reply(404, 'there is /healthz, /readyz and /metrics\n')
    }
  })
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(listen.slice(colon + 1)), host, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return {
    address: `${listen.slice(0, colon)}:${port}`,
    server,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
