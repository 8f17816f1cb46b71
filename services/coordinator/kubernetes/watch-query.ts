import type { FieldViolation } from '../lease/errors.js'
import { forbidden, notSupported } from '../lease/field-errors.js'
import type { LeaseSelection } from './lease-selection.js'
import { versionOf } from './list-options.js'
import { badRequest, invalidOptions } from './status.js'

/** What a watch of a Kubernetes client selects, where it begins, and how it is told. */
export interface WatchQuery {
  readonly selection: LeaseSelection
  /** Begin with the leases as they are, each as if it had just been added. */
  readonly sendsInitialEvents: boolean
  /**
   * With initial events: what they must be as new as. Without them: tell what changed after it; 0 for what changes from
   * now on.
   */
  readonly revision: number
  readonly allowsBookmarks: boolean
  /** How long the watch goes on; absent: as long as the coordinator likes. */
  readonly lifetimeMs?: number
}

/** Whether a request for a collection asks for a watch of it. */
export const isWatch = (query: URLSearchParams): boolean => flag(query, 'watch') ?? false

/**
 * @param query of a watch; the selectors in it are read elsewhere.
 * @throws StatusError 400, 422 for options that contradict each other.
 * @see Kubernetes apimachinery, pkg/apis/meta/internalversion
 */
export function watchQuery(query: URLSearchParams, selection: LeaseSelection): WatchQuery {
  const lifetimeMs = secondsOf(query.get('timeoutSeconds') ?? '') * 1e3
  const sendInitialEvents = flag(query, 'sendInitialEvents')
  const violations = contradictions(query, sendInitialEvents !== undefined)
  if (violations.length > 0) throw invalidOptions('ListOptions', violations)
  const revision = versionOf(query.get('resourceVersion') ?? '')
  return {
    selection,
    sendsInitialEvents: sendInitialEvents ?? revision === 0,
    revision,
    allowsBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    ...(lifetimeMs > 0 && { lifetimeMs }),
  }
}

function contradictions(query: URLSearchParams, saysInitialEvents: boolean): FieldViolation[] {
  const field = 'resourceVersionMatch'
  const only = 'NotOlderThan'
  const match = query.get(field) ?? ''
  const violations: FieldViolation[] = []
  if (saysInitialEvents && match !== only) {
    violations.push(forbidden(field, `sendInitialEvents requires setting resourceVersionMatch to ${only}`))
  }
  if (match === '') return violations
  if (!saysInitialEvents) {
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    violations.push(forbidden(field, detail))
  }
  if (match !== only) violations.push(notSupported(field, match, [only]))
  if ((query.get('continue') ?? '') !== '') {
    violations.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'))
  }
  return violations
}

/** A parameter without a value is true, as anything but `false` and `0` is. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name)
  return value === null ? undefined : !/^(false|0)$/i.test(value)
}

function secondsOf(seconds: string): number {
  if (/^(-?\d+)?$/.test(seconds)) return Number(seconds)
  throw badRequest(`timeoutSeconds: ${JSON.stringify(seconds)} is no number`)
}
