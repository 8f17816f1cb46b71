import { connect, type NatsConnection } from 'nats'
import { CommandError, describeError } from '../run-program.js'
import { type LeaseEvent, readLeaseEvent } from './lease-event.js'

/** Every event of every lease. */
export const allEvents = 'leases.>'

/**
 * Subscribes to lease events on core NATS: what is told from now on, as NATS delivers it. It survives breaks of the
 * connection, but not without a gap; a consumer that must miss nothing reads the stream LEASE_EVENTS instead.
 *
 * @throws CommandError when no NATS answers there.
 */
export async function subscribeToEvents(options: {
  readonly url: string
  readonly subject: string
  readonly onEvent: (event: LeaseEvent) => void
}): Promise<NatsConnection> {
  const { url, subject, onEvent } = options
  const connection = await connect({ servers: url, name: 'leasectl', maxReconnectAttempts: -1 }).catch(error => {
    throw new CommandError(`no NATS answers at ${url} (${describeError(error)}): name another with --nats`)
  })
  connection.subscribe(subject, {
    callback: (error, message) => {
      if (error) return
      const event = readLeaseEvent({
        header: name => message.headers?.get(name) ?? '',
        text: message.string(),
      })
      if (event) onEvent(event)
    },
  })
  // Now the server knows of the subscription: what happens from here on is delivered.
  await connection.flush()
  return connection
}
