/** An answer over HTTP; a large one comes in pieces. */
export interface Answer<Body extends AnyBody = string> {
  readonly code: number
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Body
  /** For people: each becomes a header Warning, which kubectl prints. */
  readonly warnings?: readonly string[]
}

export type AnyBody = string | Buffer | AsyncIterable<string | Buffer>

/** Clients may keep it, and must ask whether it is still so. */
export const askAgain = { 'cache-control': 'no-cache, private' } as const

/** A document in JSON. */
export const jsonAnswer = (document: unknown, headers: Readonly<Record<string, string>> = askAgain): Answer => ({
  code: 200,
  contentType: 'application/json',
  headers,
  body: JSON.stringify(document),
})
