// What importers get that ask for the package as a browser's or an edge runtime's: the reason, in the place of a bundler's complaint about `node:net`.

const absent = refuse();

function refuse(): never {
  throw new Error(
    'ts-mesh opens sockets of Node, and was imported for a runtime without them ("browser", "workerd" or "edge-light": a browser, Cloudflare Workers, ' +
      'an edge function, or a bundler or test environment set up for one). Import it only from code that runs on Node, and tell whoever resolves it so: ' +
      "Next.js `export const runtime = 'nodejs'`, webpack `target: 'node'`, Vite's `ssr` build, esbuild `--platform=node`, Jest `testEnvironment: 'node'`. " +
      'Types may be imported anywhere (`import type`). More: docs/runtimes.md of the package.',
  );
}

// Every name that an entry has: a bundler that misses one would tell of that instead.
export {
  absent as CircuitBreaker, absent as FLAG, absent as FailedAnswerError, absent as FaultInjector, absent as FilterChains, absent as Gateway,
  absent as Host, absent as HostSet, absent as InjectMesh, absent as ListenerTable, absent as LocalListener, absent as MESH, absent as MemoryService,
  absent as Mesh, absent as MeshClient, absent as MeshError, absent as MeshHealthIndicator, absent as MeshModule, absent as Mirror,
  absent as OutlierDetector, absent as PreviousPriorities, absent as ResourceSet, absent as RetryPolicy, absent as Route, absent as RouteCoverage,
  absent as RouteTable, absent as ServiceClient, absent as SubsetResolver, absent as TestMesh, absent as TimeoutPolicy, absent as VirtualClock,
  absent as VirtualHost, absent as WeightedClusters, absent as assertCalled, absent as assertCovered, absent as assertRoute, absent as assertSplit,
  absent as clientToken, absent as compileSnapshot, absent as configureMesh, absent as createAgents, absent as createBalancer,
  absent as createGateway, absent as createLocalListener, absent as createMesh, absent as createTestMesh, absent as currentInbound,
  absent as formatCallRecord, absent as formatCoverage, absent as formatFlags, absent as formatIssue, absent as formatOrigin,
  absent as inboundContextOf, absent as isMeshError, absent as meshContext, absent as meshFetch, absent as meshInfo, absent as meshMatchers,
  absent as readResources, absent as resourceJsonSchema, absent as seededRandom, absent as sequence, absent as shadowAuthority, absent as simulate,
  absent as withBreaker, absent as withInbound,
};
