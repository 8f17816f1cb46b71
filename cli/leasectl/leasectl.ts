import { Command } from 'commander'
import type { Surroundings } from '../surroundings.js'
import { version } from '../version.js'
import { checkTokenCommand } from './check-token.js'
import { eventsCommand } from './events.js'
import { getCommand } from './get.js'
import { withGlobalOptions } from './global-options.js'
import { holdCommand } from './hold.js'
import { statusCommand } from './status.js'

/** The command line for people: what leases there are, who holds them, what happens to them. */
export const leasectl = (surroundings: Surroundings): Command =>
  withGlobalOptions(new Command('leasectl'))
    .description('Looks at the leases of a leasehold coordinator, and holds one for a command.')
    .version(version)
    .addCommand(getCommand(surroundings))
    .addCommand(holdCommand(surroundings))
    .addCommand(checkTokenCommand(surroundings))
    .addCommand(eventsCommand(surroundings))
    .addCommand(statusCommand(surroundings))
    .addHelpText(
      'after',
      `
Examples:
  leasectl get leases -A
  leasectl get leases -n kube-node-lease -w
  leasectl hold nightly-backup -- ./backup.sh
  leasectl events 'leases.*.expired.>'
  leasectl status --address 10.0.0.5:7070`,
    )
