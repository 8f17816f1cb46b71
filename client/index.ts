export type { CallOptions } from './calls.js'
export { connectClient } from './connect-client.js'
export { AcquireError, LeaseLostError, type LossCause } from './errors.js'
export { type GrpcTransportOptions, grpcTransport } from './grpc-transport.js'
export type { AcquireOptions, Hold, HoldState } from './hold.js'
export type { Lease, LeaseState, ManagedFieldsEntry, OwnerReference } from './lease.js'
export type {
  LeaseFields,
  LeaseName,
  LeasePage,
  LeaseUpdate,
  ListQuery,
  NewLease,
  OneAcquire,
  Renewal,
  Tenancy,
  TokenCheck,
  WriteOptions,
} from './lease-calls.js'
export { LeaseholdClient, type LeaseholdClientOptions, type WithLeaseOptions } from './leasehold-client.js'
export type { Log } from './log.js'
export type { Session } from './session.js'
export { type HoldStream, type HoldStreamHandlers, type Transport, TransportError } from './transport.js'
export { type ChangeType, isLeaseChange, type LeaseChange, type WatchEvent, type WatchOptions } from './watch.js'
