import type { MsgHdrs } from 'nats'
import type { StreamPlan } from './nats-plan.js'
import type { NatsMessage, StreamStanding } from './wire.js'

/** What a stream answers to a publish: as JetStream's JSON has it. */
export type PublishAck =
  | { readonly stream: string; readonly seq: number; readonly duplicate?: true }
  | { readonly error: { readonly code: number; readonly err_code: number; readonly description: string } }

/** A stream as nats-server keeps it, with its order of checks: a known id first, then what the publisher expects. */
export class SimulatedStream {
  readonly name: string
  readonly #plan: StreamPlan
  readonly #createdMs: number
  readonly #messages = new Map<number, NatsMessage>()
  /** The ids of the de-duplication window, the oldest first. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly atMs: number }>()
  #subjects: readonly string[]
  #lastSequence = 0
  #lastId: string | undefined
  /** The sequence of the last message that named this stream, as the coordinator's events do. */
  #lastEvent = 0

  constructor(name: string, plan: StreamPlan, createdMs: number) {
    this.name = name
    this.#createdMs = createdMs
    this.#plan = plan
    this.#subjects = plan.subjects
  }

  get standing(): StreamStanding {
    const [first = this.#lastSequence + 1] = this.#messages.keys()
    const messages = this.#messages.size
    return {
      createdMs: this.#createdMs,
      subjects: this.#subjects,
      firstSequence: first,
      lastSequence: this.#lastSequence,
      messages,
    }
  }

  /** Whether whoever looks can see how far the events got: others have not pushed the last one out. */
  get keepsLastEvent(): boolean {
    return this.#lastEvent === 0 || this.#messages.has(this.#lastEvent)
  }

  set subjects(subjects: readonly string[]) {
    this.#subjects = subjects
  }

  captures(subject: string): boolean {
    return this.#subjects.some(pattern => isMatch(pattern, subject))
  }

  at(sequence: number): NatsMessage | undefined {
    return this.#messages.get(sequence)
  }

  publish(message: NatsMessage, nowMs: number): PublishAck {
    const { headers } = message
    this.#forgetIds(nowMs)
    const id = header(headers, 'Nats-Msg-Id')
    const known = id === undefined ? undefined : this.#ids.get(id)
    if (known !== undefined) return { stream: this.name, seq: known.sequence, duplicate: true }
    const expectedStream = header(headers, 'Nats-Expected-Stream')
    if (expectedStream !== undefined && expectedStream !== this.name) return refusal(10_060, 'not this stream')
    const expectedSequence = header(headers, 'Nats-Expected-Last-Sequence')
    if (expectedSequence !== undefined && Number(expectedSequence) !== this.#lastSequence) {
      return refusal(10_071, `wrong last sequence: ${this.#lastSequence}`)
    }
    const expectedId = header(headers, 'Nats-Expected-Last-Msg-Id')
    if (expectedId !== undefined && expectedId !== this.#lastId) {
      return refusal(10_070, `wrong last msg ID: ${this.#lastId ?? ''}`)
    }
    this.#lastSequence++
    this.#messages.set(this.#lastSequence, message)
    this.#lastId = id
    if (expectedStream !== undefined) this.#lastEvent = this.#lastSequence
    if (id !== undefined) this.#ids.set(id, { sequence: this.#lastSequence, atMs: nowMs })
    for (const sequence of this.#messages.keys()) {
      if (this.#messages.size <= this.#plan.maxMessages) break
      this.#messages.delete(sequence)
    }
    return { stream: this.name, seq: this.#lastSequence }
  }

  /** An operator empties it: sequences go on. */
  purge(): void {
    this.#messages.clear()
    this.#ids.clear()
  }

  /** The server was started anew: of the last id it knows what is in the window. */
  restart(nowMs: number): void {
    this.#forgetIds(nowMs)
    if (this.#lastId !== undefined && !this.#ids.has(this.#lastId)) this.#lastId = undefined
  }

  #forgetIds(nowMs: number): void {
    for (const [id, { atMs }] of this.#ids) {
      if (nowMs - atMs < this.#plan.duplicateWindowMs) break
      this.#ids.delete(id)
    }
  }
}

/** Whether a subject is one that a pattern with the wildcards of NATS means. */
function isMatch(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const tokens = subject.split('.')
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index
    if (token !== '*' && token !== tokens[index]) return false
  }
  return tokens.length === wanted.length
}

const header = (headers: MsgHdrs | undefined, name: string): string | undefined => headers?.get(name) || undefined

const refusal = (errorCode: number, description: string): PublishAck => ({
  error: { code: 400, err_code: errorCode, description },
})
