import { KubeConfig } from '@kubernetes/client-node'

/** How Kubernetes' JavaScript client finds a coordinator. */
export function kubeConfig(httpAddress: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'coordinator', server: `http://${httpAddress}`, skipTLSVerify: true },
    { name: 'nobody' },
  )
  return config
}
