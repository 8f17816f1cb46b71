import { Command } from 'commander'
import { Exit, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { type PartialName, parseLeaseName, parseToken } from './arguments.js'
import { callBound, withClient } from './connection.js'
import type { GlobalOptions } from './global-options.js'

/** The exit code for a token that is not the present one. */
export const staleExitCode = 3

/** `leasectl check-token`: is a fencing token still the one of the present tenancy? */
export const checkTokenCommand = (surroundings: Surroundings): Command =>
  new Command('check-token')
    .summary('tell whether a fencing token is the present one')
    .description(
      'Tells whether a lease is held under a fencing token. Advice: the answer is old when it arrives, so a guarded\n' +
        'resource keeps the greatest token that it has seen and refuses smaller ones itself.',
    )
    .argument('<lease>', 'NAMESPACE/NAME; NAME alone is in the namespace of -n', parseLeaseName)
    .argument('<token>', 'the fencing token', parseToken)
    .addHelpText(
      'after',
      `
Exit codes: 0 valid, ${staleExitCode} stale, ${exitCodes.failed} it could not be told.

Examples:
  leasectl check-token kube-system/kube-scheduler 1763848496000123
  leasectl check-token "$LEASEHOLD_LEASE" "$LEASEHOLD_FENCING_TOKEN" && ./write-the-file`,
    )
    .action(async (name: PartialName, fencingToken: number, options: GlobalOptions) => {
      const lease = { namespace: options.namespace, ...name }
      const check = await withClient(options, surroundings, client =>
        client.checkFencingToken({ ...lease, fencingToken }, { ...callBound, signal: surroundings.signal }),
      )
      if (check.valid) return surroundings.out('valid\n')
      const holder = check.holderIdentity || 'nobody'
      surroundings.out(`stale: the token is ${check.fencingToken}, and ${holder} is the holder\n`)
      throw new Exit(staleExitCode)
    })
