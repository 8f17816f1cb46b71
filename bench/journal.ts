/**
 * How many renewals a second the LMDB journal makes durable, one entry for 100 and for 1,000 of them, each append
 * flushed before the next: `npx tsx bench/journal.ts [DIRECTORY]`. The directory says which disk; it is removed after.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../clock/random.js'
import { systemClock } from '../clock/system-clock.js'
import { EntryEncoder } from '../services/coordinator/journal/entry-codec.js'
import { openLmdbJournal } from '../services/coordinator/journal/lmdb-journal.js'

const secondsEach = 5
const firstLeaseId = 1_700_000_000_000_000

async function measure(parent: string, renewals: number): Promise<string> {
  const directory = mkdtempSync(join(parent, 'leasehold-bench-'))
  const journal = await openLmdbJournal(directory, { random: systemRandom })
  try {
    const encoder = new EntryEncoder()
    const durations: number[] = []
    let revision = firstLeaseId * 2
    let size = 0
    const startMs = systemClock.monotonicMs()
    const endMs = startMs + secondsEach * 1_000
    for (let beginMs = startMs; beginMs < endMs; ) {
      const wallMicros = systemClock.wallMicros()
      const leaseIds = Array.from({ length: renewals }, (_, index) => firstLeaseId + index * 97)
      const renewTimes = leaseIds.map((_, index) => wallMicros + index)
      const { bytes: entry } = encoder.encode({
        epoch: journal.epoch,
        firstRevision: revision,
        records: [{ type: 'renewed', firstRevision: revision, leaseIds, renewTimes }],
      })
      size = entry.length
      await journal.append(entry, journal.lastSequence + 1)
      revision += renewals
      const nowMs = systemClock.monotonicMs()
      durations.push(nowMs - beginMs)
      beginMs = nowMs
    }
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000
    durations.sort((a, b) => a - b)
    const at = (share: number) => `${durations[Math.floor(durations.length * share)]?.toFixed(2)} ms`
    const rate = (count: number) => `${Math.round(count / seconds).toLocaleString('en')} /s`
    return `${renewals} renewals an entry (${size} bytes): ${rate(durations.length * renewals)}, ${rate(durations.length)} appends, p50 ${at(0.5)}, p99 ${at(0.99)}`
  } finally {
    await journal.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${type()} ${release()}, ${cpus().length} cores`,
)
for (const renewals of [100, 1_000]) console.log(await measure(process.argv[2] ?? tmpdir(), renewals))
