import { connect } from 'nats'

/** One event as NATS keeps it, or one change as a watch told it: what of both can be compared. */
export interface Told {
  readonly revision: number
  /** 'acquired', 'expired' and so on. */
  readonly type: string
  /** NAMESPACE/NAME. */
  readonly lease: string
}

export const toldText = ({ revision, type, lease }: Told): string => `${revision} ${type} ${lease}`

/** Every event in the stream LEASE_EVENTS, in its order. */
export async function readEventStream(url: string): Promise<Told[]> {
  const connection = await connect({ servers: url, name: 'demo', reconnect: false })
  try {
    const { state } = await (await connection.jetstreamManager()).streams.info('LEASE_EVENTS')
    const events: Told[] = []
    if (state.messages === 0) return events
    const consumer = await connection.jetstream().consumers.get('LEASE_EVENTS')
    for await (const { headers, info } of await consumer.consume()) {
      const header = (name: string): string => headers?.get(name) ?? ''
      events.push({
        revision: Number(header('ce-id').split('.').at(-1)),
        type: header('ce-type').split('.').at(-1) ?? '',
        lease: header('ce-subject'),
      })
      if (info.pending === 0) break
    }
    return events
  } finally {
    await connection.close()
  }
}
