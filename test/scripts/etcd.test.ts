import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

interface Found {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the script in a place of its own, where nothing is kept, and no Go and no apt is to be had. */
function find({ etcd, kept = {} }: { etcd?: string; kept?: Readonly<Record<string, string>> }): Found {
  const root = mkdtempSync(join(tmpdir(), 'leasehold-etcd-'))
  try {
    const bin = join(root, 'bin')
    for (const folder of ['scripts', 'bin']) mkdirSync(join(root, folder))
    cpSync('scripts/etcd.sh', join(root, 'scripts/etcd.sh'))
    for (const tool of ['dirname', 'sed', 'sort', 'cut']) {
      symlinkSync(spawnSync('which', [tool], { encoding: 'utf8' }).stdout.trim(), join(bin, tool))
    }
    for (const [path, version] of Object.entries(kept)) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      program(join(root, path), `#!/bin/bash\necho 'etcd Version: ${version}'\n`)
    }
    const { status, stdout, stderr } = spawnSync('/bin/bash', [join(root, 'scripts/etcd.sh')], {
      encoding: 'utf8',
      env: { PATH: bin, ...(etcd !== undefined && { ETCD: etcd }) },
    })
    return { status, stdout: stdout.replaceAll(`${root}/`, ''), stderr }
  } finally {
    rmSync(root, { recursive: true })
  }
}

function program(path: string, text: string): void {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

test('ETCD names what to measure beside, in its order', t => {
  t.deepEqual(find({ etcd: '/bin/sh  /bin/bash' }), { status: 0, stdout: '/bin/sh\n/bin/bash\n', stderr: '' })
})

test('an empty ETCD asks for nothing beside', t => {
  t.deepEqual(find({ etcd: '' }), { status: 0, stdout: '', stderr: '' })
})

for (const path of ['/etc/passwd', '/tmp', '/nowhere/etcd']) {
  test(`ETCD=${path} is refused in one line, since it is no program`, t => {
    const { status, stderr } = find({ etcd: path })
    t.is(status, 1)
    t.is(stderr, `ETCD names ${path}, which is no program: give the path of an etcd\n`)
  })
}

test('of what is kept the newest comes first', t => {
  const kept = { '.cache/etcd/3.7.3/etcd': '3.7.3', '.cache/etcd/debian/usr/bin/etcd': '3.10.0' }
  const stdout = '.cache/etcd/debian/usr/bin/etcd\n.cache/etcd/3.7.3/etcd\n'
  t.deepEqual(find({ kept }), { status: 0, stdout, stderr: '' })
})

test('an etcd on PATH goes before the one that Debian has', t => {
  const kept = { 'bin/etcd': '3.5.16', '.cache/etcd/debian/usr/bin/etcd': '3.4.23' }
  t.deepEqual(find({ kept }), { status: 0, stdout: 'bin/etcd\n', stderr: '' })
})

test('where none can be had nothing is printed, and one line says how to get one', t => {
  const { status, stdout, stderr } = find({})
  t.deepEqual([status, stdout], [0, ''])
  t.regex(stderr, /^there is no etcd to measure beside: install .+\n$/)
})
