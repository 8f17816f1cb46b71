import type { EventServer } from '../../../agents/node-monitor/event-queue.js'
import { type Lease, type LeaseUpdate, TransportError } from '../../../client/index.js'
import type { EventMessage } from '../../../events/event-message.js'
import { nodeLease } from './nodes.js'

/** The coordinator's side of get and update, for leases of one namespace. */
export class FakeLeases {
  readonly #leases = new Map<string, Lease>()
  /** As in 'get n-1'. */
  readonly calls: string[] = []
  /** How many calls are under way, now and at most. */
  underWay = 0
  mostUnderWay = 0
  /** Thrown by every call while it is set. */
  failure: TransportError | undefined
  /** Runs once between the next read and the write after it. */
  between: (() => void) | undefined

  add(name: string, fields: Partial<Lease> = {}): void {
    this.#leases.set(name, nodeLease(name, fields))
  }

  delete(name: string): void {
    this.#leases.delete(name)
  }

  of(name: string): Lease {
    const lease = this.#leases.get(name)
    if (lease === undefined) throw new TransportError('NOT_FOUND', `there is no lease ${name}`)
    return lease
  }

  change(name: string, fields: Partial<Lease>): void {
    const lease = this.of(name)
    this.#leases.set(name, { ...lease, ...fields, resourceVersion: String(Number(lease.resourceVersion) + 1) })
  }

  status(name: string): string | undefined {
    return this.of(name).labels['leasehold.dev/node-status']
  }

  async get({ name }: { name: string }): Promise<Lease> {
    return this.#call(`get ${name}`, () => this.of(name))
  }

  async update({ name, resourceVersion, labels = {} }: LeaseUpdate): Promise<Lease> {
    this.between?.()
    this.between = undefined
    return this.#call(`update ${name}`, () => {
      if (this.of(name).resourceVersion !== resourceVersion) {
        throw new TransportError('ABORTED', 'read it again', { reason: 'REVISION_MISMATCH' })
      }
      this.change(name, { labels })
      return this.of(name)
    })
  }

  async #call<T>(name: string, answer: () => T): Promise<T> {
    this.calls.push(name)
    this.underWay += 1
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    await null
    this.underWay -= 1
    if (this.failure !== undefined) throw this.failure
    return answer()
  }
}

/** A NATS that a test takes away and brings back. */
export class FakeNats {
  readonly subjects: string[] = []
  readonly messages: EventMessage[] = []
  isAway = false
  /** The last of a batch is refused. */
  refusesLast = false
  connects = 0
  #close: () => void = () => {}

  connect = async (): Promise<EventServer> => {
    this.connects += 1
    if (this.isAway) throw new Error('nobody is there')
    const nats = this
    let isClosed = false
    const closed = new Promise<void>(resolve => {
      this.#close = () => {
        isClosed = true
        resolve()
      }
    })
    return {
      address: '127.0.0.1:4222',
      isJetStream: true,
      get isClosed() {
        return isClosed
      },
      closed: () => closed,
      close: async () => this.#close(),
      publish: async messages => {
        if (nats.isAway) return messages.map(() => ({ status: 'rejected', reason: new Error('no answer') }) as const)
        const taken = nats.refusesLast ? messages.slice(0, -1) : messages
        nats.messages.push(...taken)
        nats.subjects.push(...taken.map(({ subject }) => subject))
        return messages.map((_, index) =>
          index < taken.length
            ? ({ status: 'fulfilled', value: undefined } as const)
            : ({ status: 'rejected', reason: new Error('refused') } as const),
        )
      },
    }
  }

  goAway(): void {
    this.isAway = true
    this.#close()
  }
}
