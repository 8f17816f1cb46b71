/** What kubectl writes, one command at a time: `create`, `replace`, `patch`, `label`, `annotate`, `edit`, `delete`. */
import { parse } from 'yaml'
import { until } from '../../support/until.js'
import { type Kubectl, kubectlTests, type LeaseJson, listOf, manifest } from './kubectl-test.js'

const { kubectlTest, coordinator } = kubectlTests()

const held = { holderIdentity: 'me', leaseDurationSeconds: 900 }

const create = (kubectl: Kubectl, name: string, spec: object = held, metadata: object = {}): Promise<string> =>
  kubectl.outWith(manifest(name, spec, metadata), 'create', '-f', '-')

const names = (kubectl: Kubectl): Promise<string> =>
  kubectl.out('get', 'lease', '-o', 'jsonpath={.items[*].metadata.name}')

kubectlTest(
  'create makes a lease, and refuses one that is there',
  async (t, kubectl) => {
    t.is(await create(kubectl, 'a'), 'lease.coordination.k8s.io/a created\n')
    t.like((await kubectl.object('a')).spec, held)
    const again = await kubectl.run(['create', '-f', '-'], { input: JSON.stringify(manifest('a')) })
    t.is(again.code, 1)
    t.regex(again.stderr, /\(AlreadyExists\): .*leases.coordination.k8s.io "a" already exists/)
  },
  { isBasic: true },
)

kubectlTest('create takes YAML, several documents, and a name to be made up', async (t, kubectl) => {
  const documents = ['name: a', 'name: b', 'generateName: c-'].map(
    name => `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  ${name}\nspec:\n  holderIdentity: me\n`,
  )
  const stdout = await kubectl.outWith(documents.join('---\n'), 'create', '-f', '-')
  t.regex(
    stdout,
    /^lease.coordination.k8s.io\/a created\nlease.coordination.k8s.io\/b created\nlease.coordination.k8s.io\/c-\w{5} created\n$/,
  )
  t.regex(await names(kubectl), /^a b c-\w{5}$/)
})

kubectlTest('create -o yaml gives what was made', async (t, kubectl) => {
  const made = parse(await kubectl.outWith(manifest('a', held), 'create', '-f', '-', '-o', 'yaml'))
  t.like(made, { kind: 'Lease', metadata: { name: 'a', namespace: kubectl.namespace }, spec: held })
})

kubectlTest('create refuses a field that a Lease does not have, unless told otherwise', async (t, kubectl) => {
  const odd = { ...held, bogus: 1 }
  const input = JSON.stringify(manifest('a', odd))
  const strict = await kubectl.run(['create', '-f', '-'], { input })
  t.is(strict.code, 1)
  t.regex(strict.stderr, /\(BadRequest\): .*strict decoding error: unknown field "spec.bogus"/)
  const warned = await kubectl.run(['create', '-f', '-', '--validate=warn'], { input })
  t.like(warned, { code: 0, stdout: 'lease.coordination.k8s.io/a created\n' })
  t.regex(warned.stderr, /^Warning: unknown field "spec.bogus"/)
  const ignored = await kubectl.run(['create', '-f', '-', '--validate=ignore'], {
    input: JSON.stringify(manifest('b', odd)),
  })
  t.deepEqual(ignored, { code: 0, stdout: 'lease.coordination.k8s.io/b created\n', stderr: '' })
  t.deepEqual((await kubectl.object('b')).spec, held)
})

kubectlTest('create refuses what no lease may be, and says which field is at fault', async (t, kubectl) => {
  const refusal = async (name: string, spec: object): Promise<string> => {
    const { code, stderr } = await kubectl.run(['create', '-f', '-'], { input: JSON.stringify(manifest(name, spec)) })
    t.is(code, 1)
    return stderr
  }
  t.is(
    await refusal('a', { leaseDurationSeconds: 0 }),
    'The Lease "a" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0\n',
  )
  t.regex(await refusal('a', { leaseTransitions: -1 }), /spec.leaseTransitions: Invalid value: -1: must be/)
  t.regex(await refusal('A_b', {}), /^The Lease "A_b" is invalid: metadata.name: Invalid value: "A_b"/)
  t.regex(await refusal('a', { renewTime: 'now' }), /\(BadRequest\)/)
  t.regex(await refusal('a', { leaseDurationSeconds: 'long' }), /\(BadRequest\)/)
  t.is(await names(kubectl), '')
})

kubectlTest('create --dry-run stores nothing', async (t, kubectl) => {
  for (const where of ['server', 'client']) {
    const stdout = await kubectl.outWith(manifest('a', held), 'create', '-f', '-', `--dry-run=${where}`)
    t.is(stdout, `lease.coordination.k8s.io/a created (${where === 'client' ? 'dry run' : 'server dry run'})\n`)
  }
  const { metadata, spec } = parse(
    await kubectl.outWith(manifest('a', held), 'create', '-f', '-', '--dry-run=server', '-o', 'yaml'),
  )
  t.is(typeof metadata.uid, 'string')
  t.deepEqual(spec, held)
  t.is(await names(kubectl), '')
})

kubectlTest('create --save-config lets apply go on from it', async (t, kubectl) => {
  await kubectl.outWith(manifest('a', held), 'create', '-f', '-', '--save-config')
  t.is(await kubectl.outWith(manifest('a', held), 'apply', '-f', '-'), 'lease.coordination.k8s.io/a unchanged\n')
})

kubectlTest('create --raw and replace --raw send the file as it is', async (t, kubectl) => {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${kubectl.namespace}/leases`
  const made = await kubectl.outWith(manifest('a', held), 'create', '--raw', path, '-f', '-')
  const { metadata }: LeaseJson = JSON.parse(made)
  const changed = manifest('a', { holderIdentity: 'you' }, { resourceVersion: metadata.resourceVersion })
  t.like(JSON.parse(await kubectl.outWith(changed, 'replace', '--raw', `${path}/a`, '-f', '-')), {
    spec: { holderIdentity: 'you' },
  })
  t.like(JSON.parse(await kubectl.out('delete', '--raw', `${path}/a`)), { kind: 'Status', status: 'Success' })
})

kubectlTest('replace writes the whole lease', async (t, kubectl) => {
  await create(kubectl, 'a', held, { labels: { app: 'one' } })
  const before = await kubectl.object('a')
  t.is(
    await kubectl.outWith(manifest('a', { holderIdentity: 'you' }), 'replace', '-f', '-'),
    'lease.coordination.k8s.io/a replaced\n',
  )
  const after = await kubectl.object('a')
  t.deepEqual(after.spec, { holderIdentity: 'you' })
  t.is(after.metadata.labels, undefined)
  t.is(after.metadata.uid, before.metadata.uid)
})

kubectlTest('replace of an older version is refused', async (t, kubectl) => {
  await create(kubectl, 'a')
  const old = await kubectl.out('get', 'lease', 'a', '-o', 'yaml')
  await kubectl.out('label', 'lease', 'a', 'app=one')
  const { code, stderr } = await kubectl.run(['replace', '-f', '-'], { input: old })
  t.is(code, 1)
  t.regex(stderr, /\(Conflict\): .*the object has been modified/)
})

kubectlTest('replace takes what get printed, also of several leases', async (t, kubectl) => {
  await kubectl.outWith(listOf(manifest('a', held), manifest('b', held)), 'create', '-f', '-')
  const list = (await kubectl.out('get', 'lease', '-o', 'yaml')).replaceAll('holderIdentity: me', 'holderIdentity: you')
  t.is(
    await kubectl.outWith(list, 'replace', '-f', '-'),
    'lease.coordination.k8s.io/a replaced\nlease.coordination.k8s.io/b replaced\n',
  )
  t.is(await kubectl.out('get', 'lease', '-o', 'jsonpath={.items[*].spec.holderIdentity}'), 'you you')
})

kubectlTest('replace makes a lease that is not there', async (t, kubectl) => {
  t.is(await kubectl.outWith(manifest('a', held), 'replace', '-f', '-'), 'lease.coordination.k8s.io/a replaced\n')
  t.deepEqual((await kubectl.object('a')).spec, held)
})

kubectlTest('replace --dry-run=server changes nothing', async (t, kubectl) => {
  await create(kubectl, 'a')
  t.is(
    await kubectl.outWith(manifest('a', { holderIdentity: 'you' }), 'replace', '-f', '-', '--dry-run=server'),
    'lease.coordination.k8s.io/a replaced (server dry run)\n',
  )
  t.is((await kubectl.object('a')).spec.holderIdentity, 'me')
})

kubectlTest('replace --force deletes the lease and makes it anew', async (t, kubectl) => {
  await create(kubectl, 'a')
  const before = await kubectl.object('a')
  const stdout = await kubectl.outWith(manifest('a', { holderIdentity: 'you' }), 'replace', '--force', '-f', '-')
  t.regex(stdout, /"a".* deleted.*\nlease.coordination.k8s.io\/a replaced\n$/)
  const after = await kubectl.object('a')
  t.not(after.metadata.uid, before.metadata.uid)
  t.deepEqual(after.spec, { holderIdentity: 'you' })
})

kubectlTest('patch changes fields, as a strategic merge, a merge and a JSON patch', async (t, kubectl) => {
  await create(kubectl, 'a', held, { labels: { app: 'one' } })
  const patch = async (type: string, patch: unknown): Promise<string> =>
    kubectl.out('patch', 'lease', 'a', `--type=${type}`, '-p', JSON.stringify(patch))
  t.is(await patch('strategic', { spec: { holderIdentity: 'you' } }), 'lease.coordination.k8s.io/a patched\n')
  t.is((await kubectl.object('a')).spec.holderIdentity, 'you')
  t.is(
    await patch('merge', { metadata: { labels: { app: null, tier: 'front' } } }),
    'lease.coordination.k8s.io/a patched\n',
  )
  t.deepEqual((await kubectl.object('a')).metadata.labels, { tier: 'front' })
  const operations = [
    { op: 'test', path: '/spec/holderIdentity', value: 'you' },
    { op: 'replace', path: '/spec/leaseDurationSeconds', value: 600 },
    { op: 'add', path: '/spec/leaseTransitions', value: 2 },
  ]
  t.is(await patch('json', operations), 'lease.coordination.k8s.io/a patched\n')
  t.deepEqual((await kubectl.object('a')).spec, {
    holderIdentity: 'you',
    leaseDurationSeconds: 600,
    leaseTransitions: 2,
  })
})

kubectlTest('a strategic patch adds finalizers and owners to those that there are', async (t, kubectl) => {
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'one', uid: 'uid-1' }
  await create(kubectl, 'a', held, { finalizers: ['example.com/one'], ownerReferences: [owner] })
  const metadata = {
    finalizers: ['example.com/two'],
    ownerReferences: [{ ...owner, name: 'two', uid: 'uid-2' }],
  }
  await kubectl.out('patch', 'lease', 'a', '-p', JSON.stringify({ metadata }))
  const { metadata: after } = JSON.parse(await kubectl.out('get', 'lease', 'a', '-o', 'json'))
  t.deepEqual(after.finalizers.toSorted(), ['example.com/one', 'example.com/two'])
  t.deepEqual(after.ownerReferences.map(({ uid }: { uid: string }) => uid).sort(), ['uid-1', 'uid-2'])
})

kubectlTest('a patch that changes nothing says so and keeps the version', async (t, kubectl) => {
  await create(kubectl, 'a')
  const before = await kubectl.object('a')
  t.is(
    await kubectl.out('patch', 'lease', 'a', '-p', '{"spec":{"holderIdentity":"me"}}'),
    'lease.coordination.k8s.io/a patched (no change)\n',
  )
  t.deepEqual(await kubectl.object('a'), before)
})

kubectlTest('a patch that cannot be is refused, and changes nothing', async (t, kubectl) => {
  await create(kubectl, 'a')
  const before = await kubectl.object('a')
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await kubectl.run(['patch', 'lease', ...args])
    t.is(code, 1)
    return stderr
  }
  const failedTest = [{ op: 'test', path: '/spec/holderIdentity', value: 'you' }]
  t.regex(await refusal('a', '--type=json', '-p', JSON.stringify(failedTest)), /invalid/i)
  t.regex(await refusal('a', '--type=json', '-p', '[{"op":"remove","path":"/spec/none"}]'), /invalid/i)
  t.regex(
    await refusal('a', '-p', '{"spec":{"leaseDurationSeconds":0}}'),
    /^The Lease "a" is invalid: spec.leaseDurationSeconds/,
  )
  t.regex(await refusal('a', '-p', '{"metadata":{"resourceVersion":"1"}}'), /\(Conflict\)/)
  t.regex(await refusal('a', '-p', '{"metadata":{"name":"b"}}'), /BadRequest|invalid/i)
  t.regex(await refusal('missing', '-p', '{"spec":{"holderIdentity":"me"}}'), /\(NotFound\)/)
  t.deepEqual(await kubectl.object('a'), before)
})

kubectlTest('patch --dry-run=server changes nothing', async (t, kubectl) => {
  await create(kubectl, 'a')
  const patch = ['patch', 'lease', 'a', '-p', '{"spec":{"holderIdentity":"you"}}', '--dry-run=server']
  t.is(await kubectl.out(...patch, '-o', 'jsonpath={.spec.holderIdentity}'), 'you')
  t.is((await kubectl.object('a')).spec.holderIdentity, 'me')
})

/** What the commands say that they did; the older kubectls say it shorter. */
const said = {
  label: /^lease.coordination.k8s.io\/(\w) (un)?labeled\b/,
  annotate: /^lease.coordination.k8s.io\/(\w) annotated?\b/,
}

for (const command of ['label', 'annotate'] as const) {
  const field = command === 'label' ? 'labels' : 'annotations'
  kubectlTest(`${command} adds, changes and removes ${field}`, async (t, kubectl) => {
    await create(kubectl, 'a')
    const mine = async (): Promise<string | undefined> => (await kubectl.object('a')).metadata[field]?.app
    const say = (...args: string[]): Promise<string> => kubectl.out(command, 'lease', 'a', ...args)
    t.regex(await say('app=one'), said[command])
    t.is(await mine(), 'one')
    const refused = await kubectl.run([command, 'lease', 'a', 'app=two'])
    t.is(refused.code, 1)
    t.regex(refused.stderr, /--overwrite is false/)
    t.regex(await say('app=two', '--overwrite', '--dry-run=server'), /\(server dry run\)$/m)
    t.is(await mine(), 'one')
    await say('app=two', '--overwrite')
    t.is(await mine(), 'two')
    const stale = await kubectl.run([command, 'lease', 'a', 'app=three', '--overwrite', '--resource-version=1'])
    t.is(stale.code, 1)
    t.regex(stale.stderr, /\(Conflict\)/)
    const { metadata } = await kubectl.object('a')
    await say('app=three', '--overwrite', `--resource-version=${metadata.resourceVersion}`)
    t.is(await mine(), 'three')
    t.regex(await say('--list'), /^app=three$/m)
    t.regex(await say('app-'), said[command])
    t.is(await mine(), undefined)
  })

  kubectlTest(`${command} -l and --all change several leases`, async (t, kubectl) => {
    await kubectl.outWith(
      listOf(manifest('a', {}, { labels: { tier: 'front' } }), manifest('b')),
      ...['create', '-f', '-'],
    )
    const changed = async (...args: string[]): Promise<(string | undefined)[]> => {
      const lines = (await kubectl.out(command, 'leases', ...args)).trimEnd().split('\n')
      return lines.map(line => said[command].exec(line)?.[1])
    }
    t.deepEqual(await changed('-l', 'tier=front', 'app=one'), ['a'])
    t.deepEqual(await changed('--all', 'stage=test'), ['a', 'b'])
    t.is((await kubectl.object('b')).metadata[field]?.stage, 'test')
  })
}

kubectlTest('label refuses what no label may be', async (t, kubectl) => {
  await create(kubectl, 'a')
  const { code, stderr } = await kubectl.run([
    'patch',
    'lease',
    'a',
    '-p',
    '{"metadata":{"labels":{"app":"not a value"}}}',
  ])
  t.is(code, 1)
  t.regex(stderr, /^The Lease "a" is invalid: metadata.labels: Invalid value: "not a value"/)
})

const editor = (script: string): { env: Record<string, string> } => ({ env: { EDITOR: `sed -i ${script}` } })

kubectlTest('edit writes what the editor left', async (t, kubectl) => {
  await create(kubectl, 'a')
  const edited = await kubectl.run(['edit', 'lease', 'a'], editor("'s/holderIdentity:.*/holderIdentity: you/'"))
  t.deepEqual(edited, { code: 0, stdout: 'lease.coordination.k8s.io/a edited\n', stderr: '' })
  t.is((await kubectl.object('a')).spec.holderIdentity, 'you')
})

kubectlTest('edit without a change writes nothing', async (t, kubectl) => {
  await create(kubectl, 'a')
  const before = await kubectl.object('a')
  const { code, stdout, stderr } = await kubectl.run(['edit', 'lease', 'a'], { env: { EDITOR: 'true' } })
  t.is(code, 0)
  t.regex(stdout + stderr, /Edit cancelled, no changes made\./)
  t.deepEqual(await kubectl.object('a'), before)
})

kubectlTest('edit opens the editor again with what is wrong', async (t, kubectl) => {
  await create(kubectl, 'a')
  kubectl.file(
    'editor.sh',
    [
      'if [ -e again ]; then cp "$1" again.yaml; sed -i "s/leaseDurationSeconds:.*/leaseDurationSeconds: 60/" "$1"',
      'else sed -i "s/leaseDurationSeconds:.*/leaseDurationSeconds: 0/" "$1"; touch again; fi',
    ].join('\n'),
  )
  await kubectl.run(['edit', 'lease', 'a'], { env: { EDITOR: 'sh editor.sh' } })
  t.regex(
    kubectl.read('again.yaml'),
    /^# leases.* "a" was not valid:\n# \* spec.leaseDurationSeconds: Invalid value: 0/m,
  )
  t.is((await kubectl.object('a')).spec.leaseDurationSeconds, 60)
})

kubectlTest(
  'delete deletes by name, and says when there is none',
  async (t, kubectl) => {
    await create(kubectl, 'a')
    t.regex(await kubectl.out('delete', 'lease', 'a'), /^lease.coordination.k8s.io "a" deleted/)
    const missing = await kubectl.run(['delete', 'lease', 'a'])
    t.is(missing.code, 1)
    t.regex(missing.stderr, /\(NotFound\): leases.coordination.k8s.io "a" not found/)
    t.is(await kubectl.out('delete', 'lease', 'a', '--ignore-not-found'), '')
  },
  { isBasic: true },
)

kubectlTest('delete -l, --field-selector, -f and --all delete what they name', async (t, kubectl) => {
  const leases = listOf(
    manifest('a', {}, { labels: { app: 'one' } }),
    manifest('b', {}, { labels: { app: 'one' } }),
    ...['c', 'd', 'e', 'f'].map(name => manifest(name)),
  )
  await kubectl.outWith(leases, 'create', '-f', '-')
  t.is((await kubectl.out('delete', 'lease', '-l', 'app=one')).match(/ deleted/g)?.length, 2)
  t.is(await names(kubectl), 'c d e f')
  await kubectl.out('delete', 'lease', '--field-selector', 'metadata.name=c')
  t.is(await names(kubectl), 'd e f')
  await kubectl.outWith(manifest('d'), 'delete', '-f', '-')
  t.is(await names(kubectl), 'e f')
  t.is((await kubectl.out('delete', 'lease', '--all')).match(/ deleted/g)?.length, 2)
  t.is(await names(kubectl), '')
})

kubectlTest('delete --dry-run=server deletes nothing', async (t, kubectl) => {
  await create(kubectl, 'a')
  const stdout = await kubectl.out('delete', 'lease', 'a', '--dry-run=server')
  t.regex(stdout, /^lease.coordination.k8s.io "a" deleted.*\(server dry run\)/)
  t.is(await names(kubectl), 'a')
})

kubectlTest('delete --force --grace-period=0, --now and every --cascade delete at once', async (t, kubectl) => {
  const ways = [['--force', '--grace-period=0'], ['--now'], ['--cascade=orphan'], ['--cascade=foreground']]
  for (const way of ways) {
    await create(kubectl, 'a')
    t.regex(await kubectl.out('delete', 'lease', 'a', ...way), /"a" (force )?deleted/)
    t.is(await names(kubectl), '')
  }
})

kubectlTest('delete waits until the finalizers are gone', async (t, kubectl) => {
  await create(kubectl, 'a', held, { finalizers: ['example.com/guard'] })
  const started = await kubectl.out('delete', 'lease', 'a', '--wait=false')
  t.regex(started, /"a" deleted/)
  const { metadata } = JSON.parse(await kubectl.out('get', 'lease', 'a', '-o', 'json'))
  t.is(typeof metadata.deletionTimestamp, 'string')
  const waiting = kubectl.start(['delete', 'lease', 'a', '--timeout=100s'])
  await kubectl.out('patch', 'lease', 'a', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
  t.regex((await waiting.end).stdout, /"a" deleted/)
  t.is(await names(kubectl), '')
})

kubectlTest(
  'who holds over gRPC keeps the lease whatever kubectl writes, and loses it when it is deleted',
  async (t, kubectl) => {
    const client = coordinator().client(t)
    const hold = client
      .openSession()
      .acquire({ namespace: kubectl.namespace, name: 'a', holderIdentity: 'me', leaseDurationMs: 60_000 })
    await hold.whenHeld()
    const { code, stderr } = await kubectl.run(['patch', 'lease', 'a', '-p', '{"spec":{"holderIdentity":"you"}}'])
    t.is(code, 1)
    t.regex(stderr, /\(Conflict\)/)
    await kubectl.out('label', 'lease', 'a', 'app=one')
    t.true(hold.isHeld())
    await kubectl.out('delete', 'lease', 'a')
    await until(() => hold.signal.aborted)
    t.false(hold.isHeld())
  },
)
