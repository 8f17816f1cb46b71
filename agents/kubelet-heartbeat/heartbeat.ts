import type { Hold } from '../../client/index.js'
import { keepPresence } from '../presence/presence.js'
import type { AgentContext, AgentSession } from '../runtime/agent.js'
import type { Gate } from './check.js'

export interface HeartbeatOptions {
  readonly namespace: string
  readonly leaseDurationMs: number
  /** By default when the coordinator says. */
  readonly renewIntervalMs?: number | undefined
  /** By default heartbeats always go on. */
  readonly gate?: Gate | undefined
  readonly session: AgentSession
}

/**
 * Keeps the lease of one node, named like it and held by it. While the gate is closed the lease is not renewed, and runs
 * out; when it opens again the lease is renewed, or acquired anew.
 *
 * @returns and throws as `keepPresence` does.
 */
export function heartbeat(
  node: string,
  { namespace, leaseDurationMs, renewIntervalMs, gate, session }: HeartbeatOptions,
  surroundings: Pick<AgentContext, 'client' | 'log' | 'clock' | 'signal'>,
): Promise<'stopped' | 'superseded'> {
  const interval = renewIntervalMs === undefined ? {} : { renewIntervalMs }
  const lease = { namespace, name: node, holderIdentity: node, leaseDurationMs, ...interval }
  if (gate === undefined) return keepPresence({ session, lease }, surroundings)
  const presence = {
    session,
    lease,
    whenReady: () => whenOpen(gate),
    accompany: (hold: Hold) => renewWhileOpen(hold, gate),
  }
  return keepPresence(presence, surroundings)
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

function renewWhileOpen(hold: Hold, gate: Gate): () => void {
  const follow = (): void => hold.setRenewing(gate.isOpen)
  // The end of a hold is the presence's matter.
  hold.whenHeld().then(follow, () => {})
  return gate.onChange(follow)
}
