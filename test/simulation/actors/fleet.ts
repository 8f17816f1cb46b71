import { Term } from '../../../agents/node-monitor/monitor.js'
import { keepPresence } from '../../../agents/presence/presence.js'
import { lead } from '../../../agents/runtime/lead.js'
import type { Actor } from './actor.js'

/** Where the nodes' leases are. */
export const nodesNamespace = 'nodes'

/** How long a node may be silent; several of its heartbeats. */
export const graceMs = 10_000
const heartbeatMs = 2_000

/** Is a node: its heartbeat is a lease of its own. */
export function beNode(actor: Actor, name: string): void {
  const node = `${actor.plan.name}-${name}`
  const lease = { namespace: nodesNamespace, name: node, holderIdentity: node, leaseDurationMs: 8_000 }
  const context = actor.context()
  const presence = { session: context.session, lease: { ...lease, renewIntervalMs: heartbeatMs } }
  actor.does(
    keepPresence(presence, context).then(end => {
      if (end === 'superseded') actor.world.end(actor)
    }),
  )
}

/** Monitors the nodes by turns with others, as node-monitor does without NATS; once a process. */
export function beMonitor(actor: Actor, lease: string): void {
  const { process, random, world } = actor
  if (lease !== actor.plan.leases[0]) return
  const context = { ...actor.context(), note: () => {} }
  const leadership = {
    namespace: 'system',
    name: 'node-monitor',
    holderIdentity: process.name,
    leaseDurationMs: Math.floor(actor.between(2_000, 10_000)),
  }
  const disruptionPercent = random.fraction() < 0.5 ? 55 : 101
  const options = { namespace: nodesNamespace, graceMs, disruptionPercent, connect: undefined }
  actor.does(
    lead(context, leadership, async hold => {
      world.count('terms')
      await new Term(hold, context, options, { blind: () => world.count('blind monitors') }).run()
      return undefined
    }),
  )
}
