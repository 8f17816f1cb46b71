import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { JournalSpecError, openJournal } from '../../../services/coordinator/journal/open-journal.js'

const deps = { random: systemRandom }

test('memory: is a journal that ends with the process', async t => {
  const [first, second] = [await openJournal('memory:', deps), await openJournal('memory:', deps)]
  t.not(first.id, second.id)
})

test('lmdb:DIRECTORY is a journal in that directory', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-open-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const first = await openJournal(`lmdb:${directory}/data`, deps)
  await first.close()
  const second = await openJournal(`lmdb:${directory}/data`, deps)
  t.is(second.id, first.id)
  await second.close()
})

for (const spec of ['', 'lmdb', 'lmdb:', './data', 'memory:x', 'etcd:here', 'toString:']) {
  test(`what names no journal is refused under the key journal: ${JSON.stringify(spec)}`, async t => {
    await t.throwsAsync(openJournal(spec, deps), { instanceOf: JournalSpecError, message: /^journal: / })
  })
}
