import type { Lease } from '../../../client/index.js'
import { apiserverCommand, apiservers } from '../agents.js'
import { killNow, leases, showLeasectl, type Tour } from '../tour.js'

const hostname = apiservers[0]

/** A process that starts on the same host takes over the lease that is there, under its new identity. */
export async function apiserverRestarts(tour: Tour): Promise<void> {
  const { guide, fleet, place } = tour
  guide.step('An API server is killed, and starts again')
  const before = await leaseOf(tour)
  guide.say(
    `The lease of ${hostname} is named after a hash of the hostname, and its holder after the process.`,
    'It runs an hour, as in Kubernetes; a new process on the same host takes it over at once.',
  )
  await killNow(tour, hostname)
  fleet.startAgent(apiserverCommand(place, hostname))
  const after = await guide.until(
    'the new process holds the lease',
    async () => {
      const lease = await leaseOf(tour)
      return lease.holderIdentity === before.holderIdentity ? undefined : lease
    },
    () => `its holder is still ${before.holderIdentity}`,
  )
  await showLeasectl(tour, '-n', after.namespace, 'get', 'lease', after.name, '-o', 'yaml')
  guide.claim(
    'the same lease, with its uid, has a new holder and a greater token',
    after.uid === before.uid && after.fencingToken > before.fencingToken,
    `uid ${before.uid}, then ${after.uid}; token ${before.fencingToken}, then ${after.fencingToken}`,
  )
}

async function leaseOf(tour: Tour): Promise<Lease> {
  const found = [...(await leases(tour)).values()].find(({ labels }) => labels['kubernetes.io/hostname'] === hostname)
  if (found === undefined) throw new Error(`no lease has the label kubernetes.io/hostname=${hostname}`)
  return found
}
