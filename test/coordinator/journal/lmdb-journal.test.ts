import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { openLmdbJournal } from '../../../services/coordinator/journal/lmdb-journal.js'
import { conforms } from './conformance.js'

conforms(test, async t => {
  const directory = temporaryDirectory(t)
  return {
    async open({ besides } = { besides: false }) {
      if (besides) rmSync(join(directory, 'coordinator.pid'))
      const journal = await openLmdbJournal(directory, { random: systemRandom })
      t.teardown(() => journal.close())
      return journal
    },
  }
})

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
