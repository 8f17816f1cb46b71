/** What a lease in Kubernetes' shape says in annotations, since Kubernetes has no fields for it. */

/**
 * The takeover delay: a duration, as in `30s`. Read from manifests and requests and shown with objects; the coordinator
 * keeps it as a field of the lease.
 */
export const takeoverDelayAnnotation = 'leasehold.dev/takeover-delay'

/** The state of the lease; shown, and not taken from anybody. */
export const stateAnnotation = 'leasehold.dev/state'

/** The fencing token, where somebody ever held the lease; shown, and not taken from anybody. */
export const fencingTokenAnnotation = 'leasehold.dev/fencing-token'
