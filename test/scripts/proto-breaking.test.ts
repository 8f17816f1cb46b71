import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

const copy = mkdtempSync(join(tmpdir(), 'leasehold-protos-'))
test.after.always(() => rmSync(copy, { recursive: true }))

test('a field that clients of the last release know cannot go', t => {
  cpSync('protos/buf.yaml', join(copy, 'buf.yaml'))
  cpSync('protos/leasehold', join(copy, 'leasehold'), { recursive: true })
  t.is(compare(copy).status, 0)

  const file = join(copy, 'leasehold/v1/lease.proto')
  const text = readFileSync(file, 'utf8')
  const without = text.replace(/ {2}int64 fencing_token = \d+;\n/, '')
  t.not(without, text)
  writeFileSync(file, without)
  const { status, output } = compare(copy)
  t.not(status, 0)
  t.regex(output, /"fencing_token" on message "Lease" was deleted/)
})

function compare(dir: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('scripts/proto-breaking.sh', [dir], { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}
