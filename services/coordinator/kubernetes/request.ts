/** A request as the handlers of the Kubernetes face get it, whatever carries it. */
export interface KubernetesRequest {
  /** Of the path; '' for all. */
  readonly namespace: string
  /** Of the path; '' for a collection. */
  readonly name: string
  readonly query: URLSearchParams
  /** The headers Accept, Content-Type and If-None-Match. */
  readonly accept: string | undefined
  readonly contentType: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly userAgent: string
  /** Absent: none was sent. */
  readonly body: Buffer | undefined
}
