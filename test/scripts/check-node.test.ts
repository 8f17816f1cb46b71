import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

/** Runs the check where `node --version` says this; undefined: where there is no node. */
function check(version: string | undefined): { status: number | null; stderr: string } {
  const dir = mkdtempSync(join(tmpdir(), 'leasehold-node-'))
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o755 })
  put('npm', '#!/bin/sh\n')
  if (version !== undefined) put('node', `#!/bin/sh\necho ${version}\n`)
  const { status, stderr } = spawnSync('/bin/bash', ['scripts/check-node.sh'], { encoding: 'utf8', env: { PATH: dir } })
  rmSync(dir, { recursive: true })
  return { status, stderr }
}

for (const version of ['v20.19.0', 'v20.20.2', 'v22.0.0', 'v104.1.0']) {
  test(`Node ${version} will do, and nothing is said`, t => {
    t.deepEqual(check(version), { status: 0, stderr: '' })
  })
}

for (const version of ['v20.18.3', 'v18.20.0', undefined]) {
  test(`${version ?? 'no Node at all'} is refused in one line that says what is needed`, t => {
    const { status, stderr } = check(version)
    t.is(status, 1)
    t.regex(stderr, /^leasehold needs Node >= 20\.19 with npm: .+\n$/)
  })
}
