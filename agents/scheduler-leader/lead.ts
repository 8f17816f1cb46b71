import { AcquireError, type Hold, type LeaseLostError } from '../../client/index.js'
import { sleep } from '../../client/sleep.js'
import type { AgentContext } from '../runtime/agent.js'
import { exitCode, exitCodeOfSignal } from '../runtime/exit-codes.js'
import { type CommandEnd, CommandStartError, runGuarded } from '../runtime/guarded-command.js'
import { whenAborted } from '../runtime/when-aborted.js'

export interface Leadership {
  readonly namespace: string
  readonly name: string
  readonly holderIdentity: string
  readonly leaseDurationMs: number
  readonly priority: number
  /** Lead once at most. */
  readonly once: boolean
}

/** The wait before a try again when the coordinator could not give a place in the queue. */
const retryDelayMs = 2_000

/**
 * Waits in the queue, leads, and waits again when the lease is lost; the lease is released only when the work has ended.
 *
 * @returns the exit code: when the agent is told to stop, the command has ended by itself, or `once` is over.
 * @throws AcquireError when the coordinator will never accept the lease.
 */
export async function lead(context: AgentContext, leadership: Leadership): Promise<number> {
  const { session, signal, log, clock, random } = context
  const { once, ...acquire } = leadership
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
    const code = await work(hold, context, leadership)
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

/** Leads until the lease is lost or the agent is told to stop, or runs the command; an exit code ends the agent. */
async function work(hold: Hold, context: AgentContext, leadership: Leadership): Promise<number | undefined> {
  const { command, signal, clock, log, addresses } = context
  if (command.length === 0) {
    await whenAborted(hold.signal, signal)
    return undefined
  }
  const env = {
    LEASEHOLD_FENCING_TOKEN: String(hold.fencingToken),
    LEASEHOLD_LEASE: `${leadership.namespace}/${leadership.name}`,
    LEASEHOLD_HOLDER_IDENTITY: leadership.holderIdentity,
    LEASEHOLD_ADDRESS: addresses.join(','),
  }
  try {
    const end = await runGuarded({ command, hold, env, clock, signal, log })
    log.info({ command: command[0], ...end }, 'the command has ended')
    return end.ending === 'itself' && !signal.aborted ? codeOf(end) : undefined
  } catch (error) {
    if (!(error instanceof CommandStartError)) throw error
    log.error({ code: error.code }, error.message)
    return codeOfStartError(error)
  }
}

const codeOf = ({ code, signal }: CommandEnd): number =>
  code ?? (signal === null ? exitCode.failure : exitCodeOfSignal(signal))

/** As shells have it; undefined when another try makes sense. */
function codeOfStartError({ code }: CommandStartError): number | undefined {
  if (code === 'DEADLINE' || code === 'GUARDIAN') return undefined
  return code === 'ENOENT' ? exitCode.commandNotFound : exitCode.commandNotExecutable
}
