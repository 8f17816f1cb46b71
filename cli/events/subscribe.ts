import { connect, type NatsConnection } from 'nats'
import { CommandError, describeError } from '../run-program.js'
import { type LeaseEvent, readLeaseEvent } from './lease-event.js'
import { type NodeEvent, readNodeEvent } from './node-event.js'

/** Every event of every lease, and every change of a node's status. */
export const leaseEvents = 'leases.>'
export const nodeEvents = 'nodes.>'

/**
 * Subscribes to events of leases and nodes on core NATS: what is told from now on, as NATS delivers it. It survives
 * breaks of the connection, but not without a gap; a consumer that must miss nothing reads the streams LEASE_EVENTS and
 * NODE_EVENTS instead.
 *
 * @throws CommandError when no NATS answers there.
 */
export async function subscribeToEvents(options: {
  readonly url: string
  readonly subjects: readonly string[]
  readonly onEvent: (event: LeaseEvent | NodeEvent) => void
}): Promise<NatsConnection> {
  const { url, subjects, onEvent } = options
  const connection = await connect({ servers: url, name: 'leasectl', maxReconnectAttempts: -1 }).catch(error => {
    throw new CommandError(`no NATS answers at ${url} (${describeError(error)}): name another with --nats`)
  })
  for (const subject of subjects) {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return
        const text = { header: (name: string) => message.headers?.get(name) ?? '', text: message.string() }
        const event = readLeaseEvent(text) ?? readNodeEvent(text)
        if (event) onEvent(event)
      },
    })
  }
  // Now the server knows of the subscriptions: what happens from here on is delivered.
  await connection.flush()
  return connection
}
