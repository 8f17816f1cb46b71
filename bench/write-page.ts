/** Writes docs/benchmarks.md from the results on file, without measuring: `node --import=tsx bench/write-page.ts`. */
import { writePage } from './page.js'

writePage()
