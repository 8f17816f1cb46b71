import type { Lease } from '../../client/index.js'
import { type EventMessage, eventHeaders } from '../../events/event-message.js'
import type { StatusChange } from './node-status.js'

/** Who tells, for those who read and for those who must refuse a monitor that was replaced. */
export interface Monitor {
  /** Where the nodes' leases are. */
  readonly namespace: string
  readonly holderIdentity: string
  /** The token of the monitor's own lease: grows with each monitor. */
  readonly fencingToken: number
}

/** The JSON data of a node's event. */
export interface NodeEventData {
  readonly node: string
  readonly status: string
  /** Absent for a node that had no status. */
  readonly previousStatus?: string
  /** For people. */
  readonly reason: string
  /** The lease's renewTime: for people, who wrote it is not known. */
  readonly lastHeartbeat?: string
  /** How long the monitor had not heard of the node. */
  readonly silentForMs: number
  readonly holderIdentity?: string
  readonly monitor: string
  /** A decimal string: it outgrows what some JSON readers keep exact. */
  readonly monitorFencingToken: string
}

/** What the stream of node events captures. */
export const streamSubject = 'nodes.>'

/** Of an identity that somebody made longer than this nothing is told, for the message to fit. */
const longestIdentity = 1_024

/**
 * The message of a node's new status. Its id names the lease as it was last renewed: two monitors that tell of the same
 * silence, one after the other, tell the same event.
 *
 * @param lease the node's, just read.
 * @param wallMicros for people.
 */
export function nodeMessage(change: StatusChange, lease: Lease, monitor: Monitor, wallMicros: number): EventMessage {
  const { node, status, previousStatus, silentForMs } = change
  const { renewTime, holderIdentity = '' } = lease
  const type = status.toLowerCase()
  const data: NodeEventData = {
    node,
    status,
    ...(previousStatus === undefined ? {} : { previousStatus }),
    reason: reasonOf(change),
    ...(renewTime === undefined ? {} : { lastHeartbeat: renewTime }),
    silentForMs,
    ...(holderIdentity === '' || holderIdentity.length > longestIdentity ? {} : { holderIdentity }),
    monitor: monitor.holderIdentity,
    monitorFencingToken: String(monitor.fencingToken),
  }
  return {
    subject: `nodes.${node}.${type}`,
    headers: {
      ...commonHeaders(monitor, `${lease.uid}.${renewTime ?? lease.fencingToken}.${type}`, wallMicros),
      'ce-type': `dev.leasehold.node.${type}`,
      'ce-subject': node,
    },
    data: JSON.stringify(data),
  }
}

/** What was found when a disruption began or ended. */
export interface Disruption {
  readonly phase: 'began' | 'ended'
  /** How many nodes that are called Ready are silent. */
  readonly lost: number
  /** How many nodes are called Ready. */
  readonly ready: number
  /** How many nodes there are. */
  readonly nodes: number
}

/** The message of a disruption. An underscore is in no node's name. */
export function disruptionMessage(
  { phase, ...counts }: Disruption,
  monitor: Monitor,
  wallMicros: number,
): EventMessage {
  return {
    subject: `nodes._disruption.${phase}`,
    headers: {
      ...commonHeaders(monitor, `${monitor.fencingToken}.${wallMicros}.disruption.${phase}`, wallMicros),
      'ce-type': `dev.leasehold.nodes.disruption.${phase}`,
    },
    data: JSON.stringify({
      ...counts,
      monitor: monitor.holderIdentity,
      monitorFencingToken: String(monitor.fencingToken),
    }),
  }
}

function reasonOf({ status, previousStatus, silentForMs }: StatusChange): string {
  if (status === 'Unknown') return `no heartbeat for ${Math.round(silentForMs / 1e3)} s`
  return previousStatus === undefined ? 'the node is new' : 'its heartbeat is back'
}

const commonHeaders = ({ namespace }: Monitor, id: string, wallMicros: number): Record<string, string> => ({
  ...eventHeaders(id, `/leasehold/nodes/${namespace}`),
  'ce-time': new Date(wallMicros / 1e3).toISOString(),
})
