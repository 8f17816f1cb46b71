import { eventLine } from '../../../cli/events/event-line.js'
import type { NodeStatusEvent } from '../../../cli/events/node-event.js'
import { durations, nodeCommand } from '../agents.js'
import { runLeasectl } from '../leasectl.js'
import { nodeStatuses, stopInOrder, type Tour } from '../tour.js'

const node = 'node-3'

/** A node stops and becomes Unknown; it starts again and is Ready. */
export async function nodeStops(tour: Tour): Promise<void> {
  const { guide, fleet, place } = tour
  guide.step('A node stops')
  guide.say(
    `The heartbeat of ${node} stops. Like a kubelet it leaves its lease, which runs out; after ${durations.grace} s of silence the`,
    'monitor calls the node Unknown.',
  )
  await becomes(tour, 'Unknown', () => stopInOrder(tour, node))
  guide.say('Its heartbeat starts again.')
  await becomes(tour, 'Ready', async () => void fleet.startAgent(nodeCommand(place, node)))
}

/** Does what changes the status, waits until NATS and the table of nodes tell it, and shows both. */
async function becomes(tour: Tour, status: 'Ready' | 'Unknown', change: () => Promise<void>): Promise<void> {
  const { guide, clock } = tour
  const toldBefore = nodeStatuses(tour).length
  const told = (): NodeStatusEvent[] => nodeStatuses(tour).slice(toldBefore)
  const lines = (): string =>
    told()
      .map(event => eventLine(event, clock.wallMicros()))
      .join('\n')
  const isIt = (event: NodeStatusEvent): boolean => event.node === node && event.status === status
  const row = new RegExp(`^${node} +${status} `, 'm')
  let table = ''
  await change()
  await guide.until(
    `${node} is ${status}`,
    async () => {
      table = await runLeasectl(['get', 'nodes'], tour)
      return (told().some(isIt) && row.test(table)) || undefined
    },
    () => `${lines()}\n${table}`,
  )
  guide.show(`leasectl events 'nodes.>'`, lines())
  guide.show('leasectl get nodes', table)
  guide.claim(`${node} is ${status}, and nothing was told of another node`, told().every(isIt), lines())
}
