import { type ConnectionOptions, connect, headers, type MsgHdrs, type NatsConnection } from 'nats'
import type { EventMessage } from './event-message.js'

/** How long one try to connect may take. */
const connectTimeoutMs = 5_000
/** A server that answers no ping for twice this long is taken for gone. */
const pingIntervalMs = 10_000

/**
 * Connects once, to one of the servers of a comma-separated list of URLs. A connection that breaks stays closed: whoever
 * publishes must look where it got to before it goes on, and nothing that was buffered may be sent twice.
 *
 * @param name what the server calls this connection.
 */
export function connectNats(urls: string, name: string): Promise<NatsConnection> {
  return connect({
    ...connectionOptions(urls),
    name,
    reconnect: false,
    timeout: connectTimeoutMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    noAsyncTraces: true,
  })
}

/** Servers, and the user or token and TLS that the first URL asks for. @throws TypeError for what is no URL */
export function connectionOptions(urls: string): ConnectionOptions {
  const parsed = urls.split(',').map(url => new URL(url.includes('://') ? url.trim() : `nats://${url.trim()}`))
  const servers = parsed.map(url => `${url.hostname}:${url.port === '' ? '4222' : url.port}`)
  const [first] = parsed
  if (first === undefined) return { servers }
  const user = decodeURIComponent(first.username)
  const pass = decodeURIComponent(first.password)
  return {
    servers,
    ...(user === '' ? {} : first.password === '' ? { token: user } : { user, pass }),
    ...(first.protocol === 'tls:' ? { tls: {} } : {}),
  }
}

/** The headers of a message as the client wants them. */
export function natsHeaders(message: EventMessage): MsgHdrs {
  const result = headers()
  for (const [name, value] of Object.entries(message.headers)) result.set(name, value)
  return result
}
