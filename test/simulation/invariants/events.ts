import {
  gapSubject,
  isRenewedSubject,
  type LeaseEventData,
  revisionOfEvent,
} from '../../../services/coordinator/feed/cloud-event.js'
import { kubernetesLease } from '../../../services/coordinator/lease/kubernetes-shape.js'
import { leasePath } from '../../../services/coordinator/lease/lease.js'
import type { NatsMessage } from '../nats/wire.js'
import type { InvariantMaker } from './invariant.js'

/**
 * What a reader of the events gets: each transition once, in the order of revisions, none left out but in a gap that
 * says so, none that a crash could take back; and what the last event of a lease says of it is so.
 *
 * A place is what one reader reads in order: a stream until it is emptied or made anew, or others' messages push the last
 * event out of one that keeps few; or what one connection publishes where there is no stream. In a new place events may
 * come again from where the coordinator knows that they were told, but for those that the stream knows by their ids; and
 * so may those that were on the way when it began, which its readers have had.
 */
export const events: InvariantMaker = world => {
  const { coordinator, history, nats } = world
  const journalId = coordinator.disk.store.id
  /** How many transitions were told in each place, or given up before those. */
  const toldIn = new WeakMap<object, number>()
  /** How many need not come again in each place. */
  const knownIn = new WeakMap<object, number>()
  let told = 0
  let cursor = 0
  /** When the coordinator last said that it came forward. */
  let forwardAtMs = 0
  const hidden = new Set<string>()
  /** What a reader makes of it: the last event of each lease that is there, unless a gap hides it. */
  const folded = new Map<string, LeaseEventData>()

  const hear = (message: NatsMessage, place: object, isLate: boolean): string | undefined => {
    const id = message.headers?.get('Nats-Msg-Id') ?? ''
    const revision = revisionOfEvent(id, journalId)
    if (revision === undefined) return undefined
    history.readOn()
    if (revision > history.table.revision) return `${message.subject} was told before revision ${revision} was durable`
    if (isRenewedSubject(message.subject)) {
      const isTransition = history.indexOf(revision) !== undefined
      return isTransition ? `${message.subject} was told under the id of a transition, ${revision}` : undefined
    }
    world.count(message.subject === gapSubject ? 'gaps told' : 'events told')
    const before = toldIn.get(place) ?? told
    const next = nextIn(place)
    const { from, index } = span(message, revision)
    if (index === undefined) return `${message.subject} was told, but revision ${revision} is no transition`
    if (message.subject === gapSubject) {
      for (const { lease } of history.transitions.slice(told, index + 1)) hidden.add(leasePath(lease))
    } else {
      const broken = checkEvent(message, index)
      if (broken !== undefined) return broken
    }
    if (isLate && index < told) return undefined
    if (index < before && toldIn.has(place)) return `${message.subject} was told after revision ${next} should follow`
    if (from > next) return `${message.subject} was told at revision ${revision}, and revision ${next} never was`
    toldIn.set(place, index + 1)
    told = Math.max(told, index + 1)
    return undefined
  }

  /** What was told before, in another place, and need not come again. */
  const pass = (message: NatsMessage, place: object): void => {
    const revision = revisionOfEvent(message.headers?.get('Nats-Msg-Id') ?? '', journalId)
    if (revision === undefined) return
    history.readOn()
    const { from, index = told } = span(message, revision)
    if (from <= nextIn(place) && index < told) knownIn.set(place, Math.max(index + 1, knownIn.get(place) ?? 0))
  }

  /** The revision that may not be left out in a place. */
  const nextIn = (place: object): number => {
    const index = Math.max(toldIn.get(place) ?? told, knownIn.get(place) ?? 0)
    return history.transitions[index]?.lease.revision ?? Number.POSITIVE_INFINITY
  }

  /** From which revision on, and to where among the transitions, a message tells. */
  const span = ({ subject, data }: NatsMessage, revision: number): { from: number; index: number | undefined } => {
    if (subject !== gapSubject) return { from: revision, index: history.indexOf(revision) }
    const { fromRevision } = JSON.parse(data) as { fromRevision: string }
    return { from: Number(fromRevision), index: history.countThrough(revision) - 1 }
  }

  const checkEvent = ({ subject, data }: NatsMessage, index: number): string | undefined => {
    const transition = history.transitions[index]
    if (transition === undefined) return undefined
    const { lease, type } = transition
    if (subject !== `leases.${lease.namespace}.${type}.${lease.name}`) return `${subject} tells of a ${type}`
    const event = JSON.parse(data) as LeaseEventData
    const { spec, state, fencingToken } = event
    const said = `${event.revision} ${state} ${fencingToken} ${spec.holderIdentity}`
    const is = `${lease.revision} ${lease.state} ${lease.fencingToken} ${lease.holderIdentity}`
    if (said !== is) return `${subject} says ${said}, and it is ${is}`
    if (index < told) return undefined
    hidden.delete(leasePath(lease))
    if (type === 'deleted') folded.delete(leasePath(lease))
    else folded.set(leasePath(lease), event)
    return undefined
  }

  nats?.server.ears.push({
    told(message, place, isLate) {
      const broken = hear(message, place, isLate)
      if (broken !== undefined) world.fail(broken, 'events')
    },
    known: pass,
  })
  const { renewedEvents = false, stream } = world.plan.nats ?? {}
  /** Renewals in the stream may come faster than the coordinator can look where it stands: then events wait. */
  const isCrowded = renewedEvents && stream?.subjects.some(isRenewedSubject)
  const checkAllTold = (): string | undefined => {
    if (isCrowded) return undefined
    const { nowMs } = world.timeline
    const quietSinceMs = Math.max(0, ...world.plan.faults.map(({ atMs, lastsMs }) => atMs + lastsMs))
    const oldest = history.durableAtMs[told]
    if (nats === undefined || oldest === undefined || nowMs - Math.max(quietSinceMs, oldest, forwardAtMs) < boundMs)
      return undefined
    const { lease, type } = history.transitions[told] ?? {}
    return `nothing goes wrong since ${quietSinceMs.toFixed(0)}, and ${lease?.name} ${type} at ${oldest.toFixed(0)} was not told`
  }

  /** The events of the leases say of each what its last transition says. */
  const checkFolded = (): string | undefined => {
    const expected = new Map<string, string>()
    for (const { lease, type } of history.transitions.slice(0, told)) {
      if (type === 'deleted') expected.delete(leasePath(lease))
      else expected.set(leasePath(lease), JSON.stringify(kubernetesLease(lease)))
    }
    for (const path of hidden) expected.delete(path)
    for (const [path, event] of folded) {
      if (hidden.has(path)) continue
      const { apiVersion, kind, metadata, spec, abridged } = event
      const lease = JSON.stringify({ apiVersion, kind, metadata, spec })
      const is = expected.get(path)
      if (is !== lease && !(abridged && is !== undefined))
        return `the events say that ${path} is ${lease}, and it is ${is}`
      expected.delete(path)
    }
    const [missing] = expected.keys()
    return missing === undefined ? undefined : `the events do not say that ${missing} is there`
  }

  return {
    check() {
      history.readOn()
      if (nats === undefined || history.publishedThrough === cursor) return undefined
      cursor = history.publishedThrough
      forwardAtMs = world.timeline.nowMs
      if (history.countThrough(cursor) <= told) return undefined
      return `the journal says that everything up to ${cursor} is on NATS, and ${history.transitions[told]?.lease.revision} is not`
    },

    async checkEnd() {
      return checkAllTold() ?? checkFolded()
    },
  }
}

/** How long an event may take at most when nothing goes wrong any more, and none before it comes forward. */
const boundMs = 30_000
