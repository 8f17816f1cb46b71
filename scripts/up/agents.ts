import { agentCommand, type Command } from '../fleet/commands.js'
import type { Place } from '../fleet/place.js'

/** The agents of a small cluster: this host's heartbeat, and two schedulers of which one leads. */
export function agentCommands(place: Place): Command[] {
  const scheduler = (identity: string): Command =>
    agentCommand(place, identity, 'scheduler-leader', '--lease', 'kube-scheduler', '--identity', identity)
  return [
    agentCommand(place, 'kubelet-heartbeat', 'kubelet-heartbeat'),
    scheduler('scheduler-a'),
    scheduler('scheduler-b'),
  ]
}
