import { inspect } from 'node:util'
import { Registry } from 'prom-client'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { startHttpFace } from '../../services/coordinator/http.js'
import { kubernetesRoutes } from '../../services/coordinator/kubernetes/routes.js'
import { defaultLimits } from '../../services/coordinator/lease/validation.js'
import { OpenWatches } from '../../services/coordinator/reads/open-watches.js'
import { startCoordinator, type TestCoordinator } from './coordinator.js'

/** An answer of the Kubernetes face. */
export interface KubernetesResponse {
  readonly code: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  // A test looks at what it knows is there.
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly body: any
}

export interface CallOptions {
  readonly body?: unknown
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A coordinator in this process with its Kubernetes face on a port of the system's choosing. */
export interface KubernetesFixture {
  readonly coordinator: TestCoordinator
  /** HOST:PORT of HTTP. */
  readonly address: string
  /** One request; a body that is no text or bytes is sent as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<KubernetesResponse>
  stop(): Promise<void>
}

export const leasesPath = (namespace = 'default'): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`

export async function startKubernetes(): Promise<KubernetesFixture> {
  const coordinator = await startCoordinator()
  const failures: object[] = []
  const openWatches = new OpenWatches()
  const http = await startHttpFace({
    listen: '127.0.0.1:0',
    registry: new Registry(),
    whyNotReady: () => undefined,
    routes: app =>
      kubernetesRoutes(app, {
        coordinator: coordinator.coordinator,
        clock: systemClock,
        random: systemRandom,
        limits: defaultLimits,
        openWatches,
        log: { error: fields => failures.push(fields) },
      }),
  })
  return {
    coordinator,
    address: http.address,
    async stop() {
      openWatches.endAll()
      await http.stop()
      await coordinator.stop()
      if (failures.length > 0)
        throw new Error(`unexpected errors: ${JSON.stringify(failures.map(failure => inspect(failure)))}`)
    },
    async call(method, path, { body, type, headers = {} } = {}) {
      const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
      const response = await fetch(`http://${http.address}${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': type ?? 'application/json' }), ...headers },
        ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      let json: unknown
      try {
        json = JSON.parse(text)
      } catch {
        json = undefined
      }
      return { code: response.status, headers: response.headers, text, body: json }
    },
  }
}
