/** An answer over HTTP, as a document that is not one of a lease or a Status. */
export interface Answer {
  readonly code: number
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Clients may keep it, and must ask whether it is still so. */
export const askAgain = { 'cache-control': 'no-cache, private' } as const

/** A document in JSON. */
export const jsonAnswer = (document: unknown, headers: Readonly<Record<string, string>> = askAgain): Answer => ({
  code: 200,
  contentType: 'application/json',
  headers,
  body: JSON.stringify(document),
})
