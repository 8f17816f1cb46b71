import { statusLabel } from '../../../agents/node-monitor/node-status.js'
import { graceMs, nodesNamespace } from '../actors/fleet.js'
import type { InvariantMaker } from './invariant.js'

/** By how much the clock of a monitor may be ahead in a second, and what a heartbeat may have over the label. */
const fastest = 1.0101

/** No node is called Unknown that has sent heartbeats within the grace period, whoever was asleep or cut off meanwhile. */
export const nodeStatus: InvariantMaker = world => {
  /** When the last heartbeat of each node was durable, by its lease's id. */
  const heardMs = new Map<number, number>()
  world.coordinator.ears.push({
    durable(records) {
      const { nowMs } = world.timeline
      for (const record of records) {
        if (record.type === 'published') continue
        if (record.type === 'renewed') {
          for (const id of record.leaseIds) if (heardMs.has(id)) heardMs.set(id, nowMs)
          continue
        }
        const { id, namespace, name, labels, state } = record.lease
        if (namespace !== nodesNamespace) continue
        if (record.type !== 'updated' && state === 'held') heardMs.set(id, nowMs)
        const status = labels?.[statusLabel]
        if (record.type !== 'updated' || status === record.previousLabels?.[statusLabel]) continue
        world.count(`nodes ${status}`)
        const silentMs = nowMs - (heardMs.get(id) ?? Number.NEGATIVE_INFINITY)
        if (status === 'Unknown' && silentMs < graceMs / fastest) {
          world.fail(`node ${name} is called Unknown ${silentMs.toFixed(0)} ms after a heartbeat`, 'nodeStatus')
        }
      }
    },
  })
  return { check: () => undefined }
}
