/** One message for NATS: a CloudEvent in the binary mode of its NATS binding. */
export interface EventMessage {
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly data: string
}

/** The headers that every event has; its id is what NATS knows a double by, too. */
export const eventHeaders = (id: string, source: string): Record<string, string> => ({
  'Nats-Msg-Id': id,
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': source,
  'content-type': 'application/json',
})
