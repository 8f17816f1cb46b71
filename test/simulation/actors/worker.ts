import type { Actor } from './actor.js'
import { namespace } from './actor.js'

/** Wants a lease again and again: waits for it, works for a while, gives it up. */
export function work(actor: Actor, lease: string): void {
  const { client, process, random, world } = actor
  const session = random.fraction() < 0.5 ? actor.session : client.openSession()
  const hasCadence = random.fraction() < 0.3
  const again = (): void => {
    if (world.isOver || actor.stopping.signal.aborted) return
    const leaseDurationMs = actor.leaseDurationMs(1_000, 15_000)
    const hold = actor.watch(
      session.acquire({
        namespace,
        name: lease,
        holderIdentity: process.name,
        leaseDurationMs,
        ...(hasCadence ? { renewIntervalMs: leaseDurationMs * actor.between(0.1, 0.4) } : {}),
        priority: Math.floor(random.fraction() * 2),
      }),
    )
    hold.signal.addEventListener('abort', () => process.setTimer(random.fraction() * 2_000, again))
    hold.whenHeld().then(
      () => {
        world.count('grants')
        const step = (): void => {
          if (!hold.isHeld()) return
          world.resource.write(process, lease, hold.fencingToken)
          process.setTimer(random.fraction() * 3_000, random.fraction() < 0.1 ? () => void hold.release() : step)
        }
        step()
      },
      () => {},
    )
  }
  again()
}
