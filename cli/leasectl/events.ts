import { Command, Option } from 'commander'
import { eventLine } from '../events/event-line.js'
import { leaseEvents, subscribeToEvents } from '../events/subscribe.js'
import type { Surroundings } from '../surroundings.js'

interface EventsOptions {
  readonly nats: string
  readonly output: 'line' | 'json'
}

/** `leasectl events`: prints what happens to leases, as NATS delivers it. */
export const eventsCommand = ({ clock, out, signal }: Surroundings): Command =>
  new Command('events')
    .summary('print what happens to leases and nodes, as NATS delivers it')
    .description(
      'Prints a line for each event of a lease: when, what, which lease, its holder and token, and why. Subjects are\n' +
        'leases.NAMESPACE.EVENT.NAME with the wildcards of NATS: * for one part, > for the rest; nodes.> is what the\n' +
        'node-monitor tells. Only what happens from now on; the streams LEASE_EVENTS and NODE_EVENTS have what was before.',
    )
    .argument('[subject]', 'which events', leaseEvents)
    .addOption(new Option('--nats <url>', 'the NATS server').env('LEASEHOLD_NATS').default('nats://127.0.0.1:4222'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['line', 'json']).default('line'))
    .addHelpText(
      'after',
      `
Examples:
  leasectl events
  leasectl events 'leases.*.expired.>'
  leasectl events 'leases.kube-node-lease.*.node-1' -o json
  leasectl events 'nodes.>'`,
    )
    .action(async (subject: string, { nats, output }: EventsOptions) => {
      const connection = await subscribeToEvents({
        url: nats,
        subjects: [subject],
        onEvent: event =>
          out(`${output === 'json' ? JSON.stringify(event.data) : eventLine(event, clock.wallMicros())}\n`),
      })
      const close = () => void connection.close()
      signal.addEventListener('abort', close)
      if (signal.aborted) close()
      const error = await connection.closed()
      if (error) throw error
    })
