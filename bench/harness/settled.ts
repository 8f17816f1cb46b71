import { setTimeout as sleep } from 'node:timers/promises'
import type { CoordinatorProcess } from './coordinator-process.js'

/** How long it is watched at a time. */
const lookMs = 500

/** Whoever uses less CPU than that has nothing to do but to be looked at. */
const idleShare = 0.1

/**
 * Resolves when the coordinator has nothing left to do: its events are with NATS, its snapshot is written.
 *
 * @throws Error when it does not come to rest.
 */
export async function settled(coordinator: CoordinatorProcess, withinMs = 300_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (performance.now() < endMs) {
    const before = coordinator.usage().cpuSeconds
    await sleep(lookMs)
    const isIdle = (coordinator.usage().cpuSeconds - before) * 1e3 < idleShare * lookMs
    if (isIdle && (await coordinator.metric('leasehold_outbox_events')) === 0) return
  }
  throw new Error(`the coordinator is still busy after ${withinMs / 1e3} s`)
}
