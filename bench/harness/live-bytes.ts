import { setTimeout as sleep } from 'node:timers/promises'
import type { CoordinatorProcess } from './coordinator-process.js'

/** For node: garbage is collected when SIGUSR2 comes. Nothing else about the process is changed. */
export const collectsOnSignal: readonly string[] = [
  '--expose-gc',
  ...['--import', 'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc()})'],
]

/** The signal may be heard after the first question. */
const samples = 3

/**
 * Bytes of heap, and of buffers beside it, that are in use: what is left when garbage was collected.
 *
 * @param coordinator started with `collectsOnSignal`.
 */
export async function liveBytes(coordinator: CoordinatorProcess): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < samples; i++) {
    coordinator.signal('SIGUSR2')
    await sleep(50)
    const metrics = await coordinator.metrics()
    const [heap, buffers] = ['nodejs_heap_size_used_bytes', 'leasehold_buffer_bytes'].map(name => metrics.get(name))
    if (heap === undefined || buffers === undefined) throw new Error('the coordinator does not say what it uses')
    least = Math.min(least, heap + buffers)
  }
  return least
}
