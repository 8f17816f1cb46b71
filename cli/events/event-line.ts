import { printable } from '../printable.js'
import type { LeaseEvent } from './lease-event.js'
import type { NodeEvent } from './node-event.js'

/**
 * An event as one line: time, event, lease, holder, token, and what else there is to say; for a node, its name and why.
 *
 * @param receivedMicros when the event was received, microseconds since the Unix epoch: its time where it tells none.
 */
export function eventLine(event: LeaseEvent | NodeEvent, receivedMicros: number): string {
  const received = new Date(receivedMicros / 1_000).toISOString()
  if (event.kind === 'gap') {
    return `${received}  gap          revisions ${event.fromRevision} to ${event.throughRevision} were not told: list again`
  }
  const time = event.time === undefined ? received : milliseconds(event.time)
  if (event.kind === 'node') {
    return `${time}  ${event.status.toLowerCase().padEnd(11)}  node ${event.node}  ${event.reason}`
  }
  if (event.kind === 'disruption') {
    return `${time}  disruption   ${event.phase}: ${event.lost} of the ${event.ready} nodes called Ready are silent`
  }
  const { type, namespace, name, holder, previousHolder, fencingToken, cause } = event
  const parts = [
    time,
    type.padEnd(11),
    `${namespace}/${name}`,
    `holder=${holder || '-'}`,
    `token=${fencingToken}`,
    ...(previousHolder === '' || previousHolder === holder ? [] : [`was=${previousHolder}`]),
    ...(cause === '' ? [] : [`cause=${cause}`]),
  ]
  return printable(parts.join('  '))
}

/** RFC 3339 with microseconds, cut to milliseconds: as long as a received time. */
const milliseconds = (time: string): string => time.replace(/(\.\d{3})\d*Z$/, '$1Z')
