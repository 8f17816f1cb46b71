import type { Lease } from '../../../client/index.js'
import { natsUrl } from '../../fleet/place.js'
import { readEventStream, toldText } from '../event-stream.js'
import { killNow, leases, showLeasectl, type Tour } from '../tour.js'

/** Kinds of events that change who holds a lease. */
const handovers: readonly string[] = ['acquired', 'expired', 'released', 'transferred', 'deleted']

/** The coordinator crashes and comes back; nobody loses anything. */
export async function coordinatorCrash(tour: Tour): Promise<void> {
  const { guide, fleet, place, clock, history } = tour
  guide.step('The coordinator is killed')
  guide.say(
    'Everything that it has acknowledged is in its journal, on disk. kill -9, and a new process on the same journal',
    'gives every holder its full time afresh, since it cannot know what it missed.',
  )
  const before = await leases(tour)
  const [lastHeard, killedMs] = [history.revision, clock.monotonicMs()]
  await killNow(tour, 'coordinator')
  await fleet.startCoordinator()
  const awayMs = clock.monotonicMs() - killedMs
  let after = before
  const behind = (): string[] =>
    [...before.values()].filter(lease => !isRenewedIn(after, lease)).map(({ name }) => name)
  await guide.until(
    'every holder renews again',
    async () => {
      after = await leases(tour)
      return behind().length === 0 || undefined
    },
    () => `not yet: ${behind().join(', ')}`,
  )
  guide.claim(
    `it was away for ${(awayMs / 1_000).toFixed(1)} s, and all ${before.size} holders have renewed since`,
    behind().length === 0,
    `not yet: ${behind().join(', ')}`,
  )
  const changed = [...before].filter(([path, lease]) => tenancy(lease) !== tenancy(after.get(path)))
  guide.claim(
    'every lease has the same holder and the same token as before',
    changed.length === 0,
    changed.map(([path, lease]) => `${path}: ${tenancy(lease)}, now ${tenancy(after.get(path))}`).join('; '),
  )
  const events = (await readEventStream(natsUrl(place))).filter(({ revision }) => revision > lastHeard)
  const lost = events.filter(({ type }) => handovers.includes(type))
  guide.claim('no lease has expired or changed hands', lost.length === 0, lost.map(toldText).join('; '))
  await showLeasectl(tour, 'status')
}

const isRenewedIn = (after: ReadonlyMap<string, Lease>, { namespace, name, state, renewTime = '' }: Lease): boolean =>
  state !== 'held' || (after.get(`${namespace}/${name}`)?.renewTime ?? '') > renewTime

const tenancy = (lease: Lease | undefined): string =>
  `${lease?.state} by ${lease?.holderIdentity} under ${lease?.fencingToken}`
