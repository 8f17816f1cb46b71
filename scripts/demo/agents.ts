import { agentCommand, type Command } from '../fleet/commands.js'
import { natsUrl, type Place } from '../fleet/place.js'
import type { GuardedFile } from './guarded-file.js'

export const nodes = ['node-1', 'node-2', 'node-3'] as const
export const schedulers = ['scheduler-a', 'scheduler-b'] as const
export const apiservers = ['kind-control-plane', 'kind-control-plane2', 'kind-control-plane3'] as const

/** In seconds. Those of nodes are short, so that the tour is; a leader's outlasts the slow start of a coordinator. */
export const durations = { node: 10, grace: 12, leader: 15 } as const

/** How often nodes and API servers renew here; Kubernetes has 10 s. */
const renewInterval = ['--renew-interval', '2s'] as const

export const nodeCommand = (place: Place, node: string): Command =>
  agentCommand(place, node, 'kubelet-heartbeat', [
    ...['--node', node, '--lease-duration', `${durations.node}s`],
    ...renewInterval,
  ])

export const schedulerCommand = (place: Place, identity: string, report: GuardedFile): Command =>
  agentCommand(place, identity, 'scheduler-leader', [
    ...['--identity', identity, '--lease-duration', `${durations.leader}s`],
    ...['--', ...report.work()],
  ])

export const apiserverCommand = (place: Place, hostname: string): Command =>
  agentCommand(place, hostname, 'apiserver-identity', ['--hostname', hostname, ...renewInterval])

export const monitorCommand = (place: Place): Command =>
  agentCommand(place, 'node-monitor', 'node-monitor', [
    ...['--grace-period', `${durations.grace}s`, '--nats', natsUrl(place)],
  ])
