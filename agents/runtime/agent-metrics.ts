import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { hostAndPort } from './common-options.js'
import type { Holdings } from './holdings.js'

/** What an agent tells Prometheus. */
export class AgentMetrics {
  readonly registry = new Registry()
  readonly #lost: Counter

  constructor(agent: string) {
    this.registry.setDefaultLabels({ agent })
    this.#lost = new Counter({
      name: 'leasehold_agent_leases_lost_total',
      help: 'Leases that were held and are lost, by cause',
      labelNames: ['cause'],
      registers: [this.registry],
    })
  }

  /** Adds the figures that are read when they are asked for. */
  observe(holdings: Holdings): void {
    collectDefaultMetrics({ register: this.registry })
    new Gauge({
      name: 'leasehold_agent_leases',
      help: 'Leases by their state at this agent: waiting, held, jeopardy',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        const { waiting, held, jeopardy } = holdings.counts()
        for (const [state, count] of Object.entries({ waiting, held, jeopardy })) this.set({ state }, count)
      },
    })
    new Gauge({
      name: 'leasehold_agent_lease_remaining_seconds',
      help: 'How long the agent may act on the lease that runs out first if no renewal succeeds any more',
      registers: [this.registry],
      collect() {
        let leastMs = Infinity
        for (const hold of holdings.holds()) if (hold.isHeld()) leastMs = Math.min(leastMs, hold.remainingMs())
        if (leastMs === Infinity) this.reset()
        else this.set(leastMs / 1e3)
      },
    })
  }

  lost(cause: string): void {
    this.#lost.inc({ cause })
  }
}

/**
 * Serves the registry at /metrics.
 *
 * @returns where it listens, and how to end it.
 * @throws Error of the system when the address cannot be used.
 */
export async function serveMetrics(
  registry: Registry,
  address: string,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  const { port, host } = hostAndPort(address)
  await listen(server, port, host)
  // A TCP server's address is not a text.
  const bound = server.address() as AddressInfo
  return {
    url: `http://${address.slice(0, address.lastIndexOf(':'))}:${bound.port}/metrics`,
    close: () => close(server),
  }
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

function close(server: Server): void {
  server.close()
  server.closeAllConnections()
}
