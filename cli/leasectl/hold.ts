import { hostname, constants as osConstants } from 'node:os'
import { Command, Option } from 'commander'
import { type CommandEnd, CommandStartError, runGuarded } from '../../agents/runtime/guarded-command.js'
import { AcquireError, LeaseLostError } from '../../client/errors.js'
import type { Hold, LeaseholdClient } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { uuid } from '../../clock/random.js'
import { CommandError, describeError, Exit } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { parseDurationArgument } from './arguments.js'
import { callBound, withClient } from './connection.js'
import type { GlobalOptions } from './global-options.js'

/** Exit codes that are not the command's: those of timeout(1) and of shells, and 123 for a lost lease. */
export const holdExitCodes = { lost: 123, notAcquired: 124, failed: 125, cannotRun: 126, notFound: 127 } as const

interface HoldOptions extends GlobalOptions {
  readonly identity?: string
  /** ms. */
  readonly leaseDuration: number
  /** ms; absent: for ever. */
  readonly wait?: number
  /** ms; absent: the lease keeps what it has. */
  readonly takeoverDelay?: number
}

/** `leasectl hold`: runs a command while holding a lease. */
export const holdCommand = (surroundings: Surroundings): Command =>
  new Command('hold')
    .summary('run a command while holding a lease')
    .description(
      'Waits for a lease, runs a command while it is held, and releases the lease once the command and all that it\n' +
        'started are gone. A guardian process ends the command before the lease runs out, heard or not heard. The\n' +
        'command finds LEASEHOLD_LEASE, LEASEHOLD_FENCING_TOKEN, LEASEHOLD_HOLDER_IDENTITY and LEASEHOLD_ADDRESS in\n' +
        'its environment.',
    )
    .argument('<name>', 'the lease; a missing one is created')
    .argument('<command...>', 'the command and its arguments, after --')
    .option(
      '--wait <duration>',
      'how long to wait for the lease, 0 for not at all (default: for ever)',
      parseDurationArgument,
    )
    .addOption(
      new Option('--lease-duration <duration>', 'how long a renewal lasts')
        .argParser(parseDurationArgument)
        .default(15_000, '15s'),
    )
    .option(
      '--takeover-delay <duration>',
      'how long nobody else gets the lease after it ran out, 0 for not at all (default: what the lease has)',
      parseDurationArgument,
    )
    .option('--identity <id>', 'who holds the lease (default: hostname_uuid)')
    .addHelpText(
      'after',
      `
Exit codes: the command's own, 128 and the signal's number when a signal ended it; ${holdExitCodes.notAcquired} the lease was not to be had in
time, ${holdExitCodes.lost} it was lost while the command ran, ${holdExitCodes.failed} leasectl failed, ${holdExitCodes.cannotRun} and ${holdExitCodes.notFound} the command could not be started.

Examples:
  leasectl hold nightly-backup -- ./backup.sh --full
  leasectl hold migrate -n shop --wait 30s -- npm run migrate
  leasectl hold billing --takeover-delay 30s -- ./billing.sh
  leasectl hold report --wait 0 -- ./report.sh || test $? -eq ${holdExitCodes.notAcquired}`,
    )
    .action(async (name: string, command: string[], options: HoldOptions) => {
      const exitCode = await withClient(
        options,
        surroundings,
        client => holdAndRun(client, { name, command, ...options }, surroundings),
        callBound.timeoutMs,
      ).catch((error: unknown) => {
        throw ownError(error)
      })
      if (exitCode !== 0) throw new Exit(exitCode)
    })

type HoldArguments = HoldOptions & { readonly name: string; readonly command: readonly string[] }

async function holdAndRun(client: LeaseholdClient, args: HoldArguments, surroundings: Surroundings): Promise<number> {
  const { clock, random, signal } = surroundings
  await reach(client, args, signal)
  const identity = args.identity ?? `${hostname()}_${uuid(random)}`
  const session = client.openSession()
  try {
    const hold = session.acquire({
      namespace: args.namespace,
      name: args.name,
      holderIdentity: identity,
      leaseDurationMs: args.leaseDuration,
      ...(args.takeoverDelay === undefined ? {} : { takeoverDelayMs: args.takeoverDelay }),
      ...waiting(args.wait),
    })
    tellWhoHolds(hold, surroundings)
    await unlessStopped(hold.whenHeld(), signal)
    const end = await runGuarded({
      command: args.command,
      hold,
      env: environment(args, identity, hold),
      clock,
      signal,
      log: silent,
    })
    // The guardian ends the command a little before the lease is over.
    const isLost = end.ending === 'deadline' || !hold.isHeld()
    if (isLost && !signal.aborted) throw lost(args)
    return exitCodeOf(end)
  } finally {
    await session.close()
  }
}

/** An unreachable coordinator is told at once; from then on the session reconnects for as long as it takes. */
async function reach(client: LeaseholdClient, { namespace, name }: HoldArguments, signal: AbortSignal): Promise<void> {
  await client.get({ namespace, name }, { ...callBound, signal }).catch((error: unknown) => {
    if (!(error instanceof TransportError) || error.status !== 'NOT_FOUND') throw error
  })
}

const waiting = (waitMs: number | undefined) =>
  waitMs === undefined ? {} : waitMs === 0 ? { noWait: true as const } : { waitTimeoutMs: waitMs }

function tellWhoHolds(hold: Hold, { err }: Surroundings): void {
  let told = ''
  hold.onChange(({ state, holderIdentity }) => {
    if (state !== 'waiting' || holderIdentity === '' || holderIdentity === told) return
    told = holderIdentity
    err(`leasectl: ${hold.namespace}/${hold.name} is held by ${holderIdentity}; waiting\n`)
  })
}

/** What the promise gives, or the exit code of an interrupted command when the user stops waiting for it. */
function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Exit(128 + osConstants.signals.SIGINT))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

const environment = (args: HoldArguments, identity: string, hold: Hold): Record<string, string> => ({
  LEASEHOLD_LEASE: `${args.namespace}/${args.name}`,
  LEASEHOLD_FENCING_TOKEN: String(hold.fencingToken),
  LEASEHOLD_HOLDER_IDENTITY: identity,
  LEASEHOLD_ADDRESS: args.address,
})

const silent = { warn() {}, debug() {} }

const lost = ({ namespace, name }: HoldArguments): CommandError =>
  new CommandError(`${namespace}/${name} was lost while the command ran, and the command was ended`, holdExitCodes.lost)

const exitCodeOf = ({ code, signal }: CommandEnd): number =>
  code ?? 128 + (signal === null ? osConstants.signals.SIGKILL : osConstants.signals[signal])

/** What went wrong, under an exit code that tells it from the command's. */
function ownError(error: unknown): Error {
  if (error instanceof Exit) return error
  return new CommandError(describeError(error), ownExitCode(error))
}

function ownExitCode(error: unknown): number {
  if (error instanceof CommandError && error.exitCode === holdExitCodes.lost) return error.exitCode
  if (error instanceof LeaseLostError) return holdExitCodes.lost
  if (error instanceof AcquireError && notToBeHad.has(error.reason)) return holdExitCodes.notAcquired
  if (error instanceof CommandStartError && error.code === 'DEADLINE') return holdExitCodes.lost
  if (error instanceof CommandStartError && error.code === 'ENOENT') return holdExitCodes.notFound
  if (error instanceof CommandStartError) return holdExitCodes.cannotRun
  return holdExitCodes.failed
}

const notToBeHad: ReadonlySet<string> = new Set(['LEASE_HELD', 'WAIT_TIMEOUT', 'QUEUE_FULL'])
