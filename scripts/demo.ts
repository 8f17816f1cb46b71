/** A tour that ends by itself: a small cluster on this machine, what goes wrong in it, and what that does to its leases. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leaseEvents, nodeEvents, subscribeToEvents } from '../cli/events/subscribe.js'
import { describeError } from '../cli/run-program.js'
import { connectClient } from '../client/index.js'
import { systemRandom as random } from '../clock/random.js'
import { systemClock as clock } from '../clock/system-clock.js'
import { freePorts } from './demo/free-ports.js'
import { GuardedFile } from './demo/guarded-file.js'
import { Guide } from './demo/guide.js'
import { History } from './demo/history.js'
import { apiserverRestarts } from './demo/steps/apiserver.js'
import { coordinatorCrash } from './demo/steps/coordinator.js'
import { failover } from './demo/steps/failover.js'
import { natsOutage } from './demo/steps/nats.js'
import { nodeStops } from './demo/steps/node.js'
import { start } from './demo/steps/start.js'
import type { Tour } from './demo/tour.js'
import type { Child } from './fleet/child.js'
import { Fleet } from './fleet/fleet.js'
import { endpointText, natsUrl, type Place } from './fleet/place.js'
import { stopOnSignals } from './fleet/stop-signals.js'

/** As shells have it for what Ctrl-C ended. */
const interruptedExitCode = 130

const startedMs = clock.monotonicMs()
const dataDir = mkdtempSync(join(tmpdir(), 'leasehold-demo-'))
const [grpcPort = 0, httpPort = 0, natsPort = 0] = await freePorts(3, random)
const place: Place = {
  listen: { host: '127.0.0.1', port: grpcPort },
  http: { host: '127.0.0.1', port: httpPort },
  nats: { port: natsPort },
  dataDir,
}
const stopping = new AbortController()
const { signal } = stopping
const guide = new Guide({ clock, signal, write: text => void process.stdout.write(text) })
const processes = new Map<string, Child>()
const fleet = new Fleet({ place, clock, signal, onStart: watchOver })
stopOnSignals(stopping, fleet)

let failure: string | undefined
try {
  await lead()
  const seconds = Math.round((clock.monotonicMs() - startedMs) / 1_000)
  guide.say(`The tour took ${seconds} s. Everything that it started ends now.`)
} catch (error) {
  if (!signal.aborted) fail(describeError(error))
}
const isInterrupted = signal.aborted && failure === undefined
stopping.abort()
await fleet.stop()
rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 })
if (failure !== undefined) process.stderr.write(`\ndemo: ${failure}\n`)
process.exit(isInterrupted ? interruptedExitCode : Number(failure !== undefined))

async function lead(): Promise<void> {
  await fleet.startNats()
  await fleet.startCoordinator()
  // Where the leasectl of this tour looks.
  process.env.LEASEHOLD_ADDRESS = endpointText(place.listen)
  const client = connectClient({ addresses: [endpointText(place.listen)] })
  const history = new History()
  history.follow(client, clock, signal).catch(error => fail(describeError(error)))
  await guide.until(
    'the watch begins',
    () => history.hasBegun || undefined,
    () => 'nothing',
  )
  const events: Tour['events'] = []
  const subjects = [leaseEvents, nodeEvents]
  await subscribeToEvents({ url: natsUrl(place), subjects, onEvent: event => void events.push(event) })
  const report = new GuardedFile(dataDir)
  const tour: Tour = { place, fleet, guide, client, history, events, report, processes, clock, random, signal }
  for (const step of [start, failover, apiserverRestarts, nodeStops, coordinatorCrash, natsOutage]) await step(tour)
}

/** A process that ends, though nobody asked it to, ends the tour. */
function watchOver(child: Child): void {
  processes.set(child.name, child)
  void child.ended.then(how => {
    if (!child.isStopping && !signal.aborted) fail(child.describeEnd(how))
  })
}

/** The first failure is the one that counts. */
function fail(message: string): void {
  failure ??= message
  stopping.abort()
}
