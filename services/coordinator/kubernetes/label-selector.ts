import { LeaseError } from '../lease/errors.js'
import { type LabelPredicate, parseLabelSelector } from '../lease/label-selector.js'
import { badRequest } from './status.js'

/**
 * Reads the parameter labelSelector.
 * @throws StatusError 400, where a lease's own fields at fault would be 422.
 */
export function readLabelSelector(selector: string): LabelPredicate {
  try {
    return parseLabelSelector(selector, 'labelSelector')
  } catch (error) {
    if (!(error instanceof LeaseError)) throw error
    throw badRequest(error.details.violations?.[0]?.description ?? error.message)
  }
}
