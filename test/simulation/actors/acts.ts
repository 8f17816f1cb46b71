import type { ActorType } from '../plan.js'
import type { Actor } from './actor.js'
import { call } from './caller.js'
import { workExclusively } from './exclusive.js'
import { beMonitor, beNode } from './fleet.js'
import { elect } from './kubernetes.js'
import { beLeader } from './leader.js'
import { bePresent } from './presence.js'
import { watch } from './watcher.js'
import { work } from './worker.js'

/** What an actor of each type does with each of its leases. */
export const acts: Record<ActorType, (actor: Actor, lease: string) => void> = {
  worker: work,
  leader: beLeader,
  presence: bePresent,
  exclusive: workExclusively,
  caller: call,
  watcher: watch,
  node: beNode,
  monitor: beMonitor,
  kubernetes: elect,
}
