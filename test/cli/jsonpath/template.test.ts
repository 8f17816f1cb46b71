import test from 'ava'
import { JsonPathError } from '../../../cli/jsonpath/path.js'
import { parsePath, parseTemplate } from '../../../cli/jsonpath/template.js'

const labels = (host: string) => ({ 'k8s.io/component': 'kube-apiserver', 'kubernetes.io/hostname': host })

const list = {
  apiVersion: 'v1',
  items: [
    {
      kind: 'Lease',
      metadata: { labels: labels('one'), name: 'a', uid: 'u1' },
      spec: { acquireTime: '2022-11-30T15:37:15.100000Z', leaseDurationSeconds: 3600, leaseTransitions: 0 },
    },
    {
      kind: 'Lease',
      metadata: { labels: labels('three'), name: 'b', uid: 'u2' },
      spec: { leaseDurationSeconds: 15, leaseTransitions: 10 },
    },
    {
      kind: 'Lease',
      metadata: { annotations: { 'a.b/c': 'x\ny', note: 'yes' }, labels: labels('two'), name: 'c', uid: 'u3' },
      spec: { leaseDurationSeconds: 3600, leaseTransitions: 2 },
    },
    { kind: 'Lease', metadata: { name: 'd', uid: 'u4' }, spec: { leaseDurationSeconds: 3600 } },
  ],
  kind: 'List',
  metadata: { resourceVersion: '' },
}

/** Each as kubectl 1.33 prints it for such leases. */
const templates: [template: string, printed: string][] = [
  ['{.items[*].metadata.name}', 'a b c d'],
  ['{range .items[*]}{.metadata.name}{"\\n"}{end}', 'a\nb\nc\nd\n'],
  ['{range .items[*]}{.metadata.uid}', 'u1u2u3u4'],
  ['{range .items[*]}[{.metadata.uid}, {.metadata.labels.none}] {end}', '[u1, ] [u2, ] [u3, ] [u4, ] '],
  [
    '{range .items[?(@.spec.leaseTransitions)]}{.metadata.uid}:{.spec.leaseTransitions}{"\\n"}{end}{.kind}',
    'u1:0\nu2:10\nu3:2\nList',
  ],
  ['{.items[?(@.spec.leaseDurationSeconds==15)].metadata.name}', 'b'],
  ['{.items[?(15==@.spec.leaseDurationSeconds)].metadata.name}', 'b'],
  ['{.items[?(@.spec.leaseDurationSeconds>=15)].metadata.name}', 'a b c d'],
  ['{.items[?(@.spec.leaseTransitions>2)].metadata.name}', 'b'],
  ['{.items[?(@.spec.leaseTransitions < 2)].metadata.name}', 'a'],
  ['{.items[?(@.spec.leaseTransitions!=2)].metadata.uid}', 'u1 u2'],
  ['{.items[?(@.spec.acquireTime > "2022")].metadata.uid}', 'u1'],
  ['{.items[?(@.spec.acquireTime)].metadata.uid}', 'u1'],
  [`{.items[?(@.metadata.uid=='u4')].metadata.name}`, 'd'],
  ['{.items[?(@.metadata.labels.kubernetes\\.io/hostname=="two")].metadata.name}', 'c'],
  ['{.items[2].metadata.labels.k8s\\.io/component}', 'kube-apiserver'],
  [`{.items[2].metadata.labels['k8s\\.io/component']}`, 'kube-apiserver'],
  [`{.items[2]['metadata']['name']}`, 'c'],
  [`{.items[2].metadata['name','uid']}`, 'c u3'],
  ['{.items[2].metadata.annotations}', '{"a.b/c":"x\\ny","note":"yes"}'],
  ['{.items[2].metadata.annotations.a\\.b/c}', 'x\ny'],
  ['{.items[2].metadata.annotations.*}', 'x\ny yes'],
  [`{.items[*]['metadata.name', 'kind']}`, 'a b c d Lease Lease Lease Lease'],
  [`{.items[:2].metadata['name','uid']}`, 'a b u1 u2'],
  [`{.items[0].metadata.labels['kubernetes\\.io/hostname','k8s\\.io/component']}`, 'one kube-apiserver'],
  ['{.items[0].metadata.name}', 'a'],
  ['{.items[-1].metadata.name}', 'd'],
  ['{.items[0:2].metadata.uid}', 'u1 u2'],
  ['{.items[0:4:2].metadata.uid}', 'u1 u3'],
  ['{.items[-2:].metadata.uid}', 'u3 u4'],
  ['{.items[0,2].metadata.uid}', 'u1 u3'],
  ['{..uid}', 'u1 u2 u3 u4'],
  ['{.items[*]..uid}', 'u1 u2 u3 u4'],
  ['{.items[*].spec.acquireTime}', '2022-11-30T15:37:15.100000Z'],
  ['{.items[0].spec.leaseTransitions}', '0'],
  ['{.none}', ''],
  ['{.none.more}', ''],
  ['{@.kind} {$.kind}', 'List List'],
  ['{.kind} {.metadata}', 'List {"resourceVersion":""}'],
  ['{.metadata.*}', ''],
  ['{}', JSON.stringify(list)],
  ['.kind', '.kind'],
  ['kind: {.kind}, {"{"}', 'kind: List, {'],
  ["{'q'}{1}{true}{-1.5}", 'q1true-1.5'],
  ['{ .kind }', 'List'],
]

for (const [template, printed] of templates) {
  test(`the template ${template} prints what kubectl prints`, t => {
    t.is(parseTemplate(template)(list), printed)
  })
}

const mistakes: [template: string, told: RegExp][] = [
  ['{.items[*]', /it needs "}" at the end/],
  ['{.items[}', /it needs a number, a quoted name, \* or \?\(\.\.\.\) before }/],
  ['{.items[0}', /it needs "]" before }/],
  ['{.items[0:4:0]}', /a step of 0/],
  ['{.items[1.5]}', /1\.5 is no whole number/],
  ['{.items[?(@.kind=="Lease" && @.a)]}', /it needs "\)" before &&/],
  ['{kind}', /it needs "}" before kind/],
  ['{end}', /\{end\} ends no range/],
  ['{"a}', /it needs a closing "/],
]

for (const [template, told] of mistakes) {
  test(`the template ${template} is refused, with where it breaks`, t => {
    const error = t.throws(() => parseTemplate(template), { instanceOf: JsonPathError })
    t.regex(error?.message ?? '', told)
    t.true(error?.message.includes(template))
  })
}

const failures: [template: string, told: RegExp][] = [
  ['{.items[9].metadata.uid}', /there is no \[9\] in a list of 4/],
  ['{.kind[0]}', /"List" is not a list/],
  ['{.items[?(@.spec.leaseTransitions=="2")].metadata.uid}', /0 and "2" cannot be compared/],
]

for (const [template, told] of failures) {
  test(`the template ${template} fails on values that do not fit`, t => {
    t.throws(() => parseTemplate(template)(list), { instanceOf: JsonPathError, message: told })
  })
}

test('a path alone is in braces or without, with its first dot or without', t => {
  for (const text of ['.metadata.name', 'metadata.name', '{.metadata.name}', '{metadata.name}']) {
    t.deepEqual(parsePath(text), [
      { type: 'field', name: 'metadata' },
      { type: 'field', name: 'name' },
    ])
  }
})

test('what is no path alone is refused', t => {
  for (const text of ['', '{}', '.a}', '.a .b']) {
    t.throws(() => parsePath(text), { instanceOf: JsonPathError, message: /is no path: write it as in/ })
  }
})
