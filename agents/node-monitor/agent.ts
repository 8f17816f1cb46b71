import { uuid } from '../../clock/random.js'
import { connectionOptions } from '../../events/nats-connection.js'
import { defineAgent } from '../runtime/agent.js'
import { lead } from '../runtime/lead.js'
import { MonitorMetrics } from './metrics.js'
import { Term } from './monitor.js'
import { NatsServer } from './nats-server.js'
import { monitorLease } from './node-status.js'

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const leaseName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

export const agent = defineAgent({
  name: 'node-monitor',
  description:
    'Decides which nodes are Ready and which are Unknown, by the heartbeats of their leases and its own clock, and says ' +
    'so: in the label leasehold.dev/node-status of the lease, and on NATS as nodes.NAME.ready and nodes.NAME.unknown. ' +
    'Several may run: the one that holds the lease decides, and after a change every grace period starts afresh. When ' +
    'most nodes fall silent at once it holds back, and says that. docs/nodes.md tells more.',
  examples: [
    '',
    '--grace-period 30s --nats nats://10.0.0.5:4222',
    '--namespace edge-nodes --lease kube-system/edge-monitor',
  ],
  options: {
    gracePeriod: {
      type: 'duration',
      description: 'how long a node may be silent before it is Unknown; several times the nodes’ renew interval',
      default: '50s',
      min: '3s',
    },
    namespace: {
      type: 'text',
      description: "where the nodes' leases are",
      placeholder: 'name',
      default: 'kube-node-lease',
      check: text => (label.test(text) ? undefined : 'It must be the name of a namespace.'),
    },
    lease: {
      type: 'text',
      description: 'the lease that monitors hold by turns; one for each namespace of nodes',
      placeholder: 'namespace/name',
      default: `${monitorLease.namespace}/${monitorLease.name}`,
      check: text => (leaseOf(text) === undefined ? 'It must be as in kube-system/node-monitor.' : undefined),
    },
    leaseDuration: {
      type: 'duration',
      description: 'how long nobody monitors after the monitor was killed',
      default: '15s',
      min: '1s',
    },
    disruptionPercent: {
      type: 'integer',
      description:
        'no node is called Unknown while so many percent of the Ready ones are silent at once; 101: never mind',
      placeholder: 'percent',
      default: 55,
      min: 1,
      max: 101,
    },
    nats: {
      type: 'text',
      description: 'the NATS server that events go to; several are separated by commas',
      placeholder: 'url',
      default: 'nats://127.0.0.1:4222',
      check: text => (isUrlList(text) ? undefined : 'It must be a URL, as in nats://127.0.0.1:4222.'),
    },
    labelsOnly: { type: 'flag', description: 'write the labels, and send no events' },
  },

  async run(context, options) {
    const { namespace, name } = leaseOf(options.lease) ?? { namespace: '', name: '' }
    const holderIdentity = `${context.hostname}_${uuid(context.random)}`
    let term: Term | undefined
    const metrics = new MonitorMetrics(context.metrics, () => term?.figures())
    const monitor = {
      namespace: options.namespace,
      graceMs: options.gracePeriod,
      disruptionPercent: options.disruptionPercent,
      connect: options.labelsOnly ? undefined : () => NatsServer.connect(options.nats),
    }
    return lead(context, { namespace, name, holderIdentity, leaseDurationMs: options.leaseDuration }, async hold => {
      term = new Term(hold, context, monitor, metrics)
      await term.run()
      term = undefined
      return undefined
    })
  },
})

function leaseOf(text: string): { namespace: string; name: string } | undefined {
  const [namespace = '', name = '', more] = text.split('/')
  const isLease = more === undefined && label.test(namespace) && name.length <= 253 && leaseName.test(name)
  return isLease ? { namespace, name } : undefined
}

function isUrlList(text: string): boolean {
  if (!text.split(',').every(url => /^(nats|tls):\/\/\S+$/.test(url.trim()))) return false
  try {
    connectionOptions(text)
    return true
  } catch {
    return false
  }
}
