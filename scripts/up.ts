/** The main job on one machine: NATS, the coordinator and some agents, and on the screen what happens to their leases. */

import { leaseEvents, nodeEvents, subscribeToEvents } from '../cli/events/subscribe.js'
import { describeError } from '../cli/run-program.js'
import { connectClient } from '../client/index.js'
import { systemClock as clock } from '../clock/system-clock.js'
import type { Child } from './fleet/child.js'
import { Fleet } from './fleet/fleet.js'
import { endpointText, natsUrl } from './fleet/place.js'
import { stopOnSignals } from './fleet/stop-signals.js'
import { agentCommands } from './up/agents.js'
import { readOptions } from './up/options.js'
import { neededPorts, requireFreePorts } from './up/ports.js'
import { Screen } from './up/screen.js'
import { showLeases } from './up/show-leases.js'

const place = readOptions(process.argv.slice(2))
const isColored = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
const screen = new Screen({ clock, write: text => void process.stdout.write(text), isColored })
const stopping = new AbortController()
const fleet = new Fleet({ place, clock, onStart: watchOver, signal: stopping.signal })
stopOnSignals(stopping, fleet)

try {
  await run()
} catch (error) {
  if (!stopping.signal.aborted) fail(describeError(error))
}
if (process.exitCode === undefined) screen.note('stopping')
await fleet.stop()
process.exit()

async function run(): Promise<void> {
  await requireFreePorts(neededPorts(place))
  await fleet.startNats()
  await fleet.startCoordinator()
  const [address, url] = [endpointText(place.listen), natsUrl(place)]
  screen.note(`coordinator on ${address}, http://${endpointText(place.http)}/metrics, events on ${url}`)
  screen.note(`logs in ${place.dataDir}/logs; Ctrl-C stops all of it`)
  const client = connectClient({ addresses: [address] })
  const subjects = [leaseEvents, nodeEvents]
  const nats = await subscribeToEvents({ url, subjects, onEvent: event => screen.event(event) })
  if (!stopping.signal.aborted) for (const command of agentCommands(place)) fleet.startAgent(command)
  await showLeases(client, { screen, clock, signal: stopping.signal })
  await nats.close()
}

/** Says when a process ends that nobody asked to end, and ends the rest when they cannot go on without it. */
function watchOver(child: Child): void {
  void child.ended.then(how => {
    if (child.isStopping || stopping.signal.aborted) return
    if (fleet.isNeeded(child)) fail(child.describeEnd(how))
    else screen.note(child.describeEnd(how))
  })
}

function fail(message: string): void {
  process.stderr.write(`up: ${message}\n`)
  process.exitCode = 1
  stopping.abort()
}
