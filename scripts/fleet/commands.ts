import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endpointText, natsUrl, type Place } from './place.js'

/** How to run the program beside this file: what was built, or under tsx its source. */
const leasehold: readonly string[] = [
  ...[process.execPath, ...process.execArgv],
  fileURLToPath(new URL(`../../cli/leasehold${extname(import.meta.url)}`, import.meta.url)),
]

/** A process to run. */
export interface Command {
  readonly name: string
  readonly command: readonly string[]
}

export const coordinatorCommand = (place: Place): Command => ({
  name: 'coordinator',
  command: [
    ...[...leasehold, 'coordinator'],
    ...['--listen', endpointText(place.listen), '--http', endpointText(place.http)],
    ...['--journal', `lmdb:${join(place.dataDir, 'journal')}`],
    ...['--nats', natsUrl(place), '--renewed-events'],
  ],
})

/**
 * @param name what the process is called here, since the same agent may run more than once.
 * @param agent which agent it is.
 */
export const agentCommand = (
  { listen }: Place,
  name: string,
  agent: string,
  options: readonly string[] = [],
): Command => ({
  name,
  command: [...leasehold, 'agent', agent, '--address', endpointText(listen), ...options],
})
