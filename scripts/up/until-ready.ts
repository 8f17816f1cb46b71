import { connect } from 'node:net'
import type { Clock } from '../../clock/clock.js'
import type { Child } from './child.js'
import type { Endpoint } from './options.js'

const pollMs = 50

/**
 * Waits until `isReady` says so.
 *
 * @throws Error in one line, with what the child said last, when it ends first or the bound has passed.
 */
export async function untilReady(
  child: Child,
  isReady: () => Promise<boolean>,
  { clock, boundMs }: { clock: Clock; boundMs: number },
): Promise<void> {
  let end: string | undefined
  void child.ended.then(how => {
    end = how
  })
  const startMs = clock.monotonicMs()
  while (!(await isReady())) {
    if (end !== undefined) throw new Error(describeEnd(child, end))
    if (clock.monotonicMs() - startMs > boundMs) {
      throw new Error(`${child.name} is not ready after ${boundMs / 1_000} s: see ${child.logFile}`)
    }
    await new Promise<void>(resolve => void clock.setTimer(pollMs, resolve))
  }
}

/** One line about a child that is gone though nobody asked it to go. */
export function describeEnd(child: Child, how: string): string {
  const line = child.lastLogLine()
  return `${child.name} ${how}${line && `: ${line}`} (log: ${child.logFile})`
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

/** Whether an HTTP GET answers 200. */
export const answersOk = (url: string): Promise<boolean> =>
  fetch(url).then(
    async response => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )
