import { uuid } from '../../clock/random.js'
import { checkRenewInterval, keepPresence } from '../presence/presence.js'
import { defineAgent } from '../runtime/agent.js'
import { exitCode } from '../runtime/exit-codes.js'
import { UsageError } from '../runtime/usage-error.js'
import { whenAborted } from '../runtime/when-aborted.js'
import { wrongHostname } from './hostname.js'
import { identityOf, type NameStyle, nameStyles } from './identity.js'

export const agent = defineAgent({
  name: 'apiserver-identity',
  description:
    'Tells that an API server is there, as a kube-apiserver does: keeps a lease whose name is a hash of the hostname, ' +
    'under an identity that is new for every process. A process that is started again on the same host takes the lease ' +
    'over at once, and the older one exits with code 3. When it stops it leaves the lease, as a kube-apiserver does, ' +
    'and the lease runs out.',
  examples: ['--hostname kind-control-plane', '--hostname kind-control-plane --name-style v1.27'],
  leasesAtExit: 'leave',
  options: {
    hostname: {
      type: 'text',
      description: "the API server's host (default: this host's name)",
      placeholder: 'name',
      check: wrongHostname,
    },
    namespace: { type: 'text', description: 'where the lease is', placeholder: 'name', default: 'kube-system' },
    leaseDuration: {
      type: 'duration',
      description: 'how long the API server counts as there after a renewal',
      default: '3600s',
      min: '1s',
    },
    renewInterval: {
      type: 'duration',
      description: 'how often to renew; up to 4 % is added at random',
      default: '10s',
      min: '100ms',
    },
    nameStyle: {
      type: 'text',
      description: `which Kubernetes to name and label the lease like: ${nameStyles.join(', ')} and later`,
      placeholder: 'version',
      default: 'v1.26',
      check: style => (isNameStyle(style) ? undefined : `It must be one of ${nameStyles.join(', ')}.`),
    },
  },

  async run(context, options) {
    const { signal, session, hostname: thisHost, random, log } = context
    checkRenewInterval(options)
    const { hostname = thisHost, namespace, nameStyle } = options
    const wrong = wrongHostname(hostname)
    if (wrong !== undefined)
      throw new UsageError(`this host's name, ${hostname}, cannot be used: set --hostname. ${wrong}`)
    // The command line has checked it.
    const { name, labels } = identityOf(hostname, nameStyle as NameStyle)
    const lease = {
      namespace,
      name,
      holderIdentity: `${name}_${uuid(random)}`,
      leaseDurationMs: options.leaseDuration,
      renewIntervalMs: options.renewInterval,
      labels,
    }
    log.info({ hostname, lease: `${namespace}/${name}`, holderIdentity: lease.holderIdentity }, 'a new identity begins')
    await Promise.race([keepPresence({ session, lease }, context), whenAborted(signal)])
    return signal.aborted ? exitCode.ok : exitCode.superseded
  },
})

const isNameStyle = (text: string): text is NameStyle => nameStyles.some(style => style === text)
