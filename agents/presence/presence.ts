import { AcquireError, type AcquireOptions, type Hold, LeaseLostError, type LeaseName } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { AgentContext, AgentSession } from '../runtime/agent.js'
import { UsageError } from '../runtime/usage-error.js'
import { whenAborted } from '../runtime/when-aborted.js'
import { isSameHolder } from './holder-name.js'

/** A kubelet's waits between its tries to have a lease at all. */
const firstBackoffMs = 200
const longestBackoffMs = 7_000

/** How long to ask for the name of the process that took over. */
const lookTimeoutMs = 2_000

export interface Presence {
  readonly session: AgentSession
  readonly lease: Pick<
    AcquireOptions,
    'namespace' | 'name' | 'holderIdentity' | 'leaseDurationMs' | 'renewIntervalMs' | 'labels'
  >
  /** Waited for before each try to acquire. */
  readonly whenReady?: () => Promise<void>
  /** Told of each try as it begins; returns how to stop what it began. */
  readonly accompany?: (hold: Hold) => () => void
}

/**
 * Keeps a lease as the sign that this process is there, until a stop or until another process of the same holder has it.
 *
 * A process that starts takes the lease from the one that has it at once, by superseding it. A process that has had the
 * lease never supersedes again: after a pause, a partition or an expiry it gets the lease back only while nobody has it.
 * So the one that started last stays, and two never take the lease from each other in turns.
 *
 * It listens to nothing but its own hold, since there may be very many presences in a process: at a stop the session is
 * closed, and the next change ends it.
 *
 * @returns 'superseded' when another process of the same holder has the lease, which the log names; 'stopped' some time
 * after a stop.
 * @throws AcquireError when the coordinator will never accept the lease.
 */
export async function keepPresence(
  { session, lease, whenReady, accompany }: Presence,
  { client, log, clock, signal }: Pick<AgentContext, 'client' | 'log' | 'clock' | 'signal'>,
): Promise<'stopped' | 'superseded'> {
  const path = `${lease.namespace}/${lease.name}`
  let supersede = true
  let backoffMs = firstBackoffMs
  let told: string | undefined
  for (;;) {
    await whenReady?.()
    if (signal.aborted) return 'stopped'
    // In the queue a process would stay behind an older one of its holder that got the lease before it.
    const hold = session.acquire({ ...lease, supersede, noWait: true })
    const stopAccompanying = accompany?.(hold)
    const held = (): void => {
      backoffMs = firstBackoffMs
      told = undefined
      log.info({ lease: path, holderIdentity: lease.holderIdentity, fencingToken: hold.fencingToken }, 'lease held')
    }
    // A rejection is told by hold.signal, too.
    hold.whenHeld().then(held, () => {})
    await whenAborted(hold.signal)
    stopAccompanying?.()
    if (signal.aborted) return 'stopped'
    const { error } = hold
    if (isWithOther(error, supersede, lease.holderIdentity)) {
      // Asked for only if it is told: there may be very many presences that end at once.
      if (log.isLevelEnabled('warn')) log.warn({ lease: path, ...(await holderNow(lease, client, error)) }, otherHasIt)
      return 'superseded'
    }
    if (error instanceof LeaseLostError) {
      supersede = false
      log.warn({ lease: path, cause: error.lossCause }, 'lease lost: it is acquired anew')
      continue
    }
    if (error?.reason === 'INVALID_REQUEST') throw error
    const refusal = `${error?.reason} ${error?.holderIdentity}`
    if (refusal !== told) log.warn({ lease: path, reason: error?.message }, 'lease refused: it is tried again')
    told = refusal
    await sleep(clock, backoffMs)
    backoffMs = Math.min(backoffMs * 2, longestBackoffMs)
  }
}

/** Whether it ended since another process of the same holder has the lease, and may keep it. */
function isWithOther(error: Hold['error'], supersede: boolean, holderIdentity: string): boolean {
  if (error instanceof LeaseLostError) return error.lossCause === 'superseded'
  return !supersede && error?.reason === 'LEASE_HELD' && isSameHolder(error.holderIdentity, holderIdentity)
}

const otherHasIt = 'another process of this holder has the lease: this one ends'

/** Who has the lease now, for the log: a refusal says it, a loss does not, and then it is asked for. */
async function holderNow({ namespace, name }: LeaseName, client: AgentContext['client'], error: Hold['error']) {
  if (error instanceof AcquireError) return { holderIdentity: error.holderIdentity }
  try {
    const { holderIdentity, fencingToken } = await client.get({ namespace, name }, { timeoutMs: lookTimeoutMs })
    return { holderIdentity, fencingToken }
  } catch {
    return {}
  }
}

/** @throws UsageError for a renewal so rare that one lost answer loses the lease. */
export function checkRenewInterval(options: { readonly renewInterval: number; readonly leaseDuration: number }): void {
  if (options.renewInterval * 2 <= options.leaseDuration) return
  throw new UsageError('--renew-interval must be at most half of --lease-duration, better a quarter')
}
