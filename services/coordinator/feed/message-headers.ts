import type { MsgHdrs } from 'nats'

type Values = Readonly<Record<string, string>>

/** The headers of a message as the client wants them: its own, and more for the server. */
export const messageHeaders = (own: Values, more?: Values): MsgHdrs =>
  // A client that publishes asks headers for nothing but their bytes.
  new MessageHeaders(own, more) as unknown as MsgHdrs

/**
 * The client's own headers look for each name among those before it and check each value, which takes microseconds a
 * message. These names differ, and no value has a line break: ids, names of leases and times.
 */
class MessageHeaders {
  readonly #own: Values
  readonly #more: Values | undefined

  constructor(own: Values, more: Values | undefined) {
    this.#own = own
    this.#more = more
  }

  /** The value of a header; '' where there is none. */
  get(name: string): string {
    return this.#own[name] ?? this.#more?.[name] ?? ''
  }

  encode(): Uint8Array {
    return Buffer.from(`NATS/1.0\r\n${lines(this.#own)}${lines(this.#more)}\r\n`)
  }
}

function lines(values: Values | undefined): string {
  let text = ''
  for (const name in values) text += `${name}: ${values[name]}\r\n`
  return text
}
