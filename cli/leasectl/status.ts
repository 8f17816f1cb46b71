import { Command } from 'commander'
import type { LeaseState } from '../../client/index.js'
import { Exit, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { callBound, withClient } from './connection.js'
import type { GlobalOptions } from './global-options.js'
import { checkHealth } from './health.js'

/** `leasectl status`: is the coordinator there, and what does it hold? */
export const statusCommand = (surroundings: Surroundings): Command =>
  new Command('status')
    .summary('tell how the coordinator is')
    .description("Tells the coordinator's health, its journal and revision, and how many leases are in which state.")
    .addHelpText(
      'after',
      `
Exit codes: 0 it serves, ${exitCodes.failed} it does not, or does not answer.

Examples:
  leasectl status
  leasectl status --address 10.0.0.5:7070`,
    )
    .action(async (options: GlobalOptions) => {
      await withClient(options, surroundings, async client => {
        const { clock, out, signal } = surroundings
        const health = await checkHealth(options.address, clock.wallMicros() / 1_000)
        out(line('coordinator', options.address) + line('health', health))
        if (health !== 'SERVING') throw new Exit(exitCodes.failed)
        const counts: Record<LeaseState, number> = { held: 0, expired: 0, released: 0, unheld: 0 }
        let [revision, journalId] = [0, '']
        for await (const page of client.list({ pageSize: 1_000 }, { ...callBound, signal })) {
          revision = page.revision
          journalId = page.journalId
          for (const lease of page.leases) counts[lease.state] += 1
        }
        const total = Object.values(counts).reduce((sum, count) => sum + count)
        const parts = Object.entries(counts).map(([state, count]) => `${count} ${state}`)
        out(line('journal', journalId) + line('revision', String(revision)))
        out(line('leases', `${total} (${parts.join(', ')})`))
      })
    })

const line = (name: string, value: string): string => `${name.padEnd(14)}${value}\n`
