import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ExecutionContext } from 'ava'

/** What a writer wants to store: the set as it read it, with one more element. */
export interface SetWrite {
  readonly token: number
  readonly added: string
  readonly elements: readonly string[]
}

/**
 * A set that is only ever written as a whole, over HTTP: GET ?token= reads it, PUT stores a SetWrite. Who reads and
 * writes must hold a lease, and shows its token. The set that checks keeps the greatest token it has seen, in a read as
 * in a write, and refuses smaller ones with 409: a read counts, since what it returned is the base of a write to come.
 */
export class GuardedSet {
  readonly url: string
  readonly #checksTokens: boolean
  readonly #acknowledged = new Set<string>()
  #elements: readonly string[] = []
  #greatestToken = 0
  #refused = 0

  private constructor(port: number, checksTokens: boolean) {
    this.url = `http://127.0.0.1:${port}`
    this.#checksTokens = checksTokens
  }

  static async start(t: ExecutionContext, { checksTokens }: { checksTokens: boolean }): Promise<GuardedSet> {
    const server = createServer((request, response) => void set.#serve(request, response))
    // A writer that was stopped finds its connection as it left it.
    server.keepAliveTimeout = 0
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new Error('the set has no port')
    const set = new GuardedSet(bound.port, checksTokens)
    return set
  }

  /** How many elements writers were told to be in the set. */
  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** How many reads and writes were refused for their token. */
  get refused(): number {
    return this.#refused
  }

  /** Elements that were acknowledged and are not in the set. */
  get lost(): string[] {
    const present = new Set(this.#elements)
    return [...this.#acknowledged].filter(element => !present.has(element))
  }

  has(element: string): boolean {
    return this.#elements.includes(element)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const write = request.method === 'PUT' ? await bodyOf(request) : undefined
      const token = write?.token ?? Number(new URL(request.url ?? '', this.url).searchParams.get('token'))
      if (this.#checksTokens && token < this.#greatestToken) {
        this.#refused++
        response.writeHead(409).end()
        return
      }
      this.#greatestToken = Math.max(this.#greatestToken, token)
      if (write !== undefined) {
        this.#elements = write.elements
        this.#acknowledged.add(write.added)
      }
      response.end(JSON.stringify(this.#elements))
    } catch {
      // The writer was killed in the middle of its request.
      response.destroy()
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<SetWrite> {
  let body = ''
  for await (const chunk of request) body += chunk
  // Only writer.ts sends one.
  return JSON.parse(body) as SetWrite
}
