/** Where a server listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Where a fleet runs on this machine, and where it keeps what it keeps. */
export interface Place {
  /** The coordinator's gRPC. */
  readonly listen: Endpoint
  /** Its health and metrics. */
  readonly http: Endpoint
  /** A NATS that is there already, or the port to start one on. */
  readonly nats: { readonly url: string } | { readonly port: number }
  readonly dataDir: string
}

export const endpointText = ({ host, port }: Endpoint): string => `${host}:${port}`

export const natsUrl = ({ nats }: Place): string => ('url' in nats ? nats.url : `nats://127.0.0.1:${nats.port}`)
