import type { Selectable } from '../lease/lease.js'
import { parseFieldSelector } from './field-selector.js'
import { readLabelSelector } from './label-selector.js'
import type { KubernetesRequest } from './request.js'

/** Which leases a request for a collection is about. */
export interface LeaseSelection {
  /** '' for all. */
  readonly namespace: string
  /** The only name that can match, where the selector has one. */
  readonly name?: string
  /** By namespace, name and labels. */
  readonly matches: (lease: Selectable) => boolean
}

/**
 * What the path and the selectors of a request say.
 * @throws StatusError 400
 */
export function leaseSelection({ namespace, query }: Pick<KubernetesRequest, 'namespace' | 'query'>): LeaseSelection {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  const selects = readLabelSelector(query.get('labelSelector') ?? '')
  const only = fields.namespace ?? namespace
  return {
    namespace: namespace === '' ? only : namespace,
    ...(fields.name !== undefined && { name: fields.name }),
    matches: lease =>
      (namespace === '' || lease.namespace === namespace) && fields.matches(lease) && selects(lease.labels),
  }
}
