import { createServer } from 'node:net'
import type { Endpoint, Place } from '../fleet/place.js'

/** The ports of what `make up` starts. */
export const neededPorts = ({ listen, http, nats }: Place): NeededPort[] => [
  { ...listen, user: 'coordinator', variable: 'UP_LISTEN=127.0.0.1:PORT' },
  { ...http, user: "coordinator's HTTP server", variable: 'UP_HTTP=127.0.0.1:PORT' },
  ...('port' in nats ? [{ host: '127.0.0.1', port: nats.port, user: 'nats-server', variable: 'UP_NATS_PORT' }] : []),
]

/** A port that is needed, and how to ask for another. */
export interface NeededPort extends Endpoint {
  readonly user: string
  readonly variable: string
}

/** @throws Error in one line when one of the ports is taken: which, who needs it and what to do. */
export async function requireFreePorts(ports: readonly NeededPort[]): Promise<void> {
  for (const port of ports) {
    const fault = await tryToListen(port)
    if (fault === undefined) continue
    const place = `port ${port.port} on ${port.host}`
    const problem = fault === 'EADDRINUSE' ? `${place} is in use` : `${place} cannot be used (${fault})`
    throw new Error(
      `${problem}, and the ${port.user} needs it: stop what listens there, or choose another port with ${port.variable}`,
    )
  }
}

/** The error's code when the port cannot be had. */
function tryToListen({ host, port }: Endpoint): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}
