import { Agent, type IncomingMessage, request } from 'node:http'

export interface HttpCall {
  readonly body?: string
  readonly accept?: string
}

/** Calls over connections that are kept, as clients of Kubernetes do. */
export class HttpCalls {
  readonly #address: string
  readonly #agent: Agent

  /** @param connections how many there are at most. */
  constructor(address: string, connections: number) {
    this.#address = address
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** Resolves with the body. @throws Error with the body of an answer that is a failure. */
  async call(method: string, path: string, call: HttpCall = {}): Promise<string> {
    const chunks: Buffer[] = []
    const response = await this.#begin(method, path, call)
    for await (const chunk of response) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${text}`)
    return text
  }

  /** Resolves when the answer is over, unread: to look at it would keep this process from measuring. */
  async drain(method: string, path: string, call: HttpCall = {}): Promise<void> {
    const response = await this.#begin(method, path, call)
    await new Promise<void>((resolve, reject) => {
      response.once('end', resolve)
      response.once('error', reject)
      response.resume()
    })
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}`)
  }

  /** A watch that has told its first event; its connection is its own. */
  async watch(path: string): Promise<{ close(): void }> {
    const response = await this.#begin('GET', path, {}, false)
    response.on('error', () => {})
    await new Promise<void>(resolve => {
      response.on('data', () => resolve())
    })
    return { close: () => response.destroy() }
  }

  close(): void {
    this.#agent.destroy()
  }

  #begin(method: string, path: string, { body, accept = 'application/json' }: HttpCall, isKept = true) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { accept, ...(body !== undefined && { 'content-type': 'application/json' }) }
      const call = request(`http://${this.#address}${path}`, { method, headers, agent: isKept && this.#agent }, resolve)
      call.once('error', reject)
      call.end(body)
    })
  }
}
