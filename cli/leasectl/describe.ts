import { Command } from 'commander'
import { describeLease } from '../describe-lease.js'
import { exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { withClient } from './connection.js'
import { find, nothingFound, type SelectionOptions, select, withSelection } from './lease-selection.js'
import { tellMissing } from './missing.js'
import { parseResources } from './resources.js'

/** `leasectl describe`: shows all there is to know of leases, for people. */
export const describeCommand = (surroundings: Surroundings): Command =>
  withSelection(
    new Command('describe')
      .summary('show all there is to know of leases')
      .description(
        'Shows leases as kubectl describe does, with their state, fencing token and deadline. A node is described by its ' +
          'lease in kube-node-lease.',
      )
      .argument('<resource>', '"lease" or "node"; also lease/NAME')
      .argument('[names...]', 'only these'),
  )
    .addHelpText(
      'after',
      `
Examples:
  leasectl describe lease kube-scheduler -n kube-system
  leasectl describe leases -A --field-selector state=expired
  leasectl describe node node-1

Exit codes: 0 shown, ${exitCodes.failed} a lease is not there or the coordinator does not answer, ${exitCodes.usage} a mistake in the command.`,
    )
    .action(async (resource: string, names: string[], options: SelectionOptions, verb: Command) => {
      const selection = select(parseResources([resource, ...names]), verb)
      await withClient(options, surroundings, async client => {
        const { leases, missing } = await find(client, selection, surroundings.signal)
        surroundings.out(leases.map(describeLease).join('\n\n'))
        if (leases.length === 0 && missing.length === 0) surroundings.err(nothingFound(selection))
        tellMissing(missing, surroundings)
      })
    })
