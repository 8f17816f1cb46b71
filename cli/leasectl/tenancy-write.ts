/** What renew, release and revoke have in common: they change a lease for a tenancy, and tell it. */
import type { Lease, LeaseholdClient, WriteOptions as WriteCall } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { CommandError, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { parseLeaseName, parseToken } from './arguments.js'
import { staleExitCode } from './check-token.js'
import { withClient } from './connection.js'
import { kindName, type WriteOptions, writeCall, writtenPrinter } from './write-options.js'

export const leaseArgument = [
  '<lease>',
  'NAMESPACE/NAME; NAME alone is in the namespace of -n',
  parseLeaseName,
] as const
export const tokenArgument = ['<token>', 'the fencing token that acquire gave', parseToken] as const

export const tenancyExitCodes = `Exit codes: 0 done, ${staleExitCode} the token is not the present one, ${exitCodes.failed} anything else, ${exitCodes.usage} a mistake in the command.`

interface FullName {
  readonly namespace: string
  readonly name: string
}

/**
 * Does one write and tells it: `lease.coordination.k8s.io/NAME released`.
 *
 * @throws CommandError with an exit code of its own for a token that is not the present one.
 */
export async function changeTenancy(
  what: string,
  lease: FullName,
  options: WriteOptions,
  surroundings: Surroundings,
  write: (client: LeaseholdClient, lease: FullName, call: WriteCall) => Promise<Lease>,
): Promise<void> {
  const call = writeCall(options, surroundings)
  const written = await withClient(options, surroundings, client => write(client, lease, call)).catch(error => {
    if (!(error instanceof TransportError) || error.reason !== 'STALE_FENCING_TOKEN') throw error
    throw new CommandError(error.message, staleExitCode)
  })
  writtenPrinter(options, surroundings)(written, name => `${kindName(name)} ${what}`)
}
