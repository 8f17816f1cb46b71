import test from 'ava'
import { collectionRules, identityRules } from '../../services/coordinator/collection-rules.js'

const faultOf = (value: unknown): string | undefined => collectionRules.safeParse(value).error?.issues[0]?.message

test('a rule has a namespace, a label selector and a time, each of which may be left out', t => {
  const rules = collectionRules.parse([
    { namespace: 'kube-system', labelSelector: 'app in (a,b)', expiredFor: '1h30m' },
    { labelSelector: 'app=x' },
    { namespace: 'ci', expiredFor: 0 },
  ])
  t.deepEqual(
    rules.map(({ namespace, expiredForMs }) => [namespace, expiredForMs]),
    [
      ['kube-system', 5_400_000],
      ['', 0],
      ['ci', 0],
    ],
  )
  t.true(rules[0]?.matches({ app: 'b' }))
  t.false(rules[0]?.matches({ app: 'c' }))
  t.true(rules[2]?.matches(undefined))
})

test('a text is read as YAML, so that flags and environment variables have rules too', t => {
  t.deepEqual(collectionRules.parse('[]'), [])
  t.is(collectionRules.parse('- namespace: ci\n  expiredFor: 1h')[0]?.expiredForMs, 3_600_000)
})

test('the rules of a coordinator that is told none collect identity leases of both styles, and nothing else', t => {
  const rules = collectionRules.parse(identityRules)
  t.deepEqual(
    rules.map(({ namespace, expiredForMs }) => [namespace, expiredForMs]),
    [
      ['kube-system', 0],
      ['kube-system', 0],
    ],
  )
  const isCollected = (labels: Record<string, string>) => rules.some(({ matches }) => matches(labels))
  t.true(isCollected({ 'k8s.io/component': 'kube-apiserver' }))
  t.true(isCollected({ 'apiserver.kubernetes.io/identity': 'kube-apiserver' }))
  t.false(isCollected({ 'k8s.io/component': 'kube-scheduler' }))
  t.false(isCollected({}))
})

test('a rule that would collect every lease is refused', t => {
  for (const rule of [
    {},
    { namespace: '' },
    { labelSelector: '' },
    { labelSelector: '!x' },
    { labelSelector: 'x!=y' },
  ]) {
    t.regex(
      faultOf([rule]) ?? '',
      /^\[0\] would collect every lease: name a namespace, or labels/,
      JSON.stringify(rule),
    )
  }
  t.is(faultOf([{ labelSelector: 'x!=y,x' }]), undefined)
})

for (const [value, fault] of [
  ['nonsense', /must be a list of rules, as in/],
  ['[', /is no YAML/],
  [{ namespace: 'a' }, /must be a list of rules/],
  [undefined, /must be a list of rules/],
  [['a'], /^\[0\]: /],
  [[{ namespace: 'a' }, { namespase: 'a' }], /^\[1\]: .*namespase/],
  [[{ namespace: 5 }], /^\[0\]\.namespace: /],
  [[{ namespace: 'A' }], /^\[0\]\.namespace: Invalid value: "A"/],
  [[{ labelSelector: 'a in b' }], /^\[0\]\.labelSelector: unable to parse requirement/],
  [[{ namespace: 'a', expiredFor: 'soon' }], /^\[0\]\.expiredFor: /],
] as const) {
  test(`${JSON.stringify(value)} is refused with what is wrong and where`, t => {
    t.regex(faultOf(value) ?? '', fault)
  })
}
