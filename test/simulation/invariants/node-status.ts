import { statusLabel } from '../../../agents/node-monitor/node-status.js'
import { graceMs, nodesNamespace } from '../actors/fleet.js'
import type { InvariantMaker } from './invariant.js'

/** By how much the clock of a monitor may be ahead in a second, and what a heartbeat may have over the label. */
const fastest = 1.0101

/** How long it may take to tell what was decided, when the way to the coordinator is slow. */
const tellWithinMs = 20_000

/**
 * No node is called Unknown that was never silent for the grace period, whoever was asleep or cut off meanwhile. One whose
 * heartbeat comes back while that is told may still be called so.
 */
export const nodeStatus: InvariantMaker = world => {
  /** When the last heartbeat of each node was durable, by its lease's id. */
  const heardMs = new Map<number, number>()
  /** When one came after a silence of the grace period. */
  const backMs = new Map<number, number>()
  const hear = (id: number): void => {
    const { nowMs } = world.timeline
    if (nowMs - (heardMs.get(id) ?? nowMs) >= graceMs / fastest) backMs.set(id, nowMs)
    heardMs.set(id, nowMs)
  }
  world.coordinator.ears.push({
    durable(records) {
      const { nowMs } = world.timeline
      for (const record of records) {
        if (record.type === 'published') continue
        if (record.type === 'renewed') {
          for (const id of record.leaseIds) if (heardMs.has(id)) hear(id)
          continue
        }
        const { id, namespace, name, labels, state } = record.lease
        if (namespace !== nodesNamespace) continue
        if (record.type !== 'updated' && state === 'held') hear(id)
        const status = labels?.[statusLabel]
        if (record.type !== 'updated' || status === record.previousLabels?.[statusLabel]) continue
        world.count(`nodes ${status}`)
        const silentMs = nowMs - (heardMs.get(id) ?? Number.NEGATIVE_INFINITY)
        const isBackJustNow = nowMs - (backMs.get(id) ?? Number.NEGATIVE_INFINITY) < tellWithinMs
        if (status === 'Unknown' && silentMs < graceMs / fastest && !isBackJustNow) {
          world.fail(`node ${name} is called Unknown ${silentMs.toFixed(0)} ms after a heartbeat`, 'nodeStatus')
        }
      }
    },
  })
  return { check: () => undefined }
}
