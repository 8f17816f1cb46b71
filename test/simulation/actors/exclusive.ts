import { AcquireError, type Hold, LeaseLostError } from '../../../client/index.js'
import { sleep } from '../../../client/sleep.js'
import type { Actor } from './actor.js'
import { namespace } from './actor.js'

/** Works under a lease by `withLease`, twice in one process: the works never overlap. */
export function workExclusively(actor: Actor, name: string): void {
  for (let times = 0; times < 2; times++) actor.does(turns(actor, name))
}

async function turns(actor: Actor, name: string): Promise<void> {
  const { client, process, random, world } = actor
  const { signal } = actor.stopping
  while (!signal.aborted && !world.isOver) {
    const lease = {
      namespace,
      name,
      holderIdentity: process.name,
      leaseDurationMs: actor.leaseDurationMs(1_000, 10_000),
      ...(random.fraction() < 0.3 ? { waitTimeoutMs: actor.between(10, 5_000) } : {}),
      ...(random.fraction() < 0.2 ? { takeoverDelayMs: Math.ceil(actor.between(1, 3_000)) } : {}),
    }
    try {
      await client.withLease({ ...lease, abandonWait: signal }, hold => work(actor, hold))
    } catch (error) {
      const isExpected = error instanceof AcquireError || error instanceof LeaseLostError || signal.aborted
      if (!isExpected) throw error
    }
    await sleep(process, actor.between(0, 2_000), signal)
  }
}

async function work(actor: Actor, hold: Hold): Promise<void> {
  const { process, world } = actor
  actor.watch(hold)
  world.count('exclusive works')
  const endMs = process.monotonicMs() + actor.between(0, 8_000)
  while (process.monotonicMs() < endMs && hold.isHeld() && !actor.stopping.signal.aborted) {
    world.resource.write(process, hold.name, hold.fencingToken)
    await sleep(process, actor.between(10, 1_000), hold.signal)
  }
}
