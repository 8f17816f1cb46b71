/** Leases as files: `apply`, with the merge on the client and on the server, and `diff`. */
import { parse } from 'yaml'
import { type Kubectl, kubectlTests, listOf, manifest } from './kubectl-test.js'

const { kubectlTest } = kubectlTests()

const lease = 'lease.coordination.k8s.io'
const held = { holderIdentity: 'me', leaseDurationSeconds: 900 }

const apply = (kubectl: Kubectl, object: object, ...flags: string[]): Promise<string> =>
  kubectl.outWith(object, 'apply', '-f', '-', ...flags)

const serverSide = (kubectl: Kubectl, object: object, ...flags: string[]): Promise<string> =>
  apply(kubectl, object, '--server-side', ...flags)

kubectlTest('apply makes a lease, changes it, and leaves one that is so already', async (t, kubectl) => {
  t.is(await apply(kubectl, manifest('a', held)), `${lease}/a created\n`)
  const made = await kubectl.object('a')
  t.is(await apply(kubectl, manifest('a', held)), `${lease}/a unchanged\n`)
  t.is((await kubectl.object('a')).metadata.resourceVersion, made.metadata.resourceVersion)
  t.is(await apply(kubectl, manifest('a', { ...held, holderIdentity: 'you' })), `${lease}/a configured\n`)
  t.like((await kubectl.object('a')).spec, { holderIdentity: 'you', leaseDurationSeconds: 900 })
})

kubectlTest('apply takes away what the file no longer has, and keeps what others set', async (t, kubectl) => {
  await apply(kubectl, manifest('a', held, { labels: { app: 'one', tier: 'front' } }))
  await kubectl.out('label', 'lease', 'a', 'stage=test')
  await kubectl.out('patch', 'lease', 'a', '-p', '{"spec":{"leaseTransitions":3}}')
  await apply(kubectl, manifest('a', { holderIdentity: 'me' }, { labels: { app: 'one' } }))
  const { spec, metadata } = await kubectl.object('a')
  t.deepEqual(spec, { holderIdentity: 'me', leaseTransitions: 3 })
  t.deepEqual(metadata.labels, { app: 'one', stage: 'test' })
})

kubectlTest('apply goes on from what create made', async (t, kubectl) => {
  await kubectl.outWith(manifest('a', held), 'create', '-f', '-')
  const { code, stdout, stderr } = await kubectl.run(['apply', '-f', '-'], {
    input: JSON.stringify(manifest('a', { ...held, holderIdentity: 'you' })),
  })
  t.deepEqual([code, stdout], [0, `${lease}/a configured\n`])
  t.regex(stderr, /missing the kubectl.kubernetes.io\/last-applied-configuration annotation/)
  t.is((await kubectl.object('a')).spec.holderIdentity, 'you')
})

kubectlTest('apply takes several leases, from a folder and from a List', async (t, kubectl) => {
  const list = listOf(manifest('a', held), manifest('b', held))
  t.is(await apply(kubectl, list), `${lease}/a created\n${lease}/b created\n`)
  kubectl.file('a.json', manifest('a', { holderIdentity: 'you' }))
  kubectl.file('c.json', manifest('c', held))
  t.is(await kubectl.out('apply', '-f', '.'), `${lease}/a configured\n${lease}/c created\n`)
})

kubectlTest('apply --dry-run=server changes nothing', async (t, kubectl) => {
  t.is(await apply(kubectl, manifest('a', held), '--dry-run=server'), `${lease}/a created (server dry run)\n`)
  t.is(await kubectl.out('get', 'lease', '-o', 'name'), '')
  await apply(kubectl, manifest('a', held))
  const before = await kubectl.object('a')
  t.is(await apply(kubectl, manifest('a'), '--dry-run=server'), `${lease}/a configured (server dry run)\n`)
  t.deepEqual(await kubectl.object('a'), before)
})

kubectlTest('apply refuses a field that a Lease does not have', async (t, kubectl) => {
  const input = JSON.stringify(manifest('a', { ...held, bogus: 1 }))
  const made = await kubectl.run(['apply', '-f', '-'], { input })
  t.is(made.code, 1)
  t.regex(made.stderr, /strict decoding error: unknown field "spec.bogus"/)
  await apply(kubectl, manifest('a', held))
  const changed = await kubectl.run(['apply', '-f', '-'], { input })
  t.is(changed.code, 1)
  t.regex(changed.stderr, /unknown field "spec.bogus"/)
  const onServer = await kubectl.run(['apply', '--server-side', '-f', '-'], { input })
  t.is(onServer.code, 1)
  t.regex(onServer.stderr, /bogus/)
})

kubectlTest('apply view-last-applied and set-last-applied read and write what was applied', async (t, kubectl) => {
  await apply(kubectl, manifest('a', held))
  t.like(parse(await kubectl.out('apply', 'view-last-applied', 'lease', 'a')), { spec: held })
  kubectl.file('a.json', manifest('a', { holderIdentity: 'you' }))
  await kubectl.out('apply', 'set-last-applied', '-f', 'a.json')
  t.deepEqual(parse(await kubectl.out('apply', 'view-last-applied', 'lease/a')).spec, { holderIdentity: 'you' })
})

kubectlTest(
  'apply --server-side makes a lease, changes it, and keeps the version of one that is so already',
  async (t, kubectl) => {
    t.is(await serverSide(kubectl, manifest('a', held)), `${lease}/a serverside-applied\n`)
    const made = await kubectl.object('a')
    t.deepEqual(made.spec, held)
    t.like(made.metadata.managedFields?.[0], { manager: 'kubectl', operation: 'Apply' })
    t.is(await serverSide(kubectl, manifest('a', held)), `${lease}/a serverside-applied\n`)
    t.deepEqual(await kubectl.object('a'), made)
    await serverSide(kubectl, manifest('a', { ...held, leaseDurationSeconds: 600 }))
    t.deepEqual((await kubectl.object('a')).spec, { ...held, leaseDurationSeconds: 600 })
  },
)

kubectlTest('apply --server-side takes away what its manager no longer has', async (t, kubectl) => {
  await serverSide(kubectl, manifest('a', held, { labels: { app: 'one', tier: 'front' } }))
  await serverSide(kubectl, manifest('a', {}, { labels: { stage: 'test' } }), '--field-manager=other')
  await serverSide(kubectl, manifest('a', { holderIdentity: 'me' }, { labels: { app: 'one' } }))
  const { spec, metadata } = await kubectl.object('a')
  t.deepEqual(spec, { holderIdentity: 'me' })
  t.deepEqual(metadata.labels, { app: 'one', stage: 'test' })
})

kubectlTest(
  'apply --server-side refuses what another manager set, and takes it with --force-conflicts',
  async (t, kubectl) => {
    await serverSide(kubectl, manifest('a', held))
    const wanted = manifest('a', { holderIdentity: 'you' })
    const { code, stderr } = await kubectl.run(['apply', '--server-side', '--field-manager=other', '-f', '-'], {
      input: JSON.stringify(wanted),
    })
    t.is(code, 1)
    t.regex(stderr, /Apply failed with 1 conflict: conflict with "kubectl".*: \.spec\.holderIdentity/)
    t.is((await kubectl.object('a')).spec.holderIdentity, 'me')
    await serverSide(kubectl, wanted, '--field-manager=other', '--force-conflicts')
    t.is((await kubectl.object('a')).spec.holderIdentity, 'you')
    const back = await kubectl.run(['apply', '--server-side', '-f', '-'], {
      input: JSON.stringify(manifest('a', held)),
    })
    t.is(back.code, 1)
    t.regex(back.stderr, /conflict with "other"/)
  },
)

kubectlTest('apply --server-side refuses what was set otherwise, and lets two share a value', async (t, kubectl) => {
  await serverSide(kubectl, manifest('a', held))
  await serverSide(kubectl, manifest('a', held), '--field-manager=other')
  await kubectl.out('label', 'lease', 'a', 'app=one')
  const { code, stderr } = await kubectl.run(['apply', '--server-side', '-f', '-'], {
    input: JSON.stringify(manifest('a', held, { labels: { app: 'two' } })),
  })
  t.is(code, 1)
  t.regex(stderr, /conflict with "kubectl-label".*: \.metadata\.labels\.app/)
})

kubectlTest('apply --server-side goes on from apply', async (t, kubectl) => {
  await apply(kubectl, manifest('a', held))
  await serverSide(kubectl, manifest('a', { ...held, holderIdentity: 'you' }))
  const { spec, metadata } = await kubectl.object('a')
  t.is(spec.holderIdentity, 'you')
  t.regex(metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? '', /"holderIdentity":"you"/)
  await apply(kubectl, manifest('a', { ...held, holderIdentity: 'me' }))
  t.is((await kubectl.object('a')).spec.holderIdentity, 'me')
})

kubectlTest('apply --server-side --dry-run=server changes nothing', async (t, kubectl) => {
  t.is(
    await serverSide(kubectl, manifest('a', held), '--dry-run=server'),
    `${lease}/a serverside-applied (server dry run)\n`,
  )
  t.is(await kubectl.out('get', 'lease', '-o', 'name'), '')
})

for (const flags of [[], ['--server-side']]) {
  const how = ['diff', ...flags].join(' ')
  kubectlTest(`${how} ends with 1 and shows the difference, and with 0 when there is none`, async (t, kubectl) => {
    const diff = (object: object) => kubectl.run(['diff', '-f', '-', ...flags], { input: JSON.stringify(object) })
    const added = await diff(manifest('a', held))
    t.is(added.code, 1)
    t.regex(added.stdout, /^\+ {2}holderIdentity: me$/m)
    await apply(kubectl, manifest('a', held), ...flags)
    t.like(await diff(manifest('a', held)), { code: 0, stdout: '' })
    const changed = await diff(manifest('a', { ...held, holderIdentity: 'you' }))
    t.is(changed.code, 1)
    t.regex(changed.stdout, /^- {2}holderIdentity: me\n\+ {2}holderIdentity: you$/m)
    t.is((await kubectl.object('a')).spec.holderIdentity, 'me')
  })
}
