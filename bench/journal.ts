/**
 * What an append to the LMDB journal takes, each flushed before the next: `npx tsx bench/journal.ts [DIRECTORY]`. First how
 * many renewals a second become durable, one entry for 100 and for 1,000 of them; then entries of all lengths in a journal
 * from which as much is trimmed again and again. The directory says which disk; what is made there is removed after.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { cpus, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../clock/random.js'
import { systemClock } from '../clock/system-clock.js'
import { EntryEncoder } from '../services/coordinator/journal/entry-codec.js'
import { openLmdbJournal } from '../services/coordinator/journal/lmdb-journal.js'
import { Latencies } from './harness/latencies.js'

const secondsEach = 5
const firstLeaseId = 1_700_000_000_000_000

/** What is appended between two snapshots, the length of a snapshot, and of an entry at most. */
const roundBytes = 64 * 2 ** 20
const snapshotBytes = 60 * 2 ** 20
const pieceBytes = 256 * 1024
const longestEntry = 40 * 1024
const rounds = 5

async function measure(parent: string, renewals: number): Promise<string> {
  const directory = mkdtempSync(join(parent, 'leasehold-bench-'))
  const journal = await openLmdbJournal(directory, { random: systemRandom })
  try {
    const encoder = new EntryEncoder()
    const latencies = new Latencies()
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
      latencies.add(nowMs - beginMs)
      beginMs = nowMs
    }
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000
    const rate = (count: number) => `${Math.round(count / seconds).toLocaleString('en')} /s`
    return `${renewals} renewals an entry (${size} bytes): ${rate(latencies.count * renewals)}, ${rate(latencies.count)} appends, ${percentiles(latencies)}`
  } finally {
    await journal.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** One round a line: appends until it is full, then a snapshot and a trim, beside which nothing is measured. */
async function* measureRounds(parent: string): AsyncGenerator<string> {
  const directory = mkdtempSync(join(parent, 'leasehold-bench-'))
  const journal = await openLmdbJournal(directory, { random: systemRandom })
  const bytes = Buffer.alloc(pieceBytes, 'x')
  try {
    for (let round = 1; round <= rounds; round++) {
      const latencies = new Latencies()
      const cpu = process.cpuUsage()
      for (let appended = 0; appended < roundBytes; ) {
        const length = Math.ceil(systemRandom.fraction() * longestEntry)
        const startMs = systemClock.monotonicMs()
        await journal.append(bytes.subarray(0, length), journal.lastSequence + 1)
        latencies.add(systemClock.monotonicMs() - startMs)
        appended += length
      }
      const { user, system } = process.cpuUsage(cpu)
      const cpuMs = (user + system) / 1e3 / latencies.count
      const fileMb = statSync(join(directory, 'data.mdb')).size / 1e6
      yield `after ${round - 1} snapshots: ${percentiles(latencies)}, ${cpuMs.toFixed(2)} ms of CPU an append, ${fileMb.toFixed(0)} MB`
      const snapshot = journal.beginSnapshot(journal.lastSequence + 1)
      for (let written = 0; written < snapshotBytes; written += pieceBytes) await snapshot.write(bytes)
      await snapshot.commit()
      await journal.trim(journal.lastSequence + 1)
    }
  } finally {
    await journal.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const percentiles = (latencies: Latencies): string =>
  `p50 ${latencies.percentile(50).toFixed(2)} ms, p99 ${latencies.percentile(99).toFixed(2)} ms`

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${type()} ${release()}, ${cpus().length} cores`,
)
for (const renewals of [100, 1_000]) console.log(await measure(process.argv[2] ?? tmpdir(), renewals))
for await (const line of measureRounds(process.argv[2] ?? tmpdir())) console.log(line)
