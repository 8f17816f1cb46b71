/** So few lost nodes are no disruption, however small the fleet: one dead node of one is told. */
const fewNodes = 2

/**
 * Whether so many nodes are lost at once that it is rather the network, the coordinator or the monitor's own sight that
 * fails: more than two, and at least this share of all.
 *
 * @see Kubernetes node lifecycle controller, --unhealthy-zone-threshold
 */
export const isDisruption = (lost: number, nodes: number, percent: number): boolean =>
  lost > fewNodes && lost * 100 >= percent * nodes
