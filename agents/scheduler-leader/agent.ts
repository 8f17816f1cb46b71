import { uuid } from '../../clock/random.js'
import { defineAgent } from '../runtime/agent.js'
import { lead } from '../runtime/lead.js'
import { work } from './work.js'

export const agent = defineAgent({
  name: 'scheduler-leader',
  description:
    'Waits for a lease in its queue, leads while it holds the lease, and gives it up at the end. With a COMMAND it runs ' +
    'the command only while it leads. kube-scheduler is led by default; --lease kube-controller-manager and any ' +
    'other lease work the same.',
  command:
    'runs only while this process leads, in a process group of its own, under a guardian process that ends the group ' +
    'with SIGTERM, then SIGKILL, before the lease runs out, also when this process hangs or is killed. Its environment ' +
    'has LEASEHOLD_FENCING_TOKEN, LEASEHOLD_LEASE, LEASEHOLD_HOLDER_IDENTITY and LEASEHOLD_ADDRESS. When it ends by ' +
    'itself, the lease is released and its exit code is the exit code.',
  examples: [
    '-- ./scheduler --config scheduler.yaml',
    '--lease kube-controller-manager --lease-duration 30s -- ./controller-manager',
    '--once --priority 10',
  ],
  options: {
    lease: { type: 'text', description: 'the lease to lead by', placeholder: 'name', default: 'kube-scheduler' },
    namespace: { type: 'text', description: 'where the lease is', placeholder: 'name', default: 'kube-system' },
    identity: {
      type: 'text',
      description: 'who leads, for people to read; new for every process (default: HOSTNAME_UUID)',
      placeholder: 'id',
      check: identity => (identity === '' ? 'It must not be empty.' : undefined),
    },
    leaseDuration: {
      type: 'duration',
      description: 'how long nobody leads after this process was killed; each renewal lasts so long',
      default: '15s',
      min: '1s',
    },
    takeoverDelay: {
      type: 'duration',
      description: 'how long nobody else leads after the lease ran out, so that what was begun can end',
      max: '1h',
    },
    priority: {
      type: 'integer',
      description: 'among those that wait, the greater goes first',
      default: 0,
      min: -(2 ** 31),
      max: 2 ** 31 - 1,
    },
    once: { type: 'flag', description: 'exit with 1 when the lease is lost, instead of waiting for it again' },
  },

  async run(context, options) {
    const holderIdentity = options.identity ?? `${context.hostname}_${uuid(context.random)}`
    const leadership = {
      namespace: options.namespace,
      name: options.lease,
      holderIdentity,
      leaseDurationMs: options.leaseDuration,
      ...(options.takeoverDelay === undefined ? {} : { takeoverDelayMs: options.takeoverDelay }),
      priority: options.priority,
      once: options.once,
    }
    return lead(context, leadership, hold => work(hold, context, holderIdentity))
  },
})
