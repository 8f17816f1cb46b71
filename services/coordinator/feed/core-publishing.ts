import type { NatsConnection } from 'nats'
import { outboxMessage } from './cloud-event.js'
import type { Outbox } from './outbox.js'
import { publishMessage } from './publish-message.js'

/** How many messages go out before the server is asked whether it has them. */
const maxUnflushed = 256

/**
 * Publishes the next of the outbox on core NATS, best effort: who does not listen misses it.
 *
 * @returns the revision up to which the outbox was published; undefined when there was nothing to do. It counts once
 * the connection was flushed: after a connection that breaks before, some messages come again, under the same ids.
 */
export function publishToCore(connection: NatsConnection, journalId: string, outbox: Outbox): number | undefined {
  const maxBytes = connection.info?.max_payload ?? Infinity
  let sentThrough: number | undefined
  for (let count = 0; count < maxUnflushed; count += 1) {
    const next = outbox.nextAfter(sentThrough ?? outbox.state.publishedThrough)
    if (next === undefined) break
    publishMessage(connection, outboxMessage(journalId, next, maxBytes))
    sentThrough = next.revision
  }
  return sentThrough
}
