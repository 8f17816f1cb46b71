/** The token that continues a list: opaque to clients, bound to the journal and to the query of the first page. */
import { createHash } from 'node:crypto'

/** Where a list goes on. */
export interface PagePosition {
  /** The revision of the first page. */
  readonly revision: number
  /** The key after which the next page begins. */
  readonly after: string
}

/**
 * @param query what makes two lists the same one: the journal and the filters.
 */
export function pageToken({ revision, after }: PagePosition, query: readonly string[]): string {
  const seal = sealOf(revision, after, query)
  return Buffer.from(JSON.stringify([revision, after, seal])).toString('base64url')
}

/** Where the token goes on; undefined for a token of another list or another journal, or one that was changed. */
export function readPageToken(token: string, query: readonly string[]): PagePosition | undefined {
  const parts = parsed(Buffer.from(token, 'base64url').toString())
  const [revision, after, seal] = Array.isArray(parts) ? parts : []
  const isWhole = typeof revision === 'number' && typeof after === 'string' && seal === sealOf(revision, after, query)
  return isWhole ? { revision, after } : undefined
}

/** Finds what was mixed up; it is no secret. */
function sealOf(revision: number, after: string, query: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([revision, after, query]))
    .digest('base64url')
    .slice(0, 16)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
