import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Endpoint, UpOptions } from './options.js'

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

export const coordinatorCommand = ({ listen, http, dataDir }: UpOptions, natsUrl: string): Command => ({
  name: 'coordinator',
  command: [
    ...[...leasehold, 'coordinator'],
    ...['--listen', endpointText(listen), '--http', endpointText(http)],
    ...['--journal', `lmdb:${join(dataDir, 'journal')}`],
    ...['--nats', natsUrl, '--renewed-events'],
  ],
})

/** The agents of a small cluster: this host's heartbeat, and two schedulers of which one leads. */
export function agentCommands({ listen }: UpOptions): Command[] {
  const agent = (name: string, ...args: string[]): Command => ({
    name,
    command: [...leasehold, 'agent', ...args, '--address', endpointText(listen)],
  })
  return [
    agent('kubelet-heartbeat', 'kubelet-heartbeat'),
    agent('scheduler-a', 'scheduler-leader', '--lease', 'kube-scheduler', '--identity', 'scheduler-a'),
    agent('scheduler-b', 'scheduler-leader', '--lease', 'kube-scheduler', '--identity', 'scheduler-b'),
  ]
}

export const endpointText = ({ host, port }: Endpoint): string => `${host}:${port}`
