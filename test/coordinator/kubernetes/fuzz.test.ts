import anyTest, { type TestFn } from 'ava'
import fc from 'fast-check'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'

const test = anyTest as TestFn<KubernetesFixture>

test.before(async t => {
  t.context = await startKubernetes()
})

test.after.always(t => t.context.stop())

const numRuns = 150

/** Keys and values that mean something to the face, among others. */
const word = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 12 }) },
  fc.constantFrom(
    ...['metadata', 'spec', 'name', 'labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields', 'uid'],
    ...['holderIdentity', 'leaseDurationSeconds', 'renewTime', 'acquireTime', 'leaseTransitions', 'resourceVersion'],
    ...[
      '__proto__',
      'constructor',
      '$patch',
      '$setElementOrder/finalizers',
      'fieldsV1',
      'f:spec',
      'kind',
      'apiVersion',
    ],
    ...['leasehold.dev/state', 'leasehold.dev/takeover-delay', '2026-01-01T00:00:05.000000Z', 'Lease', 'a', '1', '10s'],
  ),
)

const json = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, 2 ** 31, -1),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(word, tie('value')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
  ),
})).value

/** Mostly right, at times anything. */
const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary }, { weight: 1, arbitrary: json })

const labelKey = fc.constantFrom('app', 'a.example/b', 'x_y', 'b', 'c', '-bad')
const labels = fc.dictionary(labelKey, fc.constantFrom('x', '', 'y-z', 'z', 'no/pe'), { maxKeys: 2 })
const finalizers = fc.array(
  fc.constantFrom('a.example/f', 'b.example/f', 'c.example/f', 'd.example/f', 'bad finalizer'),
  { maxLength: 2 },
)
const time = fc.constantFrom(
  ...['2026-01-01T00:00:05.000001Z', '2026-01-01T00:00:06.000001+02:00', '0001-01-01T00:00:02.000000Z', null],
  ...['2026-01-01T00:00:07.000001Z', '2026-01-01T00:00:08.000001Z', '2026-01-01T00:00:05Z'],
)

/** Something like a lease, with anything in it. */
const leaseLike = fc.record(
  {
    apiVersion: fc.constant('coordination.k8s.io/v1'),
    kind: fc.constant('Lease'),
    metadata: mostly(
      fc.record(
        {
          name: fc.constant('a'),
          labels: mostly(labels),
          annotations: mostly(fc.dictionary(labelKey, mostly(word) as fc.Arbitrary<string>, { maxKeys: 2 })),
          finalizers: mostly(finalizers),
        },
        { requiredKeys: ['name'] },
      ),
    ),
    spec: mostly(
      fc.record(
        {
          holderIdentity: mostly(word),
          leaseDurationSeconds: mostly(fc.integer({ min: -1, max: 100 })),
          acquireTime: mostly(time),
          renewTime: mostly(time),
          leaseTransitions: mostly(fc.integer({ min: -1, max: 50 })),
          strategy: mostly(fc.constantFrom('OldestEmulationVersion', 'x/y')),
          preferredHolder: mostly(word),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: ['apiVersion', 'kind', 'metadata'] },
)

const patchType = fc.constantFrom(
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
)

const operation = fc.record({
  op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'other'),
  path: fc.array(word, { maxLength: 4 }).map(parts => `/${parts.join('/')}`),
  from: fc.constantFrom('/metadata', '/spec', '/metadata/labels', ''),
  value: json,
})

/** An answer that a client can use, whatever was asked: a refusal is a Status, and never a fault of the coordinator. */
async function isSane({ call }: KubernetesFixture, method: string, path: string, body?: unknown, type?: string) {
  const answer = await call(method, path, { ...(body !== undefined && { body }), ...(type !== undefined && { type }) })
  if (answer.code >= 400) {
    if (answer.body?.kind !== 'Status' || answer.body.code !== answer.code)
      throw new Error(`${answer.code}: ${answer.text}`)
  }
  const isFault =
    answer.code >= 500 && answer.body?.message !== 'resourceVersion should not be set on objects to be created'
  if (isFault) throw new Error(answer.text)
  return answer
}

const count = (codes: Map<number, number>, code: number) => codes.set(code, (codes.get(code) ?? 0) + 1)

/** Takes the lease of the run before away, also where finalizers hold it up. */
async function gone(context: KubernetesFixture): Promise<void> {
  const path = `${leasesPath()}/a`
  await isSane(context, 'PATCH', path, { metadata: { finalizers: null } }, 'application/merge-patch+json')
  await isSane(context, 'DELETE', path)
}

/** Every lease that is there can be read, and written back as it was read. */
async function allCanBeReadBack(context: KubernetesFixture): Promise<void> {
  const { body } = await isSane(context, 'GET', '/apis/coordination.k8s.io/v1/leases')
  for (const { metadata } of body.items) {
    const path = `${leasesPath(metadata.namespace)}/${metadata.name}`
    const read = await isSane(context, 'GET', path)
    const written = await isSane(context, 'PUT', path, read.body)
    if (written.code !== 200) throw new Error(`${JSON.stringify(read.body)} cannot be written back: ${written.text}`)
    // A lease may have expired in between, by itself.
    if (written.body.spec.holderIdentity !== read.body.spec.holderIdentity) throw new Error('the holder has changed')
  }
}

test.serial('whatever is posted or put, the answer is sane, and what is stored can be read back', async t => {
  const { context } = t
  const codes = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(leaseLike, fc.constantFrom('', '?fieldValidation=Strict', '?dryRun=All'), async (lease, query) => {
      await gone(context)
      count(codes, (await isSane(context, 'POST', `${leasesPath()}${query}`, lease)).code)
      count(codes, (await isSane(context, 'PUT', `${leasesPath()}/a${query}`, lease)).code)
      await allCanBeReadBack(context)
    }),
    { numRuns },
  )
  // Else it would show nothing.
  t.true((codes.get(200) ?? 0) + (codes.get(201) ?? 0) > numRuns / 10, [...codes].join('; '))
})

test.serial('whatever the patch, the answer is sane, and what is stored can be read back', async t => {
  const { context } = t
  const codes = new Map<number, number>()
  const held = { holderIdentity: 'one', leaseDurationSeconds: 30, renewTime: '2026-01-01T00:00:05.000001Z' }
  await fc.assert(
    fc.asyncProperty(
      patchType,
      fc.oneof(
        { weight: 4, arbitrary: leaseLike },
        { weight: 1, arbitrary: json },
        { weight: 2, arbitrary: fc.array(operation, { maxLength: 3 }) },
      ),
      async (type, patch) => {
        await gone(context)
        await isSane(context, 'POST', leasesPath(), { metadata: { name: 'a' }, spec: held })
        const query = type.includes('apply') ? '?fieldManager=me&force=true' : ''
        count(codes, (await isSane(context, 'PATCH', `${leasesPath()}/a${query}`, JSON.stringify(patch), type)).code)
        await allCanBeReadBack(context)
      },
    ),
    { numRuns },
  )
  // Else it would show nothing.
  t.true((codes.get(200) ?? 0) + (codes.get(201) ?? 0) > numRuns / 10, [...codes].join('; '))
})

test.serial('bytes that are no object get a sane answer, whatever they are called', async t => {
  const types = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'text/plain', 'x']
  const magic = fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.concat([Buffer.from('k8s\0'), bytes]))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map(Buffer.from),
    magic,
    fc.string().map(text => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.constantFrom(...types),
      fc.constantFrom('POST', 'DELETE'),
      async (body, type, method) => {
        await isSane(t.context, method, method === 'POST' ? leasesPath() : `${leasesPath()}/none`, body, type)
      },
    ),
    { numRuns: numRuns * 2 },
  )
  t.pass()
})

test.serial('whatever the query says, a list is answered or refused', async t => {
  const parameter = fc.constantFrom(
    ...['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'resourceVersionMatch', 'pretty'],
  )
  const value = fc.oneof(
    word,
    fc.constantFrom('a=b', 'a in (b,c)', '!a', 'metadata.name=a', '5', 'Exact', 'NotOlderThan'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(parameter, value), { maxLength: 3 }), async parameters => {
      const answer = await t.context.call('GET', `${leasesPath()}?${new URLSearchParams(parameters)}`)
      // A version of the future is told to come later.
      if (answer.code >= 400 && answer.body?.kind !== 'Status') throw new Error(answer.text)
      if (answer.code >= 500 && answer.code !== 504) throw new Error(answer.text)
    }),
    { numRuns: numRuns * 2 },
  )
  t.pass()
})
