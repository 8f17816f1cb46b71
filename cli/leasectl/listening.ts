import { createConnection } from 'node:net'
import { hostAndPort } from '../../agents/runtime/common-options.js'
import { sleep } from '../../client/sleep.js'
import type { Surroundings } from '../surroundings.js'

/** How often a refused connection is tried again. */
const intervalMs = 100

/** How long one try may take; who does not even refuse is left to the call. */
const tryMs = 1_000

/**
 * Whether something listens at `host:port`. Refused is an answer that comes at once, where a call would try on: it may
 * be a coordinator that starts again, so it counts after `patienceMs`.
 */
export async function isListening(
  address: string,
  patienceMs: number,
  { clock, signal }: Pick<Surroundings, 'clock' | 'signal'>,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + patienceMs
  while (await isRefused(address)) {
    if (signal.aborted || clock.monotonicMs() + intervalMs > endMs) return false
    await sleep(clock, intervalMs, signal)
  }
  return true
}

function isRefused(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ ...hostAndPort(address), timeout: tryMs })
    const end = (isRefused: boolean): void => {
      socket.destroy()
      resolve(isRefused)
    }
    socket
      .on('connect', () => end(false))
      .on('timeout', () => end(false))
      .on('error', error => end('code' in error && error.code === 'ECONNREFUSED'))
  })
}
