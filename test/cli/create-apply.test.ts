import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { applyManifest } from '../../cli/leasectl/apply.js'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'
import { runLeasectlWith } from '../support/leasectl.js'

let coordinator: TestCoordinator
let client: LeaseholdClient
const dir = mkdtempSync(join(tmpdir(), 'leasehold-manifests-'))

test.before(async () => {
  coordinator = await startCoordinator()
  client = connectClient({ addresses: [coordinator.address] })
})

test.after.always(async () => {
  await client.close()
  await coordinator.stop()
  rmSync(dir, { recursive: true, force: true })
})

const manifest = (metadata: string, spec = '{}'): string =>
  `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: ${metadata}\nspec: ${spec}\n`

/** Runs a verb on a manifest as standard input. */
const write = (verb: string, text: string, ...args: string[]) =>
  runLeasectlWith(text, '--address', coordinator.address, verb, '-f', '-', ...args)

const done = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
const created = (name: string) => done(`lease.coordination.k8s.io/${name} created\n`)
const configured = (name: string) => done(`lease.coordination.k8s.io/${name} configured\n`)
const unchanged = (name: string) => done(`lease.coordination.k8s.io/${name} unchanged\n`)

const get = (name: string, namespace = 'default') => client.get({ namespace, name })

test('create makes a lease with all that its manifest has', async t => {
  const text = manifest(
    '{name: full, labels: {app: db}, annotations: {note: x, leasehold.dev/takeover-delay: 30s}, finalizers: [a.b/c], ' +
      'ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: u, controller: true}]}',
    '{leaseDurationSeconds: 15, strategy: OldestEmulationVersion, preferredHolder: h}',
  )
  t.deepEqual(await write('create', text), created('full'))
  t.like(await get('full'), {
    labels: { app: 'db' },
    annotations: { note: 'x' },
    takeoverDelayMs: 30_000,
    finalizers: ['a.b/c'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true }],
    leaseDurationMs: 15_000,
    strategy: 'OldestEmulationVersion',
    preferredHolder: 'h',
    state: 'unheld',
  })
})

test('create with a holder is an acquire of a lease that must not exist', async t => {
  const text = manifest('{name: taken}', '{holderIdentity: host-a, leaseDurationSeconds: 600}')
  t.deepEqual(await write('create', text), created('taken'))
  const lease = await get('taken')
  t.like(lease, { state: 'held', holderIdentity: 'host-a' })
  t.true(lease.fencingToken > 0)
  const again = await write('create', text)
  t.is(again.exitCode, 1)
  t.is(again.stderr, 'leasectl: standard input, document 1: lease default/taken exists already: update or acquire it\n')
})

test('a holder without a lease duration is refused, by the name of the field', async t => {
  const { exitCode, stderr } = await write('create', manifest('{name: no-duration}', '{holderIdentity: host-a}'))
  t.is(exitCode, 1)
  t.regex(stderr, /^leasectl: standard input, document 1: spec\.leaseDurationSeconds: [^\n]+\n$/)
})

test('what a manifest breaks of the rules of leases is told by its field', async t => {
  const { exitCode, stderr } = await write('create', manifest('{name: Upper_Case, labels: {"a b": c}}'))
  t.is(exitCode, 1)
  t.regex(stderr, /document 1: metadata\.name: [^\n]*; metadata\.labels: [^\n]*\n$/)
})

test('create refuses what only the coordinator writes', async t => {
  for (const [text, field] of [
    [manifest('{name: x}', '{renewTime: 2026-01-02T03:04:05.000000Z}'), 'spec.renewTime'],
    [manifest('{name: x, resourceVersion: "5"}'), 'metadata.resourceVersion'],
  ] as const) {
    const { exitCode, stderr } = await write('create', text)
    t.is(exitCode, 1)
    t.true(stderr.startsWith(`leasectl: standard input, document 1: ${field}: `), stderr)
    t.regex(stderr, /leave it out\n$/)
  }
})

test('create makes a name from generateName', async t => {
  const { stdout } = await write('create', manifest('{generateName: job-}'), '-o', 'name')
  t.regex(stdout, /^lease\.coordination\.k8s\.io\/job-[a-z0-9]{5}\n$/)
})

test('the namespace is that of the manifest, else of -n, and both must agree', async t => {
  await write('create', manifest('{name: placed}'), '-n', 'shop')
  t.is((await get('placed', 'shop')).name, 'placed')
  await write('create', manifest('{name: own, namespace: inner}'))
  t.is((await get('own', 'inner')).name, 'own')
  const { exitCode, stderr } = await write('create', manifest('{name: b, namespace: inner}'), '-n', 'shop')
  t.is(exitCode, 1)
  t.regex(stderr, /metadata\.namespace: is "inner", but -n says "shop"/)
})

test('of several leases none is written when one is at fault', async t => {
  const bad = manifest('{name: Bad}')
  for (const [verb, text] of [
    ['create', `${manifest('{name: all-or-none}')}---\n${bad}`],
    ['apply', `${manifest('{name: all-or-none}')}---\n${bad}`],
    ['create', `${manifest('{name: all-or-none}')}---\n${manifest('{name: all-or-none}')}`],
    ['apply', `${manifest('{name: all-or-none}')}---\nkind: Pod\n`],
  ] as const) {
    const { exitCode, stdout, stderr } = await write(verb, text)
    t.is(exitCode, 1)
    t.is(stdout, '')
    t.regex(stderr, /^leasectl: standard input, document 2: [^\n]+\n$/)
  }
  await t.throwsAsync(get('all-or-none'), { message: /does not exist/ })
})

test('--dry-run=server checks and shows, and stores nothing', async t => {
  const text = manifest('{name: dry}')
  t.deepEqual(
    await write('create', text, '--dry-run=server'),
    done('lease.coordination.k8s.io/dry created (server dry run)\n'),
  )
  const { stdout } = await write('apply', text, '--dry-run', 'server', '-o', 'json')
  t.is(JSON.parse(stdout).metadata.name, 'dry')
  await t.throwsAsync(get('dry'), { message: /does not exist/ })
})

test('-o yaml prints each lease as a document of its own', async t => {
  const { stdout } = await write('create', `${manifest('{name: y1}')}---\n${manifest('{name: y2}')}`, '-o', 'yaml')
  t.is(stdout.split('---\n').length, 2)
  t.regex(stdout, /^apiVersion: coordination\.k8s\.io\/v1\nkind: Lease\nmetadata:\n/)
})

test('several files, and what is wrong with one that cannot be read', async t => {
  const [first, second] = [join(dir, 'first.yaml'), join(dir, 'second.yaml')]
  writeFileSync(first, manifest('{name: first}'))
  writeFileSync(second, manifest('{name: second}'))
  const run = (...args: string[]) => runLeasectlWith('', '--address', coordinator.address, 'apply', ...args)
  const both = 'lease.coordination.k8s.io/first created\nlease.coordination.k8s.io/second created\n'
  t.deepEqual(await run('-f', first, '-f', second), done(both))
  const missing = await run('-f', join(dir, 'none.yaml'))
  t.is(missing.stderr, `leasectl: ${join(dir, 'none.yaml')}: there is no such file\n`)
  t.regex((await run('-f', dir)).stderr, /it is a directory: name its files, each with -f\n$/)
  t.is((await run()).exitCode, 2)
})

test('apply creates what is missing, then changes what differs, then nothing', async t => {
  const text = manifest('{name: applied, labels: {app: db}}', '{leaseDurationSeconds: 15}')
  t.deepEqual(await write('apply', text), created('applied'))
  t.deepEqual(await write('apply', text), unchanged('applied'))
  const changed = manifest(
    '{name: applied, annotations: {leasehold.dev/takeover-delay: 1m}, finalizers: [x.y/z]}',
    '{leaseDurationSeconds: 30, strategy: OldestEmulationVersion, preferredHolder: h}',
  )
  t.deepEqual(await write('apply', changed), configured('applied'))
  t.deepEqual(await write('apply', changed), unchanged('applied'))
  t.like(await get('applied'), {
    labels: { app: 'db' },
    finalizers: ['x.y/z'],
    leaseDurationMs: 30_000,
    takeoverDelayMs: 60_000,
    strategy: 'OldestEmulationVersion',
    preferredHolder: 'h',
  })
})

test('apply sets the keys that the manifest names, keeps others, and takes off those that it says are null', async t => {
  await client.create({ namespace: 'default', name: 'keyed', labels: { mine: '1', other: '2', old: '3' } })
  await write('apply', manifest('{name: keyed, labels: {mine: "5", old: null}, annotations: {note: x}}'))
  t.like(await get('keyed'), { labels: { mine: '5', other: '2' }, annotations: { note: 'x' } })
  t.false('old' in (await get('keyed')).labels)
})

test('apply takes off a field that the manifest says is null', async t => {
  const fields = { labels: { a: 'b' }, finalizers: ['x.y/z'], strategy: 'OldestEmulationVersion', preferredHolder: 'h' }
  await client.create({
    namespace: 'default',
    name: 'emptied',
    ...fields,
    takeoverDelayMs: 5_000,
    leaseDurationMs: 9_000,
  })
  const text = manifest(
    '{name: emptied, labels: {a: null}, finalizers: null, annotations: {leasehold.dev/takeover-delay: null}}',
    '{strategy: null, preferredHolder: null, leaseDurationSeconds: null}',
  )
  t.deepEqual(await write('apply', text), configured('emptied'))
  t.deepEqual(await write('apply', text), unchanged('emptied'))
  const lease = await get('emptied')
  t.like(lease, { labels: {}, finalizers: [], strategy: undefined, takeoverDelayMs: undefined })
  t.is(lease.leaseDurationMs, undefined)
})

test('apply keeps a duration that Kubernetes shows as the one in the manifest', async t => {
  await client.create({ namespace: 'default', name: 'short', leaseDurationMs: 1_500 })
  t.deepEqual(await write('apply', manifest('{name: short}', '{leaseDurationSeconds: 2}')), unchanged('short'))
})

test('apply changes no holder: the present one is fine, another one or none is refused with what to do', async t => {
  await client.acquireOnce({ namespace: 'default', name: 'held', holderIdentity: 'host-a', leaseDurationMs: 600_000 })
  t.deepEqual(await write('apply', manifest('{name: held}', '{holderIdentity: host-a}')), unchanged('held'))
  for (const holder of ['host-b', '""', 'null']) {
    const { exitCode, stderr } = await write('apply', manifest('{name: held}', `{holderIdentity: ${holder}}`))
    t.is(exitCode, 1)
    t.is(
      stderr,
      'leasectl: standard input, document 1: spec.holderIdentity: apply changes no holder, and default/held is held by ' +
        '"host-a": leave it out, or `leasectl revoke default/held` first\n',
    )
  }
  await client.create({ namespace: 'default', name: 'free' })
  const { stderr } = await write('apply', manifest('{name: free}', '{holderIdentity: host-b}'))
  t.regex(stderr, /nobody holds default\/free: leave it out, or take the lease with `leasectl hold`\n$/)
})

test('apply refuses times and transitions that are not those of the lease', async t => {
  const name = { namespace: 'default', name: 'timed' }
  const { lease } = await client.acquireOnce({ ...name, holderIdentity: 'host-a', leaseDurationMs: 600_000 })
  const { acquireTime, renewTime, leaseTransitions } = lease
  const same = { acquireTime, renewTime, leaseTransitions }
  t.deepEqual(await write('apply', manifest('{name: timed}', JSON.stringify(same))), unchanged('timed'))
  for (const [field, value] of Object.entries({
    acquireTime: '2020-01-01T00:00:00.000000Z',
    renewTime: '2020-01-01T00:00:00Z',
    leaseTransitions: 99,
  })) {
    const { exitCode, stderr } = await write(
      'apply',
      manifest('{name: timed}', JSON.stringify({ ...same, [field]: value })),
    )
    t.is(exitCode, 1)
    t.regex(
      stderr,
      new RegExp(`document 1: spec\\.${field}: the coordinator sets it, and it is [^\n]+: leave it out\n$`),
    )
  }
})

test('apply takes uid and resourceVersion as conditions', async t => {
  const lease = await client.create({ namespace: 'default', name: 'conditional' })
  const uid = '00000000-0000-4000-8000-000000000000'
  const other = await write('apply', manifest(`{name: conditional, uid: ${uid}}`))
  t.regex(other.stderr, /metadata\.uid: default\/conditional is another lease of the same name by now/)
  const text = manifest(`{name: conditional, labels: {a: b}, resourceVersion: "${lease.resourceVersion}"}`)
  t.deepEqual(await write('apply', text), configured('conditional'))
  t.regex((await write('apply', text)).stderr, /metadata\.resourceVersion: default\/conditional has changed since/)
})

test('what get prints of a lease that nobody holds applies unchanged, as one lease and as a List', async t => {
  const fields = { labels: { a: 'b' }, annotations: { c: 'd' }, leaseDurationMs: 15_000 }
  await client.create({
    namespace: 'printed',
    name: 'p',
    ...fields,
    finalizers: ['x.y/z'],
    strategy: 'OldestEmulationVersion',
  })
  for (const output of ['yaml', 'json']) {
    for (const what of [['lease', 'p'], ['leases']]) {
      const get = ['get', ...what, '-n', 'printed', '-o', output, '--address', coordinator.address]
      const { stdout } = await runLeasectlWith('', ...get)
      t.deepEqual(await write('apply', stdout), unchanged('p'))
    }
  }
})

test('apply takes no name that is to be made', async t => {
  const { exitCode, stderr } = await write('apply', manifest('{generateName: a-}'))
  t.is(exitCode, 1)
  t.regex(stderr, /metadata\.name: is required/)
})

test('apply reads a lease again that changed before it was written', async t => {
  const name = { namespace: 'default', name: 'busy' }
  const { lease } = await client.acquireOnce({ ...name, holderIdentity: 'h', leaseDurationMs: 600_000 })
  let renewals = 0
  const busy = {
    async get() {
      const read = await client.get(name)
      if (renewals++ < 3) await client.renew({ ...name, fencingToken: lease.fencingToken })
      return read
    },
    create: client.create.bind(client),
    update: client.update.bind(client),
  }
  const { what } = await applyManifest(busy, { place: 'f', ...name, labels: { a: 'b' } }, {})
  t.is(what, 'configured')
  t.is(renewals, 4)
  t.deepEqual((await get('busy')).labels, { a: 'b' })
})

test('apply of a missing lease that somebody else creates meanwhile changes that one', async t => {
  const name = { namespace: 'default', name: 'raced' }
  const raced = {
    get: client.get.bind(client),
    async create() {
      await client.create({ ...name, labels: { theirs: '1' } })
      return client.create(name)
    },
    update: client.update.bind(client),
  }
  const { what } = await applyManifest(raced, { place: 'f', ...name, labels: { ours: '2' } }, {})
  t.is(what, 'configured')
  t.deepEqual((await get('raced')).labels, { ours: '2', theirs: '1' })
})
