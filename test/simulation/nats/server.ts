import { headers as makeHeaders } from 'nats'
import type { Random } from '../../../clock/random.js'
import { streamName } from '../../../services/coordinator/feed/event-stream.js'
import type { Connection, Ear, Host } from '../network.js'
import { SimulatedProcess } from '../process.js'
import type { Timeline } from '../timeline.js'
import type { NatsPlan } from './nats-plan.js'
import { SimulatedStream } from './stream.js'
import type { ApiAnswer, ApiRequest, NatsDown, NatsMessage, NatsUp } from './wire.js'

/** What the invariants hear of NATS, as it happens. */
export interface NatsEars {
  /**
   * A message is where subscribers see it. `place` is the same for messages that one reader reads in order; one that is late
   * was sent when that was another.
   */
  told(message: NatsMessage, place: object, isLate: boolean): void
  /** The stream knows a message by its id: it is not told again. */
  known(message: NatsMessage, place: object): void
}

type Client = Connection<NatsUp, NatsDown>

// JetStream's own error codes.
const messageNotFound = { code: 404, err_code: 10_037, description: 'no message found' }
const streamNotFound = { code: 404, err_code: 10_059, description: 'stream not found' }

/** A NATS server: what its stream keeps outlives its processes. It is slow, deaf and forgetful as the plan has it. */
export class SimulatedNats implements Host<NatsUp, NatsDown> {
  readonly name = 'nats'
  readonly ears: NatsEars[] = []
  readonly plan: NatsPlan
  readonly #timeline: Timeline
  readonly #random: Random
  #process: SimulatedProcess | undefined
  #readyAtMs = 0
  #stream: SimulatedStream | undefined
  /** The stream, until it is emptied or made anew, or others push the last event out of one that keeps few messages. */
  #place: object = {}
  /** How long it takes over each message at most. */
  slownessMs = 0
  readonly #clients = new Set<Client>()
  /** What clients said that is not read for a while. */
  readonly #unread = new Map<Client, (() => void)[]>()
  /** What waits while it is slow. */
  #turns: (() => void)[] = []

  constructor(timeline: Timeline, random: Random, plan: NatsPlan) {
    this.plan = plan
    this.#timeline = timeline
    this.#random = random
    if (plan.stream !== undefined) this.#stream = new SimulatedStream(streamName, plan.stream, 0)
    this.start()
  }

  /** Where what is sent now is to be read. */
  get place(): object {
    return this.#place
  }

  get process(): SimulatedProcess | undefined {
    return this.#process
  }

  /** Starts a process, unless one runs; JetStream is ready a little later. */
  start(): void {
    if (this.#process !== undefined) return
    this.#process = new SimulatedProcess(this.name, this.#timeline, { rate: 1, wallOffsetMicros: 0 })
    this.#readyAtMs = this.#timeline.nowMs + this.#random.fraction() * this.plan.readyMs
    this.#turns = []
    this.#clients.clear()
    this.#unread.clear()
    this.#stream?.restart(this.#timeline.nowMs)
  }

  /** Ends the process, as SIGKILL does: what it has acknowledged is in its files. */
  kill(): SimulatedProcess | undefined {
    const process = this.#process
    process?.kill()
    this.#process = undefined
    return process
  }

  /** For so long nothing is read of what its clients of now say; others are served. */
  stall(lastsMs: number): void {
    const process = this.#process
    for (const client of this.#clients) {
      if (this.#unread.has(client)) continue
      const waiting: (() => void)[] = []
      this.#unread.set(client, waiting)
      this.#timeline.after(lastsMs, () =>
        process?.receive(() => {
          this.#unread.delete(client)
          for (const read of waiting) read()
        }),
      )
    }
  }

  /** An operator deletes the stream. */
  deleteStream(): void {
    this.#stream = undefined
    this.#place = {}
  }

  /** An operator empties the stream. */
  purgeStream(): void {
    this.#stream?.purge()
    this.#place = {}
  }

  /** Somebody else publishes on a subject of the stream. */
  publishStray(): void {
    const stray = { subject: 'leases.sim.acquired.stray', data: '{}', headers: undefined }
    if (this.#process === undefined || !this.plan.hasJetStream) return
    this.#stream?.publish(stray, this.#timeline.nowMs)
    if (this.#stream?.keepsLastEvent === false) this.#place = {}
  }

  accept(client: Client): Ear<NatsUp> {
    const { hasJetStream, maxPayload } = this.plan
    const process = this.#process
    process?.receive(() => client.sendDown({ type: 'hello', hasJetStream, maxPayload }))
    this.#clients.add(client)
    return {
      message: up => {
        const take = (): void => this.#take(client, up)
        // JetStream's storage holds no ping up; what is only passed on comes before the answer to a ping.
        const read = (): void => (up.type === 'ping' && hasJetStream ? take() : this.#inTurn(take))
        const unread = this.#unread.get(client)
        if (unread === undefined) read()
        else unread.push(read)
      },
      end: () => void this.#clients.delete(client),
    }
  }

  /** Does what is asked when what was asked before is done. */
  #inTurn(run: () => void): void {
    if (this.slownessMs === 0 && this.#turns.length === 0) run()
    else if (this.#turns.push(run) === 1) this.#nextTurn()
  }

  #nextTurn(): void {
    const process = this.#process
    this.#timeline.after(this.slownessMs * this.#random.fraction(), () =>
      process?.receive(() => {
        this.#turns[0]?.()
        this.#turns.shift()
        if (this.#turns.length > 0) this.#nextTurn()
      }),
    )
  }

  #take(client: Client, up: NatsUp): void {
    if (up.type === 'ping') client.sendDown({ type: 'pong' })
    else if (up.type === 'request') client.sendDown({ type: 'answer', id: up.id, answer: this.#answer(up.request) })
    else this.#publish(client, up)
  }

  get #hasJetStream(): boolean {
    return this.plan.hasJetStream && this.#timeline.nowMs >= this.#readyAtMs
  }

  #publish(client: Client, { message, reply, place }: NatsUp & { type: 'publish' }): void {
    const { lostMessages, lostAcks } = this.plan
    const stream = this.#hasJetStream && this.#stream?.captures(message.subject) ? this.#stream : undefined
    if (stream === undefined) {
      if (reply !== undefined) client.sendDown({ type: 'message', message: nobody(reply) })
      else if (!isForStream(message)) for (const ear of this.ears) ear.told(message, client, false)
      return
    }
    if (this.#random.fraction() < lostMessages) return
    const before = stream.standing.lastSequence
    const ack = stream.publish(message, this.#timeline.nowMs)
    const isNew = stream.standing.lastSequence > before
    for (const ear of this.ears) {
      if (isNew) ear.told(message, this.#place, place !== this.#place)
      else if ('duplicate' in ack) ear.known(message, this.#place)
    }
    if (isNew && !stream.keepsLastEvent) this.#place = {}
    if (reply === undefined || this.#random.fraction() < lostAcks) return
    client.sendDown({
      type: 'message',
      message: { subject: reply, data: JSON.stringify(ack), headers: undefined },
    })
  }

  #answer(request: ApiRequest): ApiAnswer {
    if (!this.#hasJetStream) return { type: 'nobody' }
    const stream = this.#stream
    if (request.type === 'account') return { type: 'done' }
    if (request.type === 'add' && stream === undefined) {
      const { subjects, duplicateWindowMs } = request
      const plan = { subjects, duplicateWindowMs, maxMessages: Number.POSITIVE_INFINITY }
      const made = new SimulatedStream(streamName, plan, this.#timeline.nowMs)
      this.#stream = made
      return { type: 'standing', standing: made.standing }
    }
    if (stream === undefined) return { type: 'error', error: streamNotFound }
    if (request.type === 'get') {
      const message = stream.at(request.sequence)
      return message === undefined ? { type: 'error', error: messageNotFound } : { type: 'message', message }
    }
    if (request.type === 'update') stream.subjects = request.subjects
    return { type: 'standing', standing: stream.standing }
  }
}

/** Whether a message is for no other reader than those of the stream, which may be gone. */
const isForStream = ({ headers }: NatsMessage): boolean => headers?.get('Nats-Expected-Stream') === streamName

const nobody = (subject: string): NatsMessage => ({ subject, data: '', headers: makeHeaders(503, 'No Responders') })
