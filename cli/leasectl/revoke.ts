import { Command } from 'commander'
import type { Surroundings } from '../surroundings.js'
import { type PartialName, parseToken } from './arguments.js'
import { changeTenancy, leaseArgument, tenancyExitCodes } from './tenancy-write.js'
import { type WriteOptions, withWriteOptions } from './write-options.js'

interface RevokeOptions extends WriteOptions {
  readonly token?: number
}

/** `leasectl revoke`: takes a lease back, whoever has it. */
export const revokeCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    new Command('revoke')
      .summary('take a lease back from its holder')
      .description(
        'Takes a lease back from its holder; the first waiter gets it. The holder hears that it lost the lease, and stops\n' +
          'when it hears it or at its own deadline: only a resource that checks fencing tokens makes the loss immediate.',
      )
      .argument(...leaseArgument)
      .option('--token <token>', 'only if it is held under this fencing token', parseToken),
  )
    .addHelpText(
      'after',
      `
${tenancyExitCodes}

Examples:
  leasectl revoke kube-system/kube-scheduler
  leasectl revoke kube-scheduler -n kube-system --token 1763848496000123`,
    )
    .action((name: PartialName, options: RevokeOptions) => {
      const { token } = options
      return changeTenancy(
        'revoked',
        { namespace: options.namespace, ...name },
        options,
        surroundings,
        (client, lease, call) =>
          client.revoke({ ...lease, ...(token === undefined ? {} : { fencingToken: token }) }, call),
      )
    })
