import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, type Registry } from 'prom-client'

/** Counts what is asked over HTTP, by route and code; a watch, which has no end that says anything, is not among it. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const registers = [registry]
  const labelNames = ['method', 'route']
  const handled = new Counter({
    name: 'http_server_requests_total',
    help: 'Requests that were answered, by status code.',
    labelNames: [...labelNames, 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'How long requests took.',
    labelNames,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10],
    registers,
  })
  app.addHook('onResponse', (request, reply, done) => {
    // Paths that are not served could be anything: they must not become labels.
    const labels = { method: request.method, route: request.routeOptions.url ?? 'other' }
    handled.inc({ ...labels, code: reply.statusCode })
    seconds.observe(labels, reply.elapsedTime / 1e3)
    done()
  })
}
