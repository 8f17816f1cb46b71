import { keepPresence } from '../../../agents/presence/presence.js'
import { uuid } from '../../../clock/random.js'
import type { Actor } from './actor.js'
import { namespace } from './actor.js'

/**
 * Is there, as kubelet-heartbeat and apiserver-identity are. All presences of a lease are processes of one holder: the one
 * that started last supersedes the others, which end, and are started again by somebody after a while.
 */
export function bePresent(actor: Actor, name: string): void {
  const { process, random, world } = actor
  const isMarked = world.plan.seed % 2 === 0
  const holderIdentity = isMarked ? `node-${name}_${uuid(random)}` : `node-${name}`
  const leaseDurationMs = actor.leaseDurationMs(2_000, 15_000)
  const lease = { namespace, name, holderIdentity, leaseDurationMs, renewIntervalMs: leaseDurationMs / 4 }
  const context = actor.context()
  const accompany = (hold: ReturnType<typeof context.session.acquire>): (() => void) => {
    const write = (): void => {
      if (hold.isHeld()) world.resource.write(process, name, hold.fencingToken)
      if (!hold.signal.aborted) process.setTimer(actor.between(500, 3_000), write)
    }
    write()
    return () => {}
  }
  actor.does(
    keepPresence({ session: context.session, lease, accompany }, context).then(end => {
      if (end !== 'superseded') return
      world.count('superseded presences')
      world.end(actor)
      world.timeline.after(actor.between(1_000, 60_000), () => world.live(actor.plan))
    }),
  )
}
