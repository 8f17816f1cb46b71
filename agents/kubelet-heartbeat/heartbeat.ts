import { AcquireError, LeaseLostError } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { AgentContext, AgentSession } from '../runtime/agent.js'
import { whenAborted } from '../runtime/when-aborted.js'
import type { Gate } from './check.js'

/** A kubelet's waits between its tries to have a lease at all. */
const firstBackoffMs = 200
const longestBackoffMs = 7_000

export interface HeartbeatOptions {
  readonly namespace: string
  readonly leaseDurationMs: number
  readonly renewIntervalMs: number
  readonly gate: Gate
  readonly session: AgentSession
}

/**
 * Keeps the lease of one node, named like it and held by it. While the gate is closed the lease is not renewed, and runs
 * out; when it opens again the lease is renewed, or acquired anew.
 *
 * It listens to nothing but its own hold, since there may be very many heartbeats in a process: at a stop the session is
 * closed, and the next change ends it.
 *
 * @returns 'superseded' when another process of the same node has taken over; 'stopped' some time after a stop.
 * @throws AcquireError when the coordinator will never accept the lease.
 */
export async function heartbeat(
  node: string,
  { namespace, leaseDurationMs, renewIntervalMs, gate, session }: HeartbeatOptions,
  { log, clock, signal }: Pick<AgentContext, 'log' | 'clock' | 'signal'>,
): Promise<'stopped' | 'superseded'> {
  const lease = `${namespace}/${node}`
  let backoffMs = firstBackoffMs
  for (;;) {
    await whenOpen(gate)
    if (signal.aborted) return 'stopped'
    const hold = session.acquire({
      namespace,
      name: node,
      holderIdentity: node,
      leaseDurationMs,
      renewIntervalMs,
      supersede: true,
    })
    const unsubscribe = gate.onChange(isOpen => hold.setRenewing(isOpen))
    const held = (): void => {
      backoffMs = firstBackoffMs
      log.info({ lease, fencingToken: hold.fencingToken }, 'the node is alive')
      hold.setRenewing(gate.isOpen)
    }
    // A rejection is told by hold.signal, too.
    hold.whenHeld().then(held, () => {})
    await whenAborted(hold.signal)
    unsubscribe()
    if (signal.aborted) return 'stopped'
    const ending = hold.error
    if (ending instanceof LeaseLostError && ending.lossCause === 'superseded') {
      log.warn({ lease }, 'another process of this node has taken over')
      return 'superseded'
    }
    if (ending instanceof AcquireError && ending.reason === 'INVALID_REQUEST') throw ending
    log.warn({ lease, reason: ending?.message }, 'the node has no lease now')
    if (ending instanceof LeaseLostError) continue
    await sleep(clock, backoffMs)
    backoffMs = Math.min(backoffMs * 2, longestBackoffMs)
  }
}

async function whenOpen(gate: Gate): Promise<void> {
  if (gate.isOpen) return
  await new Promise<void>(resolve => {
    const unsubscribe = gate.onChange(() => {
      unsubscribe()
      resolve()
    })
  })
}
