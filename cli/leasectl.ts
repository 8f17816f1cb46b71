#!/usr/bin/env node
import { systemRandom } from '../clock/random.js'
import { systemClock } from '../clock/system-clock.js'
import { leasectl } from './leasectl/leasectl.js'
import { processSurroundings } from './process-surroundings.js'
import { runProgram } from './run-program.js'

const surroundings = processSurroundings(systemClock, systemRandom)
process.exitCode = await runProgram(leasectl(surroundings), process.argv.slice(2), surroundings)
