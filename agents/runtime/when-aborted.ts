/** Resolves when one of the signals is aborted. */
export function whenAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise(resolve => {
    if (signals.some(signal => signal.aborted)) return resolve()
    const aborted = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', aborted)
      resolve()
    }
    for (const signal of signals) signal.addEventListener('abort', aborted)
  })
}
