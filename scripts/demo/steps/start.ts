import {
  apiserverCommand,
  apiservers,
  durations,
  monitorCommand,
  nodeCommand,
  nodes,
  schedulerCommand,
  schedulers,
} from '../agents.js'
import { leases, nodeStatuses, showLeasectl, type Tour } from '../tour.js'

/** All agents start and get their leases. */
export async function start(tour: Tour): Promise<void> {
  const { guide, fleet, place, report } = tour
  guide.step('A small cluster starts')
  guide.say(
    'NATS and the coordinator run on this machine. Beside them: three nodes that tell that they are alive, two',
    'schedulers of which one may lead, three API servers that tell that they are there, and a monitor of the nodes.',
    `A leader's lease runs ${durations.leader} s, as in Kubernetes. A node's runs ${durations.node} s, and a node is Unknown after ${durations.grace} s of silence:`,
    'Kubernetes has 40 s and 50 s, and the tour would be longer.',
  )
  for (const node of nodes) fleet.startAgent(nodeCommand(place, node))
  for (const identity of schedulers) fleet.startAgent(schedulerCommand(place, identity, report))
  for (const hostname of apiservers) fleet.startAgent(apiserverCommand(place, hostname))
  fleet.startAgent(monitorCommand(place))
  const expected = nodes.length + 1 + apiservers.length + 1
  let held = 0
  await guide.until(
    `${expected} leases are held`,
    async () => {
      held = [...(await leases(tour)).values()].filter(({ state }) => state === 'held').length
      return held === expected || undefined
    },
    () => `${held} are`,
  )
  const readyNodes = (): string[] => nodeStatuses(tour).flatMap(({ node, status }) => (status === 'Ready' ? node : []))
  await guide.until(
    'every node is Ready',
    () => nodes.every(node => readyNodes().includes(node)) || undefined,
    () => readyNodes().join(', '),
  )
  await showLeasectl(tour, 'get', 'leases', '-A', '-l', '!k8s.io/component', '-o', 'wide')
  await showLeasectl(tour, '-n', 'kube-system', 'get', 'lease', '-l', 'k8s.io/component=kube-apiserver')
  await showLeasectl(tour, 'get', 'nodes')
}
