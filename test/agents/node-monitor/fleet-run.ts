import type { ExecutionContext } from 'ava'
import { connect } from 'nats'
import type { NodeEventData } from '../../../agents/node-monitor/node-event.js'
import { connectClient, type LeaseholdClient } from '../../../client/index.js'
import { NatsServer } from '../../support/nats.js'
import { until } from '../../support/until.js'
import { type AgentProcess, startAgent } from '../agent-process.js'

/** Short, for tests that wait for it. */
export const graceMs = 3_000
const brief = ['--grace-period', `${graceMs}ms`, '--lease-duration', '3s'] as const

/** A monitor in a process of its own. */
export const startMonitor = (
  t: ExecutionContext,
  address: string,
  nats: NatsServer | undefined,
  ...more: readonly string[]
): AgentProcess =>
  startAgent(
    t,
    address,
    'node-monitor',
    ...brief,
    ...(nats === undefined ? ['--labels-only'] : ['--nats', nats.url]),
    ...more,
  )

export async function startNats(t: ExecutionContext, jetStream = true): Promise<NatsServer> {
  const nats = await NatsServer.start({ jetStream })
  t.teardown(() => nats.remove())
  return nats
}

/** Nodes whose heartbeats the test keeps, each of which it may stop. */
export class Nodes {
  readonly #holds = new Map<string, ReturnType<ReturnType<LeaseholdClient['openSession']>['acquire']>>()
  readonly #session: ReturnType<LeaseholdClient['openSession']>

  private constructor(client: LeaseholdClient) {
    this.#session = client.openSession()
  }

  /** With a client of their own, which leaves their leases at the end of the test. */
  static async start(t: ExecutionContext, address: string, names: readonly string[]): Promise<Nodes> {
    const client = connectClient({ addresses: [address] })
    t.teardown(() => client.close({ release: false }))
    const nodes = new Nodes(client)
    await Promise.all(names.map(name => nodes.start(name)))
    return nodes
  }

  /** Begins, or begins again, to keep the heartbeat of a node. */
  async start(name: string): Promise<void> {
    const known = this.#holds.get(name)
    if (known !== undefined) return known.setRenewing(true)
    const hold = this.#session.acquire({
      namespace: 'kube-node-lease',
      name,
      holderIdentity: name,
      leaseDurationMs: 600_000,
      renewIntervalMs: 250,
    })
    this.#holds.set(name, hold)
    await hold.whenHeld()
  }

  stop(...names: readonly string[]): void {
    for (const name of names) this.#holds.get(name)?.setRenewing(false)
  }
}

/** What the label of a node's lease says. */
export async function statusOf(client: LeaseholdClient, name: string): Promise<string | undefined> {
  const lease = await client.get({ namespace: 'kube-node-lease', name }).catch(() => undefined)
  return lease?.labels['leasehold.dev/node-status']
}

export const isReady = async (client: LeaseholdClient, ...names: readonly string[]): Promise<boolean> =>
  (await Promise.all(names.map(name => statusOf(client, name)))).every(status => status === 'Ready')

/** An event of the stream NODE_EVENTS. */
export interface NodeEvent {
  readonly subject: string
  readonly headers: ReadonlyMap<string, string>
  readonly data: NodeEventData
}

/** Every event of the stream, in its order. */
export async function nodeEvents(nats: NatsServer): Promise<NodeEvent[]> {
  const connection = await connect({ servers: nats.url, reconnect: false })
  try {
    const { streams } = await connection.jetstreamManager()
    const state = await streams.info('NODE_EVENTS').then(
      info => info.state,
      () => undefined,
    )
    const events: NodeEvent[] = []
    if (state === undefined || state.messages === 0) return events
    const consumer = await connection.jetstream().consumers.get('NODE_EVENTS')
    for await (const message of await consumer.consume()) {
      const headers = new Map([...(message.headers ?? [])].map(([name, [value = '']]) => [name, value]))
      events.push({ subject: message.subject, headers, data: message.json() })
      if (message.info.pending === 0) break
    }
    return events
  } finally {
    await connection.close()
  }
}

export const subjects = async (nats: NatsServer): Promise<string[]> =>
  (await nodeEvents(nats)).map(({ subject }) => subject)

/** Waits until time has passed in which a monitor that errs would have erred. */
export async function passMs(ms: number): Promise<void> {
  const startMs = performance.now()
  await until(() => performance.now() - startMs > ms)
}
