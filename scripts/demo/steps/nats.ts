import { natsUrl } from '../../fleet/place.js'
import { readEventStream, toldText } from '../event-stream.js'
import { showLeasectl, stopInOrder, type Tour } from '../tour.js'

/** How often somebody takes the job's lease and gives it back while NATS is away. */
const turns = 5

/** NATS goes and returns; leases go on meanwhile, and no event is missing afterwards. */
export async function natsOutage(tour: Tour): Promise<void> {
  const { guide, fleet, place, client, history, signal } = tour
  guide.step('NATS stops, and returns')
  const stoppedAfter = history.revision
  await stopInOrder(tour, 'nats-server')
  guide.say(`NATS is stopped. Leases never wait for it: ${turns} holders take turns at a job.`)
  const job = { namespace: 'default', name: 'nightly-backup', leaseDurationMs: 10_000 }
  for (let turn = 1; turn <= turns; turn++) {
    await client.withLease({ ...job, holderIdentity: `host-${turn}`, abandonWait: signal }, async () => {})
  }
  const throughRevision = await guide.until(
    'the watch has told it',
    () => lastRelease(tour),
    () => `${history.changes.length} changes`,
  )
  await showLeasectl(tour, 'get', 'lease', job.name, '-o', 'wide')
  const isBetween = ({ revision }: { revision: number }): boolean =>
    revision > stoppedAfter && revision <= throughRevision
  const away = history.changes.filter(isBetween)

  await fleet.startNats()
  const events = await guide.until(
    'the stream has the events',
    async () => {
      const stream = await readEventStream(natsUrl(place))
      return (stream.at(-1)?.revision ?? 0) >= throughRevision ? stream : undefined
    },
    () => `it must have revision ${throughRevision}`,
  )
  const began = history.changes.at(0)?.revision ?? 0
  const kept = events.filter(({ revision }) => revision >= began && revision <= throughRevision).map(toldText)
  const told = history.changes.filter(({ revision }) => revision <= throughRevision).map(toldText)
  guide.say('NATS is back. What the coordinator told a watch while NATS was away, by revision:')
  guide.say(...away.map(toldText))
  guide.claim(
    `the stream LEASE_EVENTS has each of these ${away.length}, and all ${told.length} of the tour, once and in order`,
    kept.join('\n') === told.join('\n') && away.length >= 2 * turns,
    `told but not kept: ${difference(told, kept)}; kept but not told: ${difference(kept, told)}`,
  )
}

/** The revision of the last turn's end, once the watch has told it. */
function lastRelease({ history }: Tour): number | undefined {
  const ends = history.changes.filter(({ type, lease }) => type === 'released' && lease === 'default/nightly-backup')
  return ends[turns - 1]?.revision
}

const difference = (some: readonly string[], others: readonly string[]): string =>
  some.filter(text => !others.includes(text)).join(', ') || 'none'
