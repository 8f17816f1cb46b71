/** A process that runs the worlds of the seeds it is sent, one after another; `workers.ts` starts it. */
import { runSeed } from '../run-seed.js'
import type { SeedResult } from './seed-result.js'

// Errors are part of the worlds, and their stacks cost more than they do; whoever runs a broken world again sees them.
Error.stackTraceLimit = 0

process.on('message', (seed: number) => void run(seed))
// Ctrl-C is for whoever sends the seeds: this world comes to its end.
process.on('SIGINT', () => {})
// Whoever sent the seeds is gone.
process.on('disconnect', () => process.exit())

/** How often what is left of the worlds is looked at: a full collection takes as long as a world. */
const collectEvery = 100
let worlds = 0

/** What outlives the worlds, in bytes; 0 where it was not looked at. */
function outlivingBytes(): number {
  worlds++
  if (worlds % collectEvery !== 0) return 0
  // workers.ts starts node with --expose-gc.
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function run(seed: number): Promise<void> {
  const { broken, seenBy, counts, steps, virtualMs } = await runSeed(seed)
  const result: SeedResult = {
    seed,
    ...(broken === undefined ? {} : { broken }),
    ...(seenBy === undefined ? {} : { seenBy }),
    counts: Object.fromEntries(counts),
    steps,
    virtualMs,
    memoryBytes: outlivingBytes(),
  }
  process.send?.(result)
}
