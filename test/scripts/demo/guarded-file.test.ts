import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { GuardedFile } from '../../../scripts/demo/guarded-file.js'

function guardedFile(t: ExecutionContext): GuardedFile {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-report-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return new GuardedFile(directory)
}

test('a line is taken from the greatest token so far, and from a greater one', t => {
  const report = guardedFile(t)
  t.deepEqual(report.entries(), [])
  for (const token of [1795395514629003, 1795395514629003, 1795395514629016]) {
    t.deepEqual(report.write({ token, writer: 'a' }), { isRefused: false, output: '' })
  }
  t.deepEqual(
    report.entries().map(({ token }) => token),
    [1795395514629003, 1795395514629003, 1795395514629016],
  )
})

test('a smaller token is refused, and nothing is written', t => {
  const report = guardedFile(t)
  report.write({ token: 1795395514629016, writer: 'b' })
  t.deepEqual(report.write({ token: 1795395514629015, writer: 'a' }), {
    isRefused: true,
    output: 'refused: the token 1795395514629015 is smaller than 1795395514629016, which has written here\n',
  })
  t.deepEqual(report.entries(), [{ token: 1795395514629016, writer: 'b' }])
})
