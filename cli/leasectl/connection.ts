import { LeaseholdClient } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { CommandError } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import type { GlobalOptions } from './global-options.js'
import { isListening } from './listening.js'

/** How long a call may take before people are told that it does not work. */
export const callBound = { timeoutMs: 5_000 } as const

/** How long connections may be refused: people want to know at once, and a coordinator needs a moment to start again. */
const refusedBoundMs = 500

/**
 * Does some work with a client of the coordinator, and closes the client.
 *
 * @param patienceMs how long connections may be refused before that is an error; greater where nobody looks on.
 * @throws CommandError when no coordinator answers there, with what to do.
 */
export async function withClient<T>(
  { address }: Pick<GlobalOptions, 'address'>,
  surroundings: Surroundings,
  work: (client: LeaseholdClient) => Promise<T>,
  patienceMs = refusedBoundMs,
): Promise<T> {
  const { clock, random } = surroundings
  if (!(await isListening(address, patienceMs, surroundings))) throw nobody(address)
  const client = new LeaseholdClient({ addresses: [address], clock, random })
  try {
    return await work(client)
  } catch (error) {
    if (!(error instanceof TransportError) || error.reason !== '') throw error
    if (isNoCoordinator.has(error.status)) throw nobody(address, ` (${error.message})`)
    if (error.status !== 'DEADLINE_EXCEEDED') throw error
    throw new CommandError(`${address} did not answer in time: try again, or name another coordinator with --address`)
  } finally {
    await client.close()
  }
}

/** The connection failed, or what listens there is something else. */
const isNoCoordinator: ReadonlySet<string> = new Set(['UNAVAILABLE', 'UNIMPLEMENTED'])

const nobody = (address: string, why = ''): CommandError =>
  new CommandError(
    `no coordinator answers at ${address}${why}: start one with \`leasehold coordinator\`, or name another with --address`,
  )
