/**
 * A process that adds elements to a guarded set, one a tenancy, by reading all of it and writing it back. `--unary` ones
 * hold the lease by single calls, the others by a session. It looks at its own deadline right before it writes, as it
 * should; told to `stopBeforeWrite` it stops itself between that look and the write, where no care of its own helps.
 * Every fifth tenancy of a session lasts longer than the lease duration. After each it reads the lease. The end of its
 * parent ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { AcquireError, LeaseLostError, TransportError } from '../../../client/index.js'
import { systemClock } from '../../../clock/system-clock.js'
import { recordingClient } from '../history/recording-client.js'
import type { SetWrite } from './guarded-set.js'

export type ToWriter = 'stopBeforeWrite'
/** The wall clock is told at each element, for the test to see that it jumped. */
export interface FromWriter {
  readonly added: string
  readonly wallMs: number
}

const lease = { namespace: 'default', name: 'set' }
const callTimeoutMs = 1_000

const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '' },
    set: { type: 'string', default: '' },
    name: { type: 'string', default: '' },
    history: { type: 'string', default: '' },
    'lease-duration-ms': { type: 'string', default: '' },
    unary: { type: 'boolean', default: false },
  },
})
const { address, set, name, history, unary: isUnary } = values
const leaseDurationMs = Number(values['lease-duration-ms'])
const client = recordingClient(address, { path: history, process: name })
let stopsBeforeWrite = false
process.on('message', (message: ToWriter) => {
  stopsBeforeWrite = message === 'stopBeforeWrite'
})
process.once('disconnect', () => process.exit())

async function write(): Promise<never> {
  for (let turn = 1; ; turn++) {
    const element = `${name}.${turn}`
    try {
      if (isUnary) await addByCalls(element)
      else {
        await client.withLease({ ...lease, holderIdentity: element, leaseDurationMs }, async hold => {
          if (turn % 5 === 0) await outliveOneDuration(hold.signal)
          await add(element, hold)
        })
      }
      await client.get(lease, { timeoutMs: callTimeoutMs })
    } catch (error) {
      if (!isExpected(error)) throw error
    }
    // Those who wait in the queue go before those who call: there must be times without any.
    await sleep(isUnary ? 20 : 20 + 150 * Math.random())
  }
}

/** One tenancy without a session: acquire, renew, add, release. */
async function addByCalls(element: string): Promise<void> {
  const acquire = { ...lease, holderIdentity: element, leaseDurationMs }
  let sentMs = systemClock.sinceBootMs()
  const { fencingToken } = (await client.acquireOnce(acquire, { timeoutMs: callTimeoutMs })).lease
  const isHeld = (): boolean => systemClock.sinceBootMs() < sentMs + 0.97 * leaseDurationMs
  await sleep(5)
  const renewedMs = systemClock.sinceBootMs()
  await client.renew({ ...lease, fencingToken }, { timeoutMs: callTimeoutMs })
  sentMs = renewedMs
  await add(element, { fencingToken, isHeld })
  await client.release({ ...lease, fencingToken }, { timeoutMs: callTimeoutMs })
}

/** Renewals keep the lease meanwhile. */
const outliveOneDuration = (lost: AbortSignal): Promise<void> =>
  sleep(1.2 * leaseDurationMs, undefined, { signal: lost }).catch(() => {})

/** Read, modify, write. */
async function add(
  element: string,
  hold: { readonly fencingToken: number; readonly isHeld: () => boolean },
): Promise<void> {
  const { fencingToken: token } = hold
  const read = await fetch(`${set}?token=${token}`)
  if (!read.ok) return
  // The set's own answer.
  const elements = (await read.json()) as string[]
  if (!hold.isHeld()) return
  if (stopsBeforeWrite) {
    stopsBeforeWrite = false
    process.kill(process.pid, 'SIGSTOP')
  }
  const write: SetWrite = { token, added: element, elements: [...elements, element] }
  const written = await fetch(set, { method: 'PUT', body: JSON.stringify(write) })
  const message: FromWriter = { added: element, wallMs: Date.now() }
  if (written.ok) process.send?.(message)
}

/** What faults do to a client. */
const isExpected = (error: unknown): boolean =>
  error instanceof LeaseLostError || error instanceof AcquireError || error instanceof TransportError

await write()
