import type { BenchCase } from '../harness/bench-case.js'
import { stream } from './stream.js'

/** In the order in which they run. */
export const cases: readonly BenchCase[] = [stream]
