import { Client, credentials } from '@grpc/grpc-js'

/** A stream on which one message renews, and one answers it: of leasehold, or of a peer. */
export interface RenewalStream {
  /** How many leases a message renews. */
  readonly leases: number
  /** Sends one. */
  renew(): void
  /** Called for each answer, in the order of the messages. */
  onRenewed: () => void
  close(): void
}

/** Streams share a connection by hundreds, as a fleet behind a few proxies would. */
const streamsPerConnection = 100

/** Streams over as many connections as they need. */
export class Streams<Stream extends { close(): void }> {
  readonly all: readonly Stream[]
  readonly #clients: readonly Client[]

  private constructor(all: readonly Stream[], clients: readonly Client[]) {
    this.all = all
    this.#clients = clients
  }

  static async open<Stream extends { close(): void }>(
    address: string,
    count: number,
    open: (client: Client, index: number) => Promise<Stream>,
  ): Promise<Streams<Stream>> {
    const clients = Array.from({ length: Math.ceil(count / streamsPerConnection) }, () => connect(address))
    const all: Stream[] = []
    // A connection at a time: a server that is asked for everything at once is not what is measured.
    for (const [at, client] of clients.entries()) {
      const first = at * streamsPerConnection
      const indices = Array.from({ length: Math.min(streamsPerConnection, count - first) }, (_, i) => first + i)
      all.push(...(await Promise.all(indices.map(index => open(client, index)))))
    }
    return new Streams(all, clients)
  }

  close(): void {
    for (const stream of this.all) stream.close()
    for (const client of this.#clients) client.close()
  }
}

/** A connection of its own. */
export const connect = (address: string): Client =>
  new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
