import { connect } from 'node:net'
import type { Clock } from '../../clock/clock.js'
import type { Endpoint } from './place.js'

const pollMs = 50

/**
 * Waits until `isReady` says so.
 *
 * @returns false when it did not within the bound, or the signal was aborted first.
 */
export async function untilReady(
  isReady: () => Promise<boolean>,
  { clock, boundMs, signal }: { clock: Clock; boundMs: number; signal: AbortSignal },
): Promise<boolean> {
  const startMs = clock.monotonicMs()
  while (!signal.aborted && clock.monotonicMs() - startMs < boundMs) {
    if (await isReady()) return true
    await new Promise<void>(resolve => void clock.setTimer(pollMs, resolve))
  }
  return false
}

/** Whether something accepts connections there. */
export const acceptsConnections = ({ host, port }: Endpoint): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host, port })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })

/** Whether an HTTP GET answers with success. */
export const answersOk = (url: string): Promise<boolean> =>
  fetch(url).then(
    async response => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )
