/** Objects, and what Kubernetes' own serializer makes of them (k8s.io/apimachinery 0.33), as hex digits. */
export const fixtures: readonly { readonly object: Readonly<Record<string, unknown>>; readonly hex: string }[] = [
  {
    object: { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: {}, spec: {} },
    hex: '6b3873000a1f0a16636f6f7264696e6174696f6e2e6b38732e696f2f763112054c6561736512140a100a0012001a0022002a0032003800420012001a002200',
  },
  {
    object: {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: 'u-1',
        resourceVersion: '12',
        generation: 3,
        creationTimestamp: '2026-01-01T00:00:00Z',
        deletionTimestamp: '2026-01-01T00:00:05Z',
        deletionGracePeriodSeconds: 0,
        labels: { b: '1', a: '' },
        annotations: { x: 'ü' },
        ownerReferences: [
          { kind: 'Node', name: 'n', uid: 'u', apiVersion: 'v1', controller: true, blockOwnerDeletion: false },
        ],
        finalizers: ['a/b', 'c'],
        managedFields: [
          {
            manager: 'm',
            operation: 'Update',
            apiVersion: 'coordination.k8s.io/v1',
            time: '2026-01-01T00:00:00Z',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:holderIdentity': {} } },
          },
        ],
      },
      spec: {
        holderIdentity: '',
        leaseDurationSeconds: 15,
        acquireTime: '0001-01-01T00:00:02.000000Z',
        renewTime: '2026-01-01T00:00:00.123456Z',
        leaseTransitions: 0,
        strategy: 'OldestEmulationVersion',
        preferredHolder: 'p',
      },
    },
    hex: '6b3873000a1f0a16636f6f7264696e6174696f6e2e6b38732e696f2f763112054c65617365128b020ac9010a016112001a0764656661756c7422002a03752d3132023132380342080880f2d6ca0610004a080885f2d6ca06100050005a050a016112005a060a016212013162070a01781202c3bc6a140a044e6f64651a016e2201752a027631300138007203612f627201638a015f0a016d12065570646174651a16636f6f7264696e6174696f6e2e6b38732e696f2f763122080880f2d6ca06100032084669656c647356313a240a227b22663a73706563223a7b22663a686f6c6465724964656e74697479223a7b7d7d7d4200123d0a00100f1a0d088292b8c398feffffff011000220b0880f2d6ca06108094ef3a280032164f6c64657374456d756c6174696f6e56657273696f6e3a01701a002200',
  },
  {
    object: {
      kind: 'LeaseList',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: { resourceVersion: '9', continue: 'x', remainingItemCount: 3 },
      items: [
        { metadata: { name: 'a' }, spec: { holderIdentity: 'h' } },
        { metadata: {}, spec: {} },
      ],
    },
    hex: '6b3873000a230a16636f6f7264696e6174696f6e2e6b38732e696f2f763112094c656173654c697374123c0a0a0a001201391a0178200312180a110a016112001a0022002a0032003800420012030a016812140a100a0012001a0022002a0032003800420012001a002200',
  },
  {
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'm',
      reason: 'Invalid',
      code: 422,
      details: {
        name: 'n',
        group: 'g',
        kind: 'k',
        uid: 'u',
        retryAfterSeconds: 1,
        causes: [{ reason: 'r', message: 'm', field: 'f' }],
      },
    },
    hex: '6b3873000a0c0a0276311206537461747573123b0a060a0012001a0012074661696c7572651a016d2207496e76616c69642a190a016e1201671a016b22090a017212016d1a0166280132017530a6031a002200',
  },
  {
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' },
    hex: '6b3873000a0c0a027631120653746174757312170a060a0012001a001207537563636573731a00220030001a002200',
  },
  {
    object: {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: 'x' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    },
    hex: '6b3873000a0f0a02763112094e616d657370616365122b0a110a017812001a0022002a00320038004200120c0a0a6b756265726e657465731a080a064163746976651a002200',
  },
  {
    object: {
      kind: 'DeleteOptions',
      apiVersion: 'coordination.k8s.io/v1',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u', resourceVersion: '1' },
      orphanDependents: false,
      propagationPolicy: 'Background',
      dryRun: ['All'],
    },
    hex: '6b3873000a270a16636f6f7264696e6174696f6e2e6b38732e696f2f7631120d44656c6574654f7074696f6e73121d080012060a01751201311800220a4261636b67726f756e642a03416c6c1a002200',
  },
  {
    object: {
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      status: { userInfo: { username: 'u', groups: ['g', 'h'] } },
    },
    hex: '6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a65637452657669657712210a100a0012001a0022002a00320038004200120d0a0b0a017512001a01671a01681a002200',
  },
  {
    object: {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: {
        resourceAttributes: {
          namespace: 'n',
          verb: 'get',
          group: 'g',
          version: 'v1',
          resource: 'leases',
          subresource: 's',
          name: 'x',
        },
      },
      status: { allowed: true, reason: 'r' },
    },
    hex: '6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a656374416363657373526576696577123e0a100a0012001a0022002a00320038004200121f0a1d0a016e12036765741a0167220276312a066c65617365733201733a01781a0908011201721a0020001a002200',
  },
  {
    object: {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: { nonResourceAttributes: { path: '/x', verb: 'get' } },
      status: { denied: true },
    },
    hex: '6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365737352657669657712290a100a0012001a0022002a00320038004200120b12090a022f7812036765741a08080012001a0020011a002200',
  },
  {
    object: {
      kind: 'SelfSubjectRulesReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: { namespace: 'x' },
      status: {
        resourceRules: [{ verbs: ['*'], apiGroups: ['g'], resources: ['leases'], resourceNames: ['a'] }],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
        incomplete: true,
        evaluationError: 'e',
      },
    },
    hex: '6b3873000a310a17617574686f72697a6174696f6e2e6b38732e696f2f7631121653656c665375626a65637452756c6573526576696577123c0a100a0012001a0022002a0032003800420012030a01781a230a110a012a1201671a066c656173657322016112090a0367657412022f7818012201651a002200',
  },
]
