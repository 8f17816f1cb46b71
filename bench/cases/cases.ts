import type { BenchCase } from '../harness/bench-case.js'
import { acquire } from './acquire.js'
import { batch } from './batch.js'
import { events } from './events.js'
import { growth } from './growth.js'
import { handover } from './handover.js'
import { http } from './http.js'
import { memory } from './memory.js'
import { million } from './million.js'
import { reconnect } from './reconnect.js'
import { restart } from './restart.js'
import { sessions } from './sessions.js'
import { storm } from './storm.js'
import { stream } from './stream.js'
import { tenMillion } from './ten-million.js'
import { watch } from './watch.js'

/** In the order in which they run. */
export const cases: readonly BenchCase[] = [
  stream,
  batch,
  handover,
  storm,
  acquire,
  events,
  growth,
  reconnect,
  sessions,
  restart,
  memory,
  watch,
  http,
  million,
  tenMillion,
]
