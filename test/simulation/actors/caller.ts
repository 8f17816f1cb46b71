import { type Lease, type Renewal, TransportError } from '../../../client/index.js'
import { sleep } from '../../../client/sleep.js'
import type { Actor, Belief } from './actor.js'
import { namespace } from './actor.js'

/** What a caller may believe of a lease's duration after it sent the request. */
const holderShare = 0.97

/** What no plan leads to. */
const unexpected: readonly string[] = ['INTERNAL', 'UNKNOWN', 'UNIMPLEMENTED']

/** Uses the resource API, without a session: takes and keeps a lease by calls, and meddles with those of others. */
export function call(actor: Actor, name: string): void {
  actor.does(calls(actor, name))
}

async function calls(actor: Actor, name: string): Promise<void> {
  const { process, random, world } = actor
  const { signal } = actor.stopping
  // Meddling takes leases from their holders, whose promises then end: most callers leave it.
  const meddles = random.fraction() < 0.4
  const spent: number[] = []
  while (!signal.aborted && !world.isOver) {
    try {
      if (random.fraction() < 0.5) {
        const token = await tenancy(actor, name)
        if (token !== undefined) spent.push(token)
      } else await look(actor, name)
      if (random.fraction() < 0.2) await insist(actor, name, spent.at(-1))
      if (meddles) await meddle(actor, name)
    } catch (error) {
      if (!(error instanceof TransportError) || unexpected.includes(error.status)) throw error
      world.count(`refused ${error.reason || error.status}`)
    }
    await sleep(process, actor.between(0, 4_000), signal)
  }
}

/** Acquires, renews as it is told, writes while it may, and releases or does not; returns the token that it gave back. */
async function tenancy(actor: Actor, name: string): Promise<number | undefined> {
  const { client, process, random, world } = actor
  const { signal } = actor.stopping
  const leaseDurationMs = actor.leaseDurationMs(1_000, 10_000)
  const takeover = random.fraction() < 0.3 ? { takeoverDelayMs: Math.ceil(actor.between(1, 5_000)) } : {}
  const { instance } = actor
  const acquire = { namespace, name, holderIdentity: process.name, instance, leaseDurationMs, ...takeover }
  let sentMs = process.sinceBootMs()
  let renewal: Renewal = await client.acquireOnce(acquire)
  const { fencingToken } = renewal.lease
  let untilMs = 0
  const belief: Belief = { name, leaseDurationMs, fencingToken, isHeld: () => process.sinceBootMs() < untilMs }
  actor.holds.add(belief)
  world.count('unary grants')
  try {
    for (;;) {
      untilMs = Math.max(untilMs, sentMs + holderShare * (renewal.lease.leaseDurationMs ?? 0))
      if (!belief.isHeld()) return undefined
      world.resource.write(process, name, fencingToken)
      await sleep(process, Math.min(renewal.renewAfterMs, actor.between(0, 2 * renewal.renewAfterMs)), signal)
      if (signal.aborted || random.fraction() < 0.2) break
      if (!belief.isHeld()) return undefined
      sentMs = process.sinceBootMs()
      renewal = await client.renew({ namespace, name, fencingToken })
    }
  } finally {
    untilMs = 0
    actor.holds.delete(belief)
  }
  if (random.fraction() < 0.2) return undefined
  try {
    await client.release({ namespace, name, fencingToken })
    return fencingToken
  } catch (error) {
    // It may still arrive, and must not end what is acquired meanwhile.
    actor.renewInstance()
    throw error
  }
}

/** Renews or releases by a token that is over, as somebody does who does not know; it comes to nothing. */
async function insist({ client, random }: Actor, name: string, fencingToken: number | undefined): Promise<void> {
  if (fencingToken === undefined) return
  const tenancy = { namespace, name, fencingToken }
  await (random.fraction() < 0.5 ? client.renew(tenancy) : client.release(tenancy))
}

/** Reads what there is. */
async function look(actor: Actor, name: string): Promise<void> {
  const { client, random } = actor
  if (random.fraction() < 0.5) {
    const lease = await client.get({ namespace, name })
    await client.checkFencingToken({ namespace, name, fencingToken: lease.fencingToken })
  } else for await (const _ of client.list({ namespace, pageSize: 1 + Math.floor(random.fraction() * 3) }));
}

/** Creates, changes, takes back and deletes. */
async function meddle(actor: Actor, name: string): Promise<void> {
  const { client, random } = actor
  const draw = random.fraction()
  if (draw < 0.2) await client.create({ namespace, name, labels: { made: 'created' } })
  else if (draw < 0.3) {
    await client.create({ namespace, name, holderIdentity: actor.process.name, leaseDurationMs: 2_000 })
  } else if (draw < 0.5) await change(actor, await client.get({ namespace, name }))
  else if (draw < 0.6) await client.revoke({ namespace, name })
  else if (draw < 0.7) await client.delete({ namespace, name })
}

async function change(actor: Actor, { uid, resourceVersion, labels, ...lease }: Lease): Promise<void> {
  const { client, random } = actor
  const draw = random.fraction()
  await client.update({
    namespace,
    name: lease.name,
    ...(random.fraction() < 0.5 ? { uid, resourceVersion } : {}),
    ...(draw < 0.4 ? { labels: { ...labels, turn: String(Math.floor(random.fraction() * 10)) } } : {}),
    ...(draw > 0.3 && draw < 0.6 ? { leaseDurationMs: actor.leaseDurationMs(1_000, 10_000) } : {}),
    ...(draw > 0.5 ? { takeoverDelayMs: Math.ceil(actor.between(1, 5_000)) } : {}),
  })
}
