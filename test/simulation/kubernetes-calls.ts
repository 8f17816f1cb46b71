/**
 * What a Kubernetes client asks of a coordinator, as calls on the simulated network: it reads a lease, and writes it whole.
 * They run on the coordinator what its Kubernetes face runs; their bytes are JSON.
 */
import type { Coordinator } from '../../services/coordinator/coordinator.js'
import type { WriteCommand, WrittenLease } from '../../services/coordinator/lease/commands.js'
import type { LeaseImage } from '../../services/coordinator/lease/lease.js'
import { writtenLease } from '../../services/coordinator/lease/written.js'
import { namespace } from './actors/actor.js'

/** To GET, to POST, and to PUT a lease. */
export const kubernetesMethods = ['KubernetesGet', 'KubernetesCreate', 'KubernetesWrite'] as const
export type KubernetesMethod = (typeof kubernetesMethods)[number]

export const isKubernetesMethod = (method: string): method is KubernetesMethod =>
  kubernetesMethods.some(known => known === method)

export interface KubernetesRequest {
  readonly name: string
  /** For a write; what is absent is absent afterwards. */
  readonly lease?: WrittenLease
  readonly resourceVersion?: string
}

export interface KubernetesAnswer {
  readonly lease: Pick<LeaseImage, 'fencingToken' | 'state' | 'revision'> & { readonly metadata: { name: string } }
  readonly written: WrittenLease
  readonly resourceVersion: string
  /** Whether what was written moves the deadline of a lease that is held: another holder, duration or time. */
  readonly renews: boolean
}

/** Decides a call in its turn, and answers it when that is durable. */
export async function kubernetesCall(
  coordinator: Coordinator,
  method: KubernetesMethod,
  { name, lease = {}, resourceVersion }: KubernetesRequest,
): Promise<KubernetesAnswer> {
  const command: WriteCommand = {
    namespace,
    name,
    lease,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  let before: LeaseImage | undefined
  const image = await coordinator.execute(method === 'KubernetesGet' ? 'read' : 'write', (leases, time) => {
    if (method === 'KubernetesCreate') return leases.createWritten(command, time)
    before = leases.get(command)
    return method === 'KubernetesGet' ? before : leases.write(command, time)
  })
  const { fencingToken, state, revision, leaseDurationMs } = image
  // Kubernetes clients see whole seconds.
  const shown = leaseDurationMs === undefined ? {} : { leaseDurationMs: Math.ceil(leaseDurationMs / 1e3) * 1e3 }
  return {
    lease: { fencingToken, state, revision, metadata: { name } },
    written: { ...writtenLease(image), ...shown },
    resourceVersion: String(revision),
    renews: (['holderIdentity', 'leaseDurationMs', 'renewTime'] as const).some(
      field => image[field] !== before?.[field],
    ),
  }
}

const toJson = (value: object): Buffer => Buffer.from(JSON.stringify(value))
const fromJson = (bytes: Buffer): object => JSON.parse(bytes.toString())

/** How such calls look as bytes. */
export const kubernetesCodec = {
  requestSerialize: toJson,
  requestDeserialize: fromJson,
  responseSerialize: toJson,
  responseDeserialize: fromJson,
} as const
