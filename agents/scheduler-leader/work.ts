import type { Hold } from '../../client/index.js'
import type { AgentContext } from '../runtime/agent.js'
import { exitCode, exitCodeOfSignal } from '../runtime/exit-codes.js'
import { type CommandEnd, CommandStartError, runGuarded } from '../runtime/guarded-command.js'
import { whenAborted } from '../runtime/when-aborted.js'

/**
 * Leads until the lease is lost or the agent is told to stop, or runs the command while it leads.
 *
 * @returns the command's exit code when it has ended by itself: it ends the agent.
 */
export async function work(hold: Hold, context: AgentContext, holderIdentity: string): Promise<number | undefined> {
  const { command, signal, clock, log, addresses } = context
  if (command.length === 0) {
    await whenAborted(hold.signal, signal)
    return undefined
  }
  const env = {
    LEASEHOLD_FENCING_TOKEN: String(hold.fencingToken),
    LEASEHOLD_LEASE: `${hold.namespace}/${hold.name}`,
    LEASEHOLD_HOLDER_IDENTITY: holderIdentity,
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
