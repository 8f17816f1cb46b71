/**
 * Where a lease in Kubernetes' shape carries its takeover delay, which Kubernetes has no field for: a duration, as in
 * `30s`. Read from manifests and printed with objects; the coordinator keeps it as a field of the lease.
 */
export const takeoverDelayAnnotation = 'leasehold.dev/takeover-delay'
