/** `make simulate`: runs worlds, and says what was broken in which. SEEDS=1000 runs the first thousand, SEED=7 one. */
import { runSeed } from './run-seed.js'

const { SEED, SEEDS = '1000' } = process.env
const seeds = SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, index) => index + 1) : [Number(SEED)]
const startMs = performance.now()
const counts = new Map<string, number>()
let [steps, virtualMs, failures] = [0, 0, 0]
for (const seed of seeds) {
  const outcome = await runSeed(seed)
  steps += outcome.steps
  virtualMs += outcome.virtualMs
  for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
  if (outcome.broken === undefined) continue
  failures++
  console.log(
    `seed ${seed}: ${outcome.broken}\n  ${outcome.trace.slice(-10).join('\n  ')}\n  replay: make simulate SEED=${seed}`,
  )
}
const seconds = (performance.now() - startMs) / 1e3
console.log(
  `${seeds.length} seeds, ${failures} broken; ${(virtualMs / 3.6e6).toFixed(1)} virtual hours in ${seconds.toFixed(1)} s, ` +
    `${Math.round(steps / seconds)} steps/s`,
)
console.log([...counts].map(([what, count]) => `${what}: ${count}`).join(', '))
process.exitCode = failures > 0 ? 1 : 0
