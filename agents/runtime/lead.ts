import { AcquireError, type AcquireOptions, type Hold, type LeaseLostError } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { AgentContext } from './agent.js'
import { exitCode } from './exit-codes.js'
import { whenAborted } from './when-aborted.js'

export interface Leadership
  extends Pick<
    AcquireOptions,
    'namespace' | 'name' | 'holderIdentity' | 'leaseDurationMs' | 'takeoverDelayMs' | 'priority'
  > {
  /** Lead once at most. */
  readonly once?: boolean
}

/** The wait before a try again when the coordinator could not give a place in the queue. */
const retryDelayMs = 2_000

/**
 * Waits in the queue of a lease, leads, and waits again when the lease is lost; the lease is released only when the work
 * has ended.
 *
 * @param work what the leader does until the hold is lost or the agent is told to stop; an exit code ends the agent.
 * @returns the exit code: when the agent is told to stop, the work has ended with one, or `once` is over.
 * @throws AcquireError when the coordinator will never accept the lease.
 */
export async function lead(
  { session, signal, log, clock, random }: Pick<AgentContext, 'session' | 'signal' | 'log' | 'clock' | 'random'>,
  { once = false, ...acquire }: Leadership,
  work: (hold: Hold) => Promise<number | undefined>,
): Promise<number> {
  const lease = `${acquire.namespace}/${acquire.name}`
  while (!signal.aborted) {
    const hold = session.acquire(acquire)
    log.info({ lease, holderIdentity: acquire.holderIdentity }, 'waiting to lead')
    const stopTelling = tellHolders(hold, leader => log.info({ lease, leader }, 'another one leads'))
    const refusal = await waitFor(hold, signal)
    stopTelling()
    if (signal.aborted) {
      await hold.release()
      break
    }
    if (refusal instanceof AcquireError && refusal.reason === 'INVALID_REQUEST') throw refusal
    if (refusal) {
      log.warn({ lease, reason: refusal.message }, 'not in the queue')
      await sleep(clock, retryDelayMs * (1 + random.fraction()), signal)
      continue
    }
    log.info({ lease, fencingToken: hold.fencingToken, holderIdentity: acquire.holderIdentity }, 'leading')
    const code = await work(hold)
    await hold.release()
    if (code !== undefined) return code
    if (signal.aborted) break
    log.warn({ lease, reason: hold.error?.message }, 'no longer leading')
    if (once) return exitCode.failure
  }
  log.info({ lease }, 'the lease is given up')
  return exitCode.ok
}

/** Tells who has the lease that is waited for, at each change; returns how to stop that. */
function tellHolders(hold: Hold, tell: (holderIdentity: string) => void): () => void {
  let told = ''
  return hold.onChange(({ state, holderIdentity }) => {
    if (state === 'waiting' && holderIdentity !== '' && holderIdentity !== told) tell(holderIdentity)
    told = holderIdentity
  })
}

/** Resolves when the lease is held, with why it never will be, or when the signal is aborted. */
async function waitFor(hold: Hold, signal: AbortSignal): Promise<LeaseLostError | AcquireError | undefined> {
  const over = new AbortController()
  hold.whenHeld().then(
    () => over.abort(),
    () => over.abort(),
  )
  await whenAborted(over.signal, signal)
  return hold.error
}
