import { groupLives } from '../../../agents/runtime/process-group.js'
import { eventLine } from '../../../cli/events/event-line.js'
import type { ChangeEvent } from '../../../cli/events/lease-event.js'
import { durations, schedulerCommand } from '../agents.js'
import type { Entry } from '../guarded-file.js'
import { killNow, leaderLease, leases, showLeasectl, type Tour } from '../tour.js'

/** The leader is killed; the next one leads; what the old one might still do is refused. */
export async function failover(tour: Tour): Promise<void> {
  const { guide, fleet, place, report } = tour
  guide.step('The leader is killed')
  const before = (await leases(tour)).get(leaderLease)
  const old: Entry = { writer: before?.holderIdentity ?? '', token: before?.fencingToken ?? 0 }
  await killLeader(tour, old)
  const next = await guide.until(
    'the next one writes the report',
    () => report.entries().find(({ token }) => token > old.token),
    () => `its last writer was ${report.entries().at(-1)?.writer}`,
  )
  await showHandover(tour, old, next)
  await refuseOldToken(tour, old, next)
  fleet.startAgent(schedulerCommand(place, old.writer, report))
}

/** Resolves when the lease of the killed leader has expired. */
async function killLeader(tour: Tour, old: Entry): Promise<void> {
  const { guide, history, report, clock } = tour
  const group = await guide.until(
    `${old.writer} writes the report`,
    () => (report.entries().at(-1)?.token === old.token ? report.groupOf(old.writer) : undefined),
    () => `its last writer was ${report.entries().at(-1)?.writer}`,
  )
  guide.say(
    `${old.writer} leads, under the fencing token ${old.token}. While it leads it runs a command that writes a`,
    `report. Now it gets SIGKILL. Its lease runs out at most ${durations.leader} s later, and nobody else leads before that.`,
  )
  const killedMs = clock.monotonicMs()
  await killNow(tour, old.writer)
  await guide.until(
    'its command is gone',
    () => !groupLives(group) || undefined,
    () => `its process group ${group} lives`,
  )
  const goneMs = clock.monotonicMs()
  const expired = await guide.until(
    'the lease expires',
    () => history.find(leaderLease, 'expired', old.token),
    () => `the last change was ${history.changes.at(-1)?.type}`,
  )
  guide.claim(
    `its command was gone ${timeText(goneMs - killedMs)} after the kill, and its lease ran out ${timeText(expired.atMs - killedMs)} after it`,
    goneMs <= expired.atMs,
    `the command lived ${timeText(goneMs - expired.atMs)} longer than the lease`,
  )
}

/** Shows from the events on NATS how the lease changed hands. */
async function showHandover(tour: Tour, old: Entry, next: Entry): Promise<void> {
  const { guide, clock } = tour
  const events = await guide.until(
    'NATS tells the handover',
    () => handover(tour, old, next),
    () => `${tour.events.length} events`,
  )
  const lines = events.map(event => eventLine(event, clock.wallMicros()))
  const timeOf = (wanted: string): number => Date.parse(events.find(({ type }) => type === wanted)?.time ?? '')
  const gapMs = timeOf('acquired') - timeOf('expired')
  const confirmedMs = timeOf('renewed') - timeOf('acquired')
  guide.claim(
    `${next.writer} had the lease ${gapMs} ms after the expiry, and confirmed it ${confirmedMs} ms later`,
    gapMs >= 0 && confirmedMs >= 0,
    lines.join('; '),
  )
  guide.claim(`the token grew to ${next.token}`, next.token > old.token, `it was ${old.token}`)
  guide.show(`leasectl events 'leases.kube-system.*.kube-scheduler'`, lines.join('\n'))
}

/** The events from the expiry of the old tenancy to the first renewal of the next one, once NATS has delivered them. */
function handover({ events }: Tour, old: Entry, next: Entry): ChangeEvent[] | undefined {
  const changes = events
    .filter(event => event.kind === 'change')
    .filter(({ namespace, name }) => `${namespace}/${name}` === leaderLease)
  const indexOf = (wanted: string, token: number): number =>
    changes.findIndex(({ type, fencingToken }) => type === wanted && fencingToken === String(token))
  const [expired, confirmed] = [indexOf('expired', old.token), indexOf('renewed', next.token)]
  return expired >= 0 && confirmed > expired ? changes.slice(expired, confirmed + 1) : undefined
}

async function refuseOldToken(tour: Tour, old: Entry, next: Entry): Promise<void> {
  const { guide, report } = tour
  guide.say(
    'Had the old command slept through all this, it would write now. The report keeps the greatest token that it has',
    'seen, and refuses a smaller one:',
  )
  const { isRefused, output } = report.write(old)
  guide.show(`LEASEHOLD_FENCING_TOKEN=${old.token} ./write-report`, output)
  await showLeasectl(tour, 'check-token', leaderLease, String(old.token))
  const isUntouched = report.entries().at(-1)?.token === next.token
  guide.claim('the report refused the old token', isRefused && isUntouched, output)
}

const timeText = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)
