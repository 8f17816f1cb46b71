import { agentCommand, type Command } from '../fleet/commands.js'
import { natsUrl, type Place } from '../fleet/place.js'

const hostnames = ['kind-control-plane', 'kind-control-plane2', 'kind-control-plane3'] as const

/**
 * The agents of a small cluster: this host's heartbeat, two schedulers of which one leads, three API servers, and the
 * monitor that says whether nodes are Ready.
 */
export const agentCommands = (place: Place): Command[] => [
  agentCommand(place, 'kubelet-heartbeat', 'kubelet-heartbeat'),
  ...['scheduler-a', 'scheduler-b'].map(identity =>
    agentCommand(place, identity, 'scheduler-leader', ['--lease', 'kube-scheduler', '--identity', identity]),
  ),
  ...hostnames.map(hostname =>
    agentCommand(place, `apiserver-${hostname}`, 'apiserver-identity', ['--hostname', hostname]),
  ),
  agentCommand(place, 'node-monitor', 'node-monitor', ['--nats', natsUrl(place)]),
]
