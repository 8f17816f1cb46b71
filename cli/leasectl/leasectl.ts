import { Command } from 'commander'
import type { Surroundings } from '../surroundings.js'
import { version } from '../version.js'
import { applyCommand } from './apply.js'
import { checkTokenCommand } from './check-token.js'
import { completeCommand, completionCommand } from './completion.js'
import { createCommand } from './create.js'
import { deleteCommand } from './delete.js'
import { describeCommand } from './describe.js'
import { eventsCommand } from './events.js'
import { getCommand } from './get.js'
import { withGlobalOptions } from './global-options.js'
import { holdCommand } from './hold.js'
import { kubeconfigCommand } from './kubeconfig.js'
import { releaseCommand } from './release.js'
import { renewCommand } from './renew.js'
import { revokeCommand } from './revoke.js'
import { statusCommand } from './status.js'

/** The command line for people: what leases there are, who holds them, what happens to them. */
export const leasectl = (surroundings: Surroundings): Command =>
  withGlobalOptions(new Command('leasectl'))
    .description('Shows and changes the leases of a leasehold coordinator, and holds one for a command.')
    .version(version)
    .addCommand(getCommand(surroundings))
    .addCommand(describeCommand(surroundings))
    .addCommand(createCommand(surroundings))
    .addCommand(applyCommand(surroundings))
    .addCommand(deleteCommand(surroundings))
    .addCommand(holdCommand(surroundings))
    .addCommand(renewCommand(surroundings))
    .addCommand(releaseCommand(surroundings))
    .addCommand(revokeCommand(surroundings))
    .addCommand(checkTokenCommand(surroundings))
    .addCommand(eventsCommand(surroundings))
    .addCommand(statusCommand(surroundings))
    .addCommand(kubeconfigCommand(surroundings))
    .addCommand(completionCommand(surroundings))
    .addCommand(completeCommand(surroundings), { hidden: true })
    .addHelpText(
      'after',
      `
Examples:
  leasectl get leases -A
  leasectl get leases -n kube-node-lease -w
  leasectl apply -f leases.yaml
  leasectl hold nightly-backup -- ./backup.sh
  leasectl revoke kube-system/kube-scheduler
  leasectl events 'leases.*.expired.>'
  leasectl status --address 10.0.0.5:7070`,
    )
