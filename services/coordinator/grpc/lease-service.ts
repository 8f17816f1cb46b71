/** The resource API, LeaseService: a call becomes a command, is decided in its turn, and is answered when durable. */
import type { ServiceDefinition } from '@grpc/grpc-js'
import type { LeaseServiceHandlers } from '../../../protos/generated/leasehold/v1/LeaseService.js'
import { packageDefinition } from '../../../protos/load.js'
import type { CommandKind } from '../coordinator.js'
import type { Instant, Leases } from '../lease/commands.js'
import type { LeaseImage } from '../lease/lease.js'
import { defaultLimits, type Limits } from '../lease/validation.js'
import { durationOf, leaseMessage } from './lease-message.js'
import { acquireCommand, createCommand, deleteCommand, leaseName, tenancyCommand } from './lease-requests.js'
import { listLeases } from './list-leases.js'
import { unary, withCheckedRequests } from './unary.js'
import { update, updateCommand } from './update-lease.js'
import { WatchStreams, type WatchStreamsOptions } from './watch-streams.js'

export interface LeaseServiceOptions extends WatchStreamsOptions {
  readonly limits?: Limits
}

/** The definition for `Server.addService`. */
// proto-loader makes a service of what the contract calls one.
export const leaseServiceDefinition = withCheckedRequests(
  packageDefinition['leasehold.v1.LeaseService'] as ServiceDefinition,
)

/** The handlers for `Server.addService`, and the watch streams, which a server that stops must end. */
export function leaseService(options: LeaseServiceOptions): {
  readonly handlers: LeaseServiceHandlers
  readonly watches: WatchStreams
} {
  const { coordinator, log, limits = defaultLimits } = options
  const watches = new WatchStreams(options)

  /** Decides something about one lease and answers it as a message. */
  const one = (kind: CommandKind, decide: (leases: Leases, time: Instant) => LeaseImage) =>
    coordinator.execute(kind, (leases, time) => {
      const lease = decide(leases, time)
      return { lease: leaseMessage(lease, leases.expireTime(lease, time)) }
    })

  const handlers: LeaseServiceHandlers = {
    CreateLease: unary(log, async request => {
      const command = createCommand(request, limits)
      return one('write', (leases, time) => leases.create(command, time))
    }),
    GetLease: unary(log, async request => {
      const name = leaseName(request)
      return one('read', leases => leases.get(name))
    }),
    ListLeases: unary(log, (request, call) => listLeases(coordinator, request, () => call.cancelled)),
    UpdateLease: unary(log, async request => {
      const command = updateCommand(request, limits)
      return one('write', (leases, time) => update(leases, command, time))
    }),
    DeleteLease: unary(log, async request => {
      const command = deleteCommand(request)
      return one('keep', (leases, time) => leases.delete(command, time))
    }),
    AcquireLease: unary(log, async request => {
      const command = acquireCommand(request, limits)
      return coordinator.execute('write', (leases, time) => {
        const { lease, renewAfterMs, resumed } = leases.acquire(command, time)
        const message = leaseMessage(lease, leases.expireTime(lease, time))
        return { lease: message, renewAfter: durationOf(renewAfterMs), resumed }
      })
    }),
    RenewLease: unary(log, async request => {
      const command = tenancyCommand(request)
      return coordinator.execute('keep', (leases, time) => {
        const { lease, renewAfterMs } = leases.renew(command, time)
        const message = leaseMessage(lease, leases.expireTime(lease, time))
        return { lease: message, renewAfter: durationOf(renewAfterMs) }
      })
    }),
    ReleaseLease: unary(log, async request => {
      const command = tenancyCommand(request)
      return one('keep', (leases, time) => leases.release(command, time))
    }),
    RevokeLease: unary(log, async request => {
      const command = tenancyCommand(request, true)
      return one('write', (leases, time) => leases.revoke(command, time))
    }),
    CheckFencingToken: unary(log, async request => {
      const command = tenancyCommand(request)
      return coordinator.execute('read', leases => leases.checkFencingToken(command))
    }),
    WatchLeases: call => watches.begin(call),
  }
  return { handlers, watches }
}
