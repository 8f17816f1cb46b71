import { setMaxListeners } from 'node:events'

/** A signal made of others. */
export interface AnySignal {
  /** Aborted as soon as one of the others is. */
  readonly signal: AbortSignal
  /** It is needed no more: nothing of it stays at the others. */
  letGo(): void
}

/**
 * Makes a signal of others, to be let go when what it is for is over.
 *
 * AbortSignal.any will not do: what it makes leaves something behind at each of the others for as long as those live,
 * and the signal of a client lives as long as its process; and what still listens to it is never collected.
 */
export function anySignal(...signals: readonly AbortSignal[]): AnySignal {
  const controller = new AbortController()
  const letGo = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', abort)
  }
  const abort = ({ target }: Event): void => {
    letGo()
    controller.abort(target instanceof AbortSignal ? target.reason : undefined)
  }
  for (const signal of signals) {
    // None stays: many, for much that goes on at once, are no leak.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', abort)
  }
  const aborted = signals.find(signal => signal.aborted)
  if (aborted !== undefined) {
    letGo()
    controller.abort(aborted.reason)
  }
  return { signal: controller.signal, letGo }
}
