/** What of a message on NATS makes an event. */
export interface EventMessage {
  header(name: string): string
  readonly text: string
}

/** The data of an event, as leasehold itself writes it; undefined for what is no JSON object. */
export function parseData<Data extends object>(text: string): Data | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // What it has inside is the documents' promise.
    return typeof value === 'object' && value !== null ? (value as Data) : undefined
  } catch {
    return undefined
  }
}
