import type { NatsConnection } from 'nats'
import type { LeaseImage } from '../lease/lease.js'
import { renewedMessage } from './cloud-event.js'
import { publishMessage } from './publish-message.js'

/** How much may be on its way to the server, unconfirmed, before renewals are dropped. */
const maxPendingBytes = 4 * 1024 * 1024

/** Sends `renewed` events on core NATS, best effort: what does not fit, or finds no connection, is dropped. */
export class RenewedSender {
  readonly #journalId: string
  #connection: NatsConnection | undefined
  #pendingBytes = 0
  #isFlushing = false
  #dropped = 0
  #sent = 0

  constructor(journalId: string) {
    this.#journalId = journalId
  }

  get dropped(): number {
    return this.#dropped
  }

  get sent(): number {
    return this.#sent
  }

  /** Sends on this connection from now on; undefined: drops. */
  use(connection: NatsConnection | undefined): void {
    this.#connection = connection
    this.#pendingBytes = 0
    this.#isFlushing = false
  }

  send(leases: readonly LeaseImage[]): void {
    const connection = this.#connection
    for (const lease of leases) {
      if (connection === undefined || this.#pendingBytes >= maxPendingBytes || !this.#publish(connection, lease)) {
        this.#dropped += 1
      }
    }
    if (connection !== undefined) this.#flush(connection)
  }

  #publish(connection: NatsConnection, lease: LeaseImage): boolean {
    const message = renewedMessage(this.#journalId, lease)
    try {
      publishMessage(connection, message)
    } catch {
      return false // too large, or the connection has just closed
    }
    this.#pendingBytes += message.data.length
    this.#sent += 1
    return true
  }

  /** One flush at a time asks the server how far it got. */
  #flush(connection: NatsConnection): void {
    if (this.#isFlushing || this.#pendingBytes === 0 || connection.isClosed()) return
    const bytes = this.#pendingBytes
    this.#isFlushing = true
    connection.flush().then(
      () => {
        if (this.#connection !== connection) return
        this.#isFlushing = false
        this.#pendingBytes -= bytes
        this.#flush(connection)
      },
      () => {}, // the connection has closed: `use` follows
    )
  }
}
