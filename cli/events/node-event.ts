import { type EventMessage, parseData } from './event-message.js'

/** What happened to nodes, as the node-monitor tells it on NATS. */
export type NodeEvent = NodeStatusEvent | DisruptionEvent

/** A node is called something else. */
export interface NodeStatusEvent {
  readonly kind: 'node'
  /** 'Ready' or 'Unknown'. */
  readonly status: string
  /** When it was told, RFC 3339; undefined where the message does not tell. */
  readonly time: string | undefined
  readonly node: string
  /** For people. */
  readonly reason: string
  /** The message's data. */
  readonly data: object
}

/** So many nodes are silent at once that the monitor calls none of them Unknown. */
export interface DisruptionEvent {
  readonly kind: 'disruption'
  /** 'began' or 'ended'. */
  readonly phase: string
  readonly time: string | undefined
  /** How many of the nodes that are called Ready are silent. */
  readonly lost: number
  readonly ready: number
  readonly data: object
}

const statusType = /^dev\.leasehold\.node\.(ready|unknown)$/
const disruptionType = /^dev\.leasehold\.nodes\.disruption\.(began|ended)$/

/** Reads a CloudEvent of the node-monitor; undefined for any other message. */
export function readNodeEvent(message: EventMessage): NodeEvent | undefined {
  const type = message.header('ce-type')
  const time = message.header('ce-time') || undefined
  if (statusType.test(type)) {
    const data = parseData<{ node?: string; status?: string; reason?: string }>(message.text)
    const { node = '', status = '', reason = '' } = data ?? {}
    return data && { kind: 'node', status, time, node, reason, data }
  }
  const [, phase] = disruptionType.exec(type) ?? []
  if (phase === undefined) return undefined
  const data = parseData<{ lost?: number; ready?: number }>(message.text)
  return data && { kind: 'disruption', phase, time, lost: data.lost ?? 0, ready: data.ready ?? 0, data }
}
