import { lead } from '../../../agents/runtime/lead.js'
import { sleep } from '../../../client/sleep.js'
import type { Actor } from './actor.js'
import { namespace } from './actor.js'
import { runGuarded } from './guardian.js'

/** Leads by turns, as scheduler-leader does: a guarded command works, and the lease is released when it is gone. */
export function beLeader(actor: Actor, name: string): void {
  const { process, random } = actor
  const leadership = {
    namespace,
    name,
    holderIdentity: process.name,
    leaseDurationMs: actor.leaseDurationMs(2_000, 15_000),
    priority: Math.floor(random.fraction() * 3),
    ...(random.fraction() < 0.3 ? { takeoverDelayMs: Math.ceil(actor.between(1, 3_000)) } : {}),
  }
  actor.does(
    lead(actor.context(), leadership, async hold => {
      if (hold.isHeld()) await runGuarded(actor, hold)
      await sleep(process, actor.between(0, 1_000), actor.stopping.signal)
      return undefined
    }),
  )
}
